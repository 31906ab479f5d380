// Whom or what limits hold for.

/// One subject of limits.
package struct LimitScope: Sendable, Hashable {
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        case secret
        case user
        case bot
        case route
    }

    package var kind: Kind
    /// The number of a secret or user; the id of a bot, the name of a route.
    package var subject: String

    package init(_ kind: Kind, _ subject: String) {
        self.kind = kind
        self.subject = subject
    }

    /// Of one name there are four at the most.
    package func hash(into hasher: inout Hasher) {
        hasher.combine(subject)
    }
}

extension LimitScope: Comparable {
    /// Any order, the same everywhere.
    package static func < (left: LimitScope, right: LimitScope) -> Bool {
        (left.kind.rawValue, left.subject) < (right.kind.rawValue, right.subject)
    }
}

/// A subject with the numbers in force for it.
package struct LimitedScope: Sendable, Hashable {
    package var scope: LimitScope
    package var limits: LimitSet

    package init(_ scope: LimitScope, _ limits: LimitSet) {
        self.scope = scope
        self.limits = limits
    }
}
