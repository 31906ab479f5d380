// Who answers for a model: the order of targets, what is tried again, and when the offline model may stand in.

import Providers
import Synchronization
import Testing

/// A provider that fails in a given way, or accepts; it remembers the models that it was asked for.
private final class Stub: ModelProvider {
    let name: String
    private let kind: ProviderFailure.Kind?
    private let asked = Mutex<[String]>([])

    init(_ name: String, failing kind: ProviderFailure.Kind? = nil) {
        self.name = name
        self.kind = kind
    }

    var models: [String] { asked.withLock { $0 } }

    func start(_ call: ModelCall) async throws(ProviderFailure) -> any ModelRound {
        asked.withLock { $0.append(call.model) }
        if let kind { throw ProviderFailure(kind, "down", provider: name) }
        return SilentRound()
    }
}

private final class SilentRound: ModelRound {
    func next(patience: Duration?) async throws(ProviderFailure) -> [ModelEvent]? { nil }
    func cancel() {}
}

@Suite struct ModelRouterTests {
    private let call = ModelCall(model: "", messages: [], stream: false, requestID: "r")

    private func route(_ names: String...) -> ModelRoute {
        ModelRoute(
            name: "default",
            targets: names.enumerated().map { RouteTarget(provider: $1, model: "m-\($1)", order: $0) }
        )
    }

    @Test func lowerOrdersFirst() async throws {
        let (first, second) = (Stub("a"), Stub("b"))
        let route = ModelRoute(
            name: "r",
            targets: [
                RouteTarget(provider: "b", model: "y", order: 2), RouteTarget(provider: "a", model: "x", order: 1),
            ]
        )
        let routed = try await ModelRouter(providers: [first, second], routes: [route]).start(
            call,
            on: route,
            standIn: true
        )
        #expect(routed.target.name == "a/x")
        #expect(routed.attempts == 1)
        #expect(first.models == ["x"])
        #expect(second.models.isEmpty)
    }

    @Test(arguments: [
        ProviderFailure.Kind.rateLimited, .quotaExceeded, .unauthorized, .overloaded, .serverError, .timeout,
        .connectionFailed, .connectionLost, .malformed, .modelNotFound, .requestTooLarge, .contextTooLong,
    ]) func goesOnToTheNext(_ kind: ProviderFailure.Kind) async throws {
        let router = ModelRouter(providers: [Stub("a", failing: kind), Stub("b")], routes: [])
        let routed = try await router.start(call, on: route("a", "b"), standIn: false)
        #expect(routed.target.provider == "b")
        #expect(routed.attempts == 2)
    }

    @Test(arguments: [ProviderFailure.Kind.badRequest, .cancelled])
    func doesNotRepeatWhatIsRefused(_ kind: ProviderFailure.Kind) async {
        let second = Stub("b")
        let router = ModelRouter(providers: [Stub("a", failing: kind), second], routes: [])
        let failure = await #expect(throws: ProviderFailure.self) {
            try await router.start(call, on: route("a", "b"), standIn: true)
        }
        #expect(failure?.kind == kind)
        #expect(second.models.isEmpty)
    }

    @Test func theLastFailureIsTold() async {
        let router = ModelRouter(
            providers: [Stub("a", failing: .timeout), Stub("b", failing: .rateLimited)],
            routes: []
        )
        let failure = await #expect(throws: ProviderFailure.self) {
            try await router.start(call, on: route("a", "b"), standIn: true)
        }
        #expect(failure?.provider == "b")
    }

    @Test(arguments: [
        (ProviderFailure.Kind.connectionFailed, true), (.overloaded, true), (.serverError, true), (.timeout, true),
        (.connectionLost, true), (.malformed, true), (.rateLimited, false), (.quotaExceeded, false),
        (.unauthorized, false), (.modelNotFound, false),
    ]) func theStandInIsForOutages(_ kind: ProviderFailure.Kind, _ answers: Bool) async {
        let offline = Stub("offline")
        let router = ModelRouter(providers: [Stub("a", failing: kind), offline], routes: [])
        let routed = try? await router.start(call, on: route("a", "offline"), standIn: true)
        #expect((routed?.target.provider == "offline") == answers)
        #expect(offline.models.isEmpty == !answers)
    }

    @Test func noStandInForWhoAddressesAnUpstream() async {
        let router = ModelRouter(providers: [Stub("a", failing: .connectionFailed), Stub("offline")], routes: [])
        let failure = await #expect(throws: ProviderFailure.self) {
            try await router.start(call, on: route("a", "offline"), standIn: false)
        }
        #expect(failure?.kind == .connectionFailed)
    }

    @Test func theOfflineModelAsTheFirstTarget() async throws {
        let router = ModelRouter(providers: [Stub("offline")], routes: [])
        #expect(try await router.start(call, on: route("offline"), standIn: false).target.provider == "offline")
    }

    @Test func targetsWithoutProviderArePassedOver() async throws {
        let router = ModelRouter(providers: [Stub("b")], routes: [])
        #expect(try await router.start(call, on: route("gone", "b"), standIn: false).attempts == 1)
        let failure = await #expect(throws: ProviderFailure.self) {
            try await router.start(call, on: route("gone"), standIn: false)
        }
        #expect(failure?.kind == .modelNotFound)
    }

    @Test func namesThatCallersMakeUpAreOneSubject() {
        let router = ModelRouter(
            providers: [Stub("a"), Stub("b")],
            routes: [route("a"), ModelRoute(name: "b/special", targets: [])],
            profiles: ["b/known": ModelProfile(name: "b/known")]
        )
        for name in ["default", "a/m-a", "b/special", "b/known"] { #expect(router.limitSubject(of: name) == name) }
        for name in ["a/x", "a/m-b", "a/m-a/x", "a/*"] {
            #expect(router.limitSubject(of: name) == "a/*")
            #expect(router.isCallersOwn(name))
        }
        for name in ["default", "a/m-a", "b/special", "b/known"] { #expect(!router.isCallersOwn(name)) }
    }

    @Test func namesLeadToRoutes() {
        let router = ModelRouter(
            providers: [Stub("a")],
            routes: [route("a"), ModelRoute(name: "a/special", targets: [])]
        )
        #expect(router.route(named: "default")?.targets.count == 1)
        #expect(router.route(named: "a/special")?.targets.isEmpty == true)
        #expect(router.route(named: "a/meta/llama")?.targets == [RouteTarget(provider: "a", model: "meta/llama")])
        for name in ["other", "b/x", "a/", "/x", "", "a/x\0", "a/x\n", "a/\u{7F}"] {
            #expect(router.route(named: name) == nil)
        }
    }
}
