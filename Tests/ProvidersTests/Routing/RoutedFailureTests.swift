// What a router does with each way of failing: who is asked again, who is next, what the caller hears.

import Identity
import Providers
import Testing

@Suite struct RoutedFailureTests {
    private let call = ModelCall(model: "", messages: [], stream: false, requestID: "r")
    private let clock = HandClock()

    private func route(_ names: [String], retries: Int = 1, sameOrder: Bool = false) -> ModelRoute {
        ModelRoute(
            name: "r",
            targets: names.enumerated().map {
                RouteTarget(provider: $1, model: "m", order: sameOrder ? 0 : $0)
            },
            retries: retries
        )
    }

    private func router(
        _ providers: [ScriptedProvider],
        keys: [String: [String]] = [:],
        profiles: [ModelProfile] = [],
        state: RoutingState? = nil
    ) -> ModelRouter {
        let state = state ?? RoutingState(environment: clock.environment())
        state.adopt(
            keys: Dictionary(uniqueKeysWithValues: keys.map { (KeyRingID($0.key), $0.value.map { Secret($0) }) })
        )
        return ModelRouter(
            providers: providers,
            routes: [],
            profiles: Dictionary(uniqueKeysWithValues: profiles.map { ($0.name, $0) }),
            state: state
        )
    }

    // MARK: Retries

