// Which limits hold for whom: files and stored limits, merged.

import Identity

/// The limits in force. A value: it is made anew when one of its sources changes.
///
/// Two sources that name the same subject both hold: the smaller of each number. What is said for every subject of a kind
/// (`*`) holds number by number where nothing is said of the subject itself.
package struct LimitBook: Sendable, Hashable {
    /// Stands for every subject of its kind that has no number of its own.
    package static let everyone = "*"

    private var own: [LimitScope: LimitSet] = [:]
    private var common: [LimitScope.Kind: LimitSet] = [:]

    package init() {}

    package var isEmpty: Bool { own.isEmpty && common.isEmpty }
    package var hasBudgets: Bool {
        own.values.contains(where: \.hasBudget) || common.values.contains(where: \.hasBudget)
    }
    /// Everything that was said, `*` among it, in the order of scopes.
    package var entries: [LimitedScope] {
        (own.map { LimitedScope($0, $1) } + common.map { LimitedScope(LimitScope($0, Self.everyone), $1) })
            .sorted { $0.scope < $1.scope }
    }

    package mutating func add(_ limits: LimitSet, to scope: LimitScope) {
        guard !limits.isEmpty else { return }
        if scope.subject == Self.everyone {
            common[scope.kind] = common[scope.kind]?.stricter(limits) ?? limits
        } else {
            own[scope] = own[scope]?.stricter(limits) ?? limits
        }
    }

    /// What holds for a subject; nil when nothing does.
    package func limits(of scope: LimitScope) -> LimitSet? {
        guard let common = common[scope.kind] else { return own[scope] }
        return own[scope]?.completed(by: common) ?? common
    }

    /// The subject under which a route is counted.
    ///
    /// - Parameter common: that of a route which nothing was said of by its name.
    func subject(ofRoute route: String, _ common: (String) -> String) -> String {
        own[LimitScope(.route, route)] != nil ? route : common(route)
    }

    /// The limited subjects among those that a request is of.
    func limited(_ request: AccountedRequest, _ common: (String) -> String) -> [LimitedScope] {
        // The usual case costs no more than this.
        guard !isEmpty else { return [] }
        return request.scopes(route: subject(ofRoute: request.route, common)).compactMap { scope in
            limits(of: scope).map { LimitedScope(scope, $0) }
        }
    }
}

extension AccountedRequest {
    /// Everything that limits of this request may be for. The program itself is nobody.
    ///
    /// - Parameter route: the subject of its route.
    func scopes(route: String) -> [LimitScope] {
        var scopes: [LimitScope] = []
        scopes.reserveCapacity(LimitScope.Kind.allCases.count)
        if caller.credential.kind == .apiSecret, let id = caller.credential.id {
            scopes.append(LimitScope(.secret, String(id)))
        }
        if !caller.isSystem { scopes.append(LimitScope(.user, String(caller.userID))) }
        if let botID { scopes.append(LimitScope(.bot, botID)) }
        if !route.isEmpty { scopes.append(LimitScope(.route, route)) }
        return scopes
    }
}
