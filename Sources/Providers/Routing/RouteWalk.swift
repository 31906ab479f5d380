// One call's way along a route: who is asked, who is passed over, who is asked again.

import Identity

/// Walks the targets of a route, order by order. In an order each target has its turn, by load and weight; then those
/// whose failure deserves it are asked again after a pause, as often as the route allows; then comes the next order.
final class RouteWalk {
    let router: ModelRouter
    let route: ModelRoute
    var facts: CallFacts
    private let standIn: Bool
    private let deadline: ContinuousClock.Instant?
    var state: RoutingState { router.state }

    /// Failed attempts, and why targets were passed over unasked, as they came.
    var failures: [ProviderFailure] = []
    /// How many times somebody was asked.
    var attempts = 0
    /// Who was asked last.
    var asked: RouteTarget?
    /// The last failure of somebody who was asked.
    var answer: ProviderFailure?
    /// Targets with an open breaker, and ones whose keys rest for a time that is our guess.
    private var left: (alone: [RouteTarget], resting: [RouteTarget]) = ([], [])
    /// A model with no more tokens than this is too small, as an upstream has said.
    var tooSmall: Int?
    /// Whether there is one target to be asked.
    private var isAlone = false
    /// The keys that targets were asked with.
    private var tried: [(target: RouteTarget, key: Int)] = []
    /// The key that each target has answered with 403 first, be it the key's fault or the request's.
    var forbidden: [String: Int] = [:]

    init(
        _ router: ModelRouter,
        _ route: ModelRoute,
        _ facts: CallFacts,
        standIn: Bool,
        deadline: ContinuousClock.Instant?
    ) {
        self.router = router
        self.route = route
        self.facts = facts
        self.standIn = standIn
        self.deadline = deadline
    }

    typealias Ask<Value> = (any ModelProvider, RouteTarget, Secret?) async throws(ProviderFailure) -> Value

    /// - Throws: the failure that the caller should hear of, with the number of attempts.
    func runCounted<Value>(
        _ ask: Ask<Value>
    ) async throws(ProviderFailure) -> (Value, RouteTarget, RoundTicket) {
        do {
            return try await run(ask)
        } catch {
            var failure = error
            failure.attempts = attempts
            failure.spentInputs = failures.reduce(0) { $0 + $1.spentInputs }
            failure.target = asked
            throw failure
        }
    }

    /// - Throws: the failure that the caller should hear of.
    func run<Value>(
        _ ask: Ask<Value>
    ) async throws(ProviderFailure) -> (Value, RouteTarget, RoundTicket) {
        var rest = try eligible()[...]
        isAlone = rest.dropFirst().allSatisfy(isStandIn)
        while let order = rest.first?.order {
            var fresh = Array(rest.prefix { $0.order == order })
            rest = rest.dropFirst(fresh.count)
            var again: [(target: RouteTarget, wait: Duration)] = []
            var retries = 0
            while !isOver {
                guard let target = next(&fresh) else {
                    guard retries < route.retries, let retry = retry(&again) else { break }
                    retries += 1
                    guard try await pause(retry.wait, retries) else { break }
                    fresh = [retry.target]
                    continue
                }
                guard let key = admit(target) else { continue }
                // A key that has had its turn does not lead to another: what two callers do at once cannot go round.
                let isFirst = !keys(triedFor: target).contains(key.id)
                tried.append((target, key.id))
                if let taken = try await attempt(target, key, ask) { return taken }
                guard let failure = failures.last, !failure.isUnsent else { continue }
                if key.key != nil, isOfKey(failure, target, key.id), isFirst, hasOtherKey(target) {
                    fresh = [target] + fresh
                } else if let wait = failure.pauseBeforeRetry {
                    again.append((target, wait))
                }
            }
        }
        if attempts == 0, let taken = try await lastResort(ask) { return taken }
        throw outcome
    }

    // MARK: Who

    /// The targets that can take the call, as far as known.
    ///
    /// - Throws: `badRequest` when what the call has is too much for every one.
    private func eligible() throws(ProviderFailure) -> [RouteTarget] {
        let there = route.targets.filter { router.providers[$0.provider] != nil }
        var able: [RouteTarget] = []
        var lacking: [(RouteTarget, RouteTarget.Obstacle)] = []
        for target in there {
            if let obstacle = target.obstacle(&facts, router.profile(of: target.name)) {
                lacking.append((target, obstacle))
            } else {
                able.append(target)
            }
        }
        guard able.allSatisfy(isStandIn), !lacking.isEmpty else { return able }
        // Tokens are an estimate: the largest model may decide for itself.
        let large = lacking.filter { $0.1 == .context }.max {
            (knownContext(of: $0.0) ?? 0) < (knownContext(of: $1.0) ?? 0)
        }
        if let large { return [large.0] + able }
        let what = lacking.contains { $0.1 == .images } ? "images" : lacking.contains { $0.1 == .tools } ? "tools" : nil
        throw ProviderFailure(
            .badRequest,
            "No model of the route \(route.name) takes "
                + (what.map { "\($0)." } ?? "such a request: its conditions leave nobody."),
            provider: route.name,
            status: 400,
            parameter: what == "tools" ? "tools" : "messages"
        )
    }

    private func knownContext(of target: RouteTarget) -> Int? { router.profile(of: target.name)?.contextTokens }