    @Test(arguments: [
        ProviderFailure.Kind.timeout, .connectionFailed, .connectionLost, .serverError, .overloaded,
    ]) func outagesAreTriedAgainAfterAPause(_ kind: ProviderFailure.Kind) async throws {
        let provider = ScriptedProvider("a", [failed(kind)])
        let routed = try await router([provider]).start(call, on: route(["a"]), standIn: false)
        #expect(routed.attempts == 2)
        #expect(routed.passedOver.map(\.kind) == [kind])
        #expect(
            clock.pauses.count == 1 && clock.pauses[0] >= .milliseconds(125) && clock.pauses[0] <= .milliseconds(250)
        )
    }

    @Test(arguments: [
        ProviderFailure.Kind.malformed, .modelNotFound, .misconfigured, .badRequest, .quotaExceeded, .cancelled,
    ]) func othersAreNot(_ kind: ProviderFailure.Kind) async {
        let provider = ScriptedProvider("a", always: failed(kind))
        let failure = await #expect(throws: ProviderFailure.self) {
            try await router([provider]).start(call, on: route(["a"], retries: 5), standIn: false)
        }
        #expect(failure?.kind == kind)
        #expect(provider.asks.count == 1)
        #expect(clock.pauses.isEmpty)
    }

    @Test func retriesEndAndGrow() async {
        let provider = ScriptedProvider("a", always: failed(.serverError))
        _ = try? await router([provider]).start(call, on: route(["a"], retries: 3), standIn: false)
        #expect(provider.asks.count == 4)
        #expect(clock.pauses.count == 3 && clock.pauses[2] >= .milliseconds(500))
    }

    @Test func equalsComeBeforeRetries() async throws {
        let (a, b) = (
            ScriptedProvider("a", always: failed(.serverError)), ScriptedProvider("b", always: failed(.timeout))
        )
        let c = ScriptedProvider("c")
        let route = ModelRoute(
            name: "r",
            targets: [
                RouteTarget(provider: "a", model: "m"), RouteTarget(provider: "b", model: "m"),
                RouteTarget(provider: "c", model: "m", order: 1),
            ],
            retries: 1
        )
        let routed = try await router([a, b, c]).start(call, on: route, standIn: false)
        #expect(routed.target.provider == "c")
        #expect(routed.attempts == 4)
        #expect(a.asks.count + b.asks.count == 3)
        #expect(clock.pauses.count == 1)
    }

    @Test func neverBeyondTheDeadline() async {
        let provider = ScriptedProvider("a", always: failed(.serverError, retryAfter: .seconds(4)))
        var call = call
        call.deadline = clock.now + .seconds(3)
        let failure = await #expect(throws: ProviderFailure.self) {
            try await router([provider]).start(call, on: route(["a"], retries: 9), standIn: false)
        }
        #expect(failure?.kind == .serverError)
        #expect(provider.asks.count == 1 && clock.pauses.isEmpty)
    }

    @Test func neverAfterACancellation() async {
        let provider = ScriptedProvider("a", always: failed(.serverError))
        let router = router([provider])
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await router.start(call, on: route(["a", "a"], retries: 5), standIn: false)
        }
        _ = await task.result
        #expect(provider.asks.count == 1)
    }

    // MARK: Retry-After (failure mode 29)

    @Test func aShortRetryAfterIsWaitedFor() async throws {
        let provider = ScriptedProvider("a", [failed(.rateLimited, status: 429, retryAfter: .seconds(3))])
        let next = ScriptedProvider("b")
        let routed = try await router([provider, next]).start(call, on: route(["a", "b"]), standIn: false)
        #expect(routed.target.provider == "a")
        #expect(clock.pauses == [.seconds(3)])
    }

    @Test func aLongRetryAfterSendsToTheNextTarget() async throws {
        let provider = ScriptedProvider("a", [failed(.rateLimited, status: 429, retryAfter: .seconds(30))])
        let routed = try await router([provider, ScriptedProvider("b")])
            .start(call, on: route(["a", "b"]), standIn: false)
        #expect(routed.target.provider == "b")
        #expect(clock.pauses.isEmpty)
    }

    /// An outage with `Retry-After` is remembered: others do not ask before, but where nobody else is left.
    @Test func anOutagesRetryAfterHoldsForTheNextCalls() async throws {
        let down = failed(.overloaded, status: 503, retryAfter: .seconds(30))
        let (a, b) = (ScriptedProvider("a", [down]), ScriptedProvider("b"))
        let router = router([a, b])
        let both = route(["a", "b"], retries: 0)
        for seconds in [0, 0, 29] {
            clock.advance(.seconds(seconds))
            #expect(try await router.start(call, on: both, standIn: false).target.provider == "b")
        }
        #expect(a.asks.count == 1)
        // Each of several, not one as a probe: nothing says that the target is down.
        for _ in 0..<2 {
            #expect(try await router.start(call, on: route(["a"], retries: 0), standIn: false).attempts == 1)
        }
        clock.advance(.seconds(1))
        #expect(try await router.start(call, on: both, standIn: false).target.provider == "a")
    }

    @Test func nobodyLeftTellsTheShortestRetryAfter() async {
        let limited = [30, 12].map { failed(.rateLimited, status: 429, retryAfter: .seconds($0)) }
        let (a, b) = (ScriptedProvider("a", always: limited[0]), ScriptedProvider("b", always: limited[1]))
        let router = router([a, b])
        for expected in [12, 10] {
            let failure = await #expect(throws: ProviderFailure.self) {
                try await router.start(call, on: route(["a", "b"]), standIn: true)
            }
            #expect(failure?.kind == .rateLimited)
            #expect(failure?.retryAfter == .seconds(expected))
            clock.advance(.seconds(2))
        }
        // As long as they rest nobody is asked.
        #expect(a.asks.count == 1 && b.asks.count == 1)
    }

    @Test func aLimitWithoutATimeIsNotHeldAgainstTheOnlyTarget() async throws {
        let provider = ScriptedProvider("a", [failed(.rateLimited, status: 429)])
        let router = router([provider])
        await #expect(throws: ProviderFailure.self) {
            try await router.start(call, on: route(["a"]), standIn: false)
        }
        #expect(try await router.start(call, on: route(["a"]), standIn: false).attempts == 1)
    }

    // MARK: Keys

    @Test func keysRotateOn429() async throws {
        let limited = failed(.rateLimited, status: 429, retryAfter: .seconds(60))
        let provider = ScriptedProvider("a", badKeys: ["one": limited])
        let router = router([provider], keys: ["a": ["one", "two"]])
        let routed = try await router.start(call, on: route(["a"], retries: 0), standIn: false)
        #expect(routed.attempts == 2)
        _ = try await router.start(call, on: route(["a"], retries: 0), standIn: false)
        #expect(provider.asks.map(\.key) == ["one", "two", "two"])
        #expect(clock.pauses.isEmpty)
    }

    /// A 403 may be of the request (moderation, a firewall): where another key is refused, too, it costs one key of one
    /// model a short rest, and nobody else their answer.
    @Test(arguments: [403, nil]) func aForbiddenRequestIsOneCallersOnly(_ status: Int?) async throws {
        let forbidden = failed(.unauthorized, status: status)
        let provider = ScriptedProvider("a", [forbidden, forbidden, forbidden])
        let state = RoutingState(environment: clock.environment())
        let router = router([provider], keys: ["a": ["one", "two"]], state: state)
        for keys in [["one", "two"], ["one", "two", "two"]] {
            await #expect(throws: ProviderFailure.self) {
                try await router.start(call, on: route(["a"], retries: 3), standIn: true)
            }
            #expect(provider.asks.map(\.key) == keys)
        }
        #expect(state.usableKeys(of: KeyRingID("a")) == 2)
        _ = try await router.start(call, on: route(["a"]), standIn: true)
        clock.advance(.seconds(60))
        #expect(try await router.start(call, on: route(["a"]), standIn: true).passedOver.isEmpty)
    }

    /// A 403 of a key (revoked, or not for this model) is found out by the next one, and costs nobody an answer.
    @Test func aForbiddenKeyIsLeftOutForItsModel() async throws {
        let provider = ScriptedProvider("a", badKeys: ["one": failed(.unauthorized, status: 403)])
        let router = router([provider], keys: ["a": ["one", "two"]])
        let first = try await router.start(call, on: route(["a"], retries: 0), standIn: false)
        #expect(first.attempts == 2 && clock.pauses.isEmpty)
        clock.advance(.seconds(299))
        for _ in 0..<3 { _ = try await router.start(call, on: route(["a"], retries: 0), standIn: false) }
        #expect(provider.asks.map(\.key) == ["one", "two", "two", "two", "two"])
        // Another model may be its own, and so may this one after a while.
        let other = ModelRoute(name: "n", targets: [RouteTarget(provider: "a", model: "n")])
        _ = try await router.start(call, on: other, standIn: false)
        #expect(provider.asks.map(\.key).suffix(2) == ["one", "two"])
        clock.advance(.seconds(1))
        _ = try await router.start(call, on: route(["a"], retries: 0), standIn: false)
        #expect(provider.asks.map(\.key).suffix(2) == ["one", "two"])
    }

    /// What comes of the other key otherwise says nothing of the first.
    @Test func aForbiddenKeyRestsShortlyWhereNobodyKnowsWhy() async throws {
        let forbidden = failed(.unauthorized, status: 403)
        let provider = ScriptedProvider("a", [forbidden, failed(.serverError, status: 500)])
        let router = router([provider], keys: ["a": ["one", "two"]])
        _ = try? await router.start(call, on: route(["a"], retries: 0), standIn: false)
        clock.advance(.seconds(20))
        for _ in 0..<2 { _ = try await router.start(call, on: route(["a"], retries: 0), standIn: false) }
        #expect(provider.asks.map(\.key) == ["one", "two", "one", "two"])
    }

    @Test func aLimitOfNoTimeIsNoReasonToHurry() async {
        let limited = failed(.rateLimited, status: 429, retryAfter: .zero)
        let provider = ScriptedProvider("a", always: limited)
        let router = router([provider], keys: ["a": ["one", "two"]])
        _ = try? await router.start(call, on: route(["a"], retries: 1), standIn: false)
        // Each key once, and one retry after a pause.
        #expect(provider.asks.map(\.key).prefix(2) == ["one", "two"])
        #expect(provider.asks.count == 3 && clock.pauses.count == 1)
    }

    @Test func keysRetireAndCredentialsExhaust() async {
        let provider = ScriptedProvider("a", always: failed(.unauthorized, status: 401))
        let state = RoutingState(environment: clock.environment())
        let router = router([provider], keys: ["a": ["one", "two"]], state: state)
        for _ in 0..<2 {
            let failure = await #expect(throws: ProviderFailure.self) {
                try await router.start(call, on: route(["a"], retries: 3), standIn: true)
            }
            #expect(failure?.kind == .unauthorized)
            clock.advance(.seconds(200))
        }
        #expect(provider.asks.map(\.key) == ["one", "two"])
        // Other keys are another chance.
        state.adopt(keys: [KeyRingID("a"): [Secret("two"), Secret("three")]])
        _ = try? await router.start(call, on: route(["a"]), standIn: true)
        #expect(provider.asks.count == 4)
        // And so is time.
        clock.advance(.seconds(300))
        _ = try? await router.start(call, on: route(["a"]), standIn: true)
        #expect(provider.asks.count == 6)
    }

    // MARK: Breakers

    @Test func anOpenBreakerIsPassedOverAndProbed() async throws {
        let provider = ScriptedProvider("a", Array(repeating: failed(.serverError), count: 5))
        let next = ScriptedProvider("b")
        let router = router([provider, next])
        let route = route(["a", "b"], retries: 0)
        for _ in 0..<8 { #expect(try await router.start(call, on: route, standIn: false).target.provider == "b") }
        #expect(provider.asks.count == 5)
        #expect(router.route(named: "a/m") != nil)
        let passed = try await router.start(call, on: route, standIn: false)
        #expect(passed.attempts == 1)
        #expect(passed.passedOver.map(\.kind) == [.overloaded])
        clock.advance(.seconds(10))
        #expect(try await router.start(call, on: route, standIn: false).target.provider == "a")
        #expect(try await router.start(call, on: route, standIn: false).target.provider == "a")
    }

    @Test func badRequestsDoNotOpenABreaker() async {
        let provider = ScriptedProvider("a", always: failed(.badRequest, status: 400))
        let router = router([provider])
        for _ in 0..<20 { _ = try? await router.start(call, on: route(["a"]), standIn: false) }
        #expect(provider.asks.count == 20)
    }

    @Test func whatCallersProvokeFallsThroughButOpensNoBreaker() async throws {
        let provoked = failed(.malformed).sparingTarget
        let provider = ScriptedProvider("a", always: provoked)
        let state = RoutingState(environment: clock.environment())
        let router = router([provider, ScriptedProvider("b")], state: state)
        for _ in 0..<20 {
            let routed = try await router.start(call, on: route(["a", "b"]), standIn: false)
            #expect(routed.target.provider == "b")
            routed.ticket.broke(provoked)
        }
        #expect(provider.asks.count == 20 && !state.health.contains { $0.isOpen })
    }

    @Test func withAllBreakersOpenTheOldestIsProbed() async throws {
        let broken = Array(repeating: failed(.connectionFailed) as ProviderFailure?, count: 5)
        let (a, b) = (ScriptedProvider("a", broken), ScriptedProvider("b", broken))
        let router = router([a, b])
        for name in ["b", "a"] {
            for _ in 0..<5 { _ = try? await router.start(call, on: route([name], retries: 0), standIn: false) }
            clock.advance(.seconds(1))
        }
        let routed = try await router.start(call, on: route(["a", "b"], retries: 0), standIn: false)
        #expect(routed.target.provider == "b")
    }

    @Test func theStandInAnswersWhileTheBreakerIsOpen() async throws {
        let provider = ScriptedProvider("a", always: failed(.connectionFailed))
        let router = router([provider, ScriptedProvider("offline")])
        for _ in 0..<9 {
            let routed = try await router.start(call, on: route(["a", "offline"], retries: 0), standIn: true)
            #expect(routed.target.provider == "offline")
        }
        #expect(provider.asks.count == 5)
    }

    @Test func stateOutlivesARouter() async throws {
        let state = RoutingState(environment: clock.environment())
        let provider = ScriptedProvider("a", always: failed(.serverError))
        for _ in 0..<5 {
            _ = try? await router([provider], keys: ["a": []], state: state)
                .start(call, on: route(["a"], retries: 0), standIn: false)
        }
        #expect(state.health.map(\.target) == ["a/m"])
        #expect(state.health.first?.isOpen == true)
    }

    @Test func aRoundThatBreaksLaterCountsToo() async throws {
        let state = RoutingState(environment: clock.environment())
        let router = router([ScriptedProvider("a")], state: state)
        // Each was taken before it broke, so they are no row; but half of ten they are.
        for round in 1...6 {
            let routed = try await router.start(call, on: route(["a"]), standIn: false)
            routed.ticket.broke(failed(.connectionLost))
            #expect(state.health.contains { $0.isOpen } == (round == 6))
        }
    }

    @Test func loadIsHeldAsLongAsTheRound() async throws {
        let state = RoutingState(environment: clock.environment())
        let router = router([ScriptedProvider("a"), ScriptedProvider("b")], state: state)
        let route = route(["a", "b"], sameOrder: true)
        var rounds: [RoutedRound] = []
        for _ in 0..<10 { rounds.append(try await router.start(call, on: route, standIn: false)) }
        #expect(state.inFlight("a/m") == 5 && state.inFlight("b/m") == 5)
        rounds = []
        #expect(state.inFlight("a/m") == 0 && state.health.isEmpty)
    }
}
