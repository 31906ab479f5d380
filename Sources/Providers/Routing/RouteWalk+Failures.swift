// What a walk learns of failures, and what the caller hears of them.

import Identity

extension RouteWalk {
    /// Takes a failure to heart.
    ///
    /// - Throws: the failure when it leaves no room for others.
    @inline(never)  // What only failures need would lie in the frame of every call.
    func learn(_ error: ProviderFailure, _ target: RouteTarget, _ key: Int) throws(ProviderFailure) {
        // A timeout at the turn's own end says nothing about the target.
        let isOurs = Task.isCancelled || isPastDeadline
        // Nor does what never went to it: nobody was asked.
        state.learn(error, of: target.name, isOurs: isOurs || error.isUnsent)
        if error.isUnsent {
            failures.append(error)
            return
        }
        attempts += 1
        asked = target
        let isForbidden = error.kind == .unauthorized && !error.refusesKey
        // A second key that is refused shows that it was the request: it does not rest for that.
        if !isForbidden || forbidden[target.name] == nil {
            state.learn(error, ofKey: key, of: router.ring(of: target.provider), for: target)
        }
        if isForbidden, forbidden[target.name] == nil { forbidden[target.name] = key }
        if isOurs && Task.isCancelled { throw error }
        failures.append(error)
        answer = error
        switch error.kind {
        case .contextTooLong:
            tooSmall = max(tooSmall ?? 0, router.profile(of: target.name)?.contextTokens ?? facts.tokens ?? 0)
        case let kind where kind == .badRequest || kind == .cancelled: throw error
        default: break
        }
    }

    /// Whether another key may fare better. A 403 is as likely to be of the request: one other is asked, to find out.
    func isOfKey(_ failure: ProviderFailure, _ target: RouteTarget, _ key: Int) -> Bool {
        switch failure.kind {
        case .rateLimited, .quotaExceeded: true
        case .unauthorized: failure.refusesKey || forbidden[target.name] == key
        default: false
        }
    }

    /// A target has taken the call with this key: one that it had forbidden it is at fault.
    @inline(never)
    func learnWhoWasForbidden(_ target: RouteTarget, _ key: Int) {
        guard let other = forbidden[target.name], other != key else { return }
        state.forbid(key: other, of: router.ring(of: target.provider), for: target)
    }

    func note(
        _ kind: ProviderFailure.Kind,
        _ target: RouteTarget,
        _ message: String,
        until: ContinuousClock.Instant? = nil,
        code: String? = nil
    ) {
        failures.append(
            ProviderFailure(
                kind,
                message,
                provider: target.provider,
                retryAfter: until.map { max($0 - state.environment.now(), .milliseconds(1)) },
                code: code
            )
        )
    }

    /// What the caller hears when nobody took the call.
    var outcome: ProviderFailure {
        // That the request is too long is something its caller can mend, whatever kept the others from saying so. What can
        // never go to one target says less than why another, which might take it, did not.
        let tooLarge = failures.last { $0.kind == .contextTooLong || $0.kind == .requestTooLarge }
        guard var failure = tooLarge ?? answer ?? failures.last(where: { !$0.isUnsent }) ?? failures.last else {
            return ProviderFailure(
                .modelNotFound,
                "No target of the route \(route.name) exists.",
                provider: route.name
            )
        }
        // Whoever comes back first decides when it is worth coming back.
        if failure.kind == .rateLimited {
            failure.retryAfter = failures.filter { $0.kind == .rateLimited }.compactMap(\.retryAfter).min()
        }
        return failure
    }
}