    /// Whether a target is the offline model behind others.
    private func isStandIn(_ target: RouteTarget) -> Bool {
        target.provider == ModelRouter.offlineProvider
            && route.targets.first { router.providers[$0.provider] != nil }?.provider != target.provider
    }

    /// Takes the next target to ask out of `fresh`, and those that must not be asked any more.
    private func next(_ fresh: inout [RouteTarget]) -> RouteTarget? {
        fresh.removeAll { target in
            // The stand-in is for upstreams that are down. A limit or a wrong key must be seen and mended.
            if isStandIn(target), !(standIn && failures.last { !$0.isUnsent }?.isOutage == true) { return true }
            guard let tooSmall, let context = knownContext(of: target) else { return false }
            return context <= tooSmall
        }
        // Where a conversation was too long for somebody, those of whom nothing is known come last.
        let unknown = tooSmall == nil ? [] : fresh.filter { knownContext(of: $0) == nil }
        if !unknown.isEmpty, unknown.count < fresh.count {
            fresh.removeAll { knownContext(of: $0) == nil }
            defer { fresh += unknown }
            return Self.pick(&fresh, state, \.self)
        }
        return Self.pick(&fresh, state, \.self)
    }

    private func retry(
        _ again: inout [(target: RouteTarget, wait: Duration)]
    ) -> (target: RouteTarget, wait: Duration)? {
        Self.pick(&again, state, \.target)
    }

    private static func pick<Element>(
        _ list: inout [Element],
        _ state: RoutingState,
        _ target: (Element) -> RouteTarget
    ) -> Element? {
        if list.count < 2 { return list.popLast() }
        let candidates = list.map {
            TargetPicker.Candidate(weight: target($0).weight, inFlight: state.inFlight(target($0).name))
        }
        var generator = state.generator
        return TargetPicker.pick(candidates, using: &generator).map { list.remove(at: $0) }
    }

    /// A key for a target whose breaker lets the call through; nil, with a note, when it must be passed over.
    private func admit(_ target: RouteTarget) -> (id: Int, key: Secret?)? {
        guard let key = key(for: target) else { return nil }
        guard case .no(let until) = state.admit(target.name, isAlone: isAlone) else { return key }
        left.alone.append(target)
        note(.overloaded, target, "\(target.name) is left alone after failures.", until: until)
        return nil
    }

    private func key(for target: RouteTarget, trustsGuesses: Bool = true) -> (id: Int, key: Secret?)? {
        switch state.pickKey(
            of: router.ring(of: target.provider),
            for: target,
            trustsGuesses: trustsGuesses,
            after: keys(triedFor: target)
        ) {
        case .key(let id, let key): return (id, key)
        case .resting(let until, let isGuess):
            if isGuess { left.resting.append(target) }
            note(.rateLimited, target, "The provider \(target.provider) has limited all keys.", until: until)
        case .exhausted:
            note(
                .unauthorized,
                target,
                "The provider \(target.provider) has refused all of the gateway's credentials for \(target.model).",
                code: "credentials_exhausted"
            )
        }
        return nil
    }

    private func hasOtherKey(_ target: RouteTarget) -> Bool {
        state.hasKey(of: router.ring(of: target.provider), for: target, besides: keys(triedFor: target))
    }

    private func keys(triedFor target: RouteTarget) -> Set<Int> {
        tried.isEmpty ? [] : Set(tried.filter { $0.target.name == target.name }.map(\.key))
    }

    // MARK: How

    /// Asks a target; nil after a failure that leaves room for others.
    private func attempt<Value>(
        _ target: RouteTarget,
        _ key: (id: Int, key: Secret?),
        _ ask: Ask<Value>
    ) async throws(ProviderFailure) -> (Value, RouteTarget, RoundTicket)? {
        guard let provider = router.providers[target.provider] else { return nil }
        let ticket = state.enter(target.name)
        do {
            let value = try await ask(provider, target, key.key)
            state.learn(nil, of: target.name)
            attempts += 1
            if !forbidden.isEmpty { learnWhoWasForbidden(target, key.id) }
            return (value, target, ticket)
        } catch {
            try learn(error, target, key.id)
            return nil
        }
    }

    /// Everybody was passed over unasked. Rather than refuse, one is asked in spite of our guesses.
    private func lastResort<Value>(
        _ ask: Ask<Value>
    ) async throws(ProviderFailure) -> (Value, RouteTarget, RoundTicket)? {
        if let target = left.resting.first, let key = key(for: target, trustsGuesses: false) {
            return try await attempt(target, key, ask)
        }
        guard let target = state.admitEarly(left.alone) else { return nil }
        guard let key = key(for: target) else {
            state.learn(ProviderFailure(.cancelled, "", provider: target.provider), of: target.name)
            return nil
        }
        return try await attempt(target, key, ask)
    }

    /// Waits before a retry. False when the deadline leaves no room for it.
    private func pause(_ wait: Duration, _ retry: Int) async throws(ProviderFailure) -> Bool {
        var generator = state.generator
        let pause = max(wait, BackOff.pause(before: retry, using: &generator))
        if let deadline, state.environment.now() + pause >= deadline { return false }
        do {
            try await state.environment.pause(pause)
        } catch {
            throw .givenUp(route.name)
        }
        return true
    }

    var isPastDeadline: Bool { deadline.map { state.environment.now() >= $0 } ?? false }

    private var isOver: Bool { !failures.isEmpty && isPastDeadline }
}
