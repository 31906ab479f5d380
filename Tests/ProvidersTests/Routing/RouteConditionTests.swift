// Which targets a call can go to: tools, images, length, conditions, timeouts.

import Providers
import Synchronization
import Testing

/// Says that it was asked; its model may find everything too long.
private final class Noting: ModelProvider {
    let name: String
    private let fails: Bool
    private let note: @Sendable (String) -> Void

    init(_ name: String, fails: Bool, _ note: @escaping @Sendable (String) -> Void) {
        self.name = name
        self.fails = fails
        self.note = note
    }

    func start(_ call: ModelCall) async throws(ProviderFailure) -> any ModelRound {
        note(name)
        if fails { throw failed(.contextTooLong) }
        return EmptyRound()
    }
}

@Suite struct RouteConditionTests {
    private func call(_ text: String = "hello", tools: Bool = false, image: Bool = false) -> ModelCall {
        let content =
            image
            ? #"[{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}]"#
            : "\"\(text)\""
        return ModelCall(
            model: "",
            messages: [Array("{\"role\":\"user\",\"content\":\(content)}".utf8)],
            tools: tools ? [ModelTool(name: "t", json: Array("{}".utf8))] : [],
            stream: false,
            requestID: "r"
        )
    }

    private func target(_ call: ModelCall, _ targets: [RouteTarget], _ profiles: [ModelProfile] = []) async throws
        -> String
    {
        let router = ModelRouter(
            providers: Set(targets.map(\.provider)).map { ScriptedProvider($0) },
            routes: [],
            profiles: Dictionary(uniqueKeysWithValues: profiles.map { ($0.name, $0) })
        )
        return try await router.start(call, on: ModelRoute(name: "r", targets: targets), standIn: true).target.name
    }

    private let two = [RouteTarget(provider: "a", model: "m"), RouteTarget(provider: "b", model: "m", order: 1)]

    @Test func aModelWithoutToolsGetsNoCallsWithThem() async throws {
        let profiles = [ModelProfile(name: "a/m", toolMode: .none)]
        #expect(try await target(call(), two, profiles) == "a/m")
        #expect(try await target(call(tools: true), two, profiles) == "b/m")
    }

    @Test func aBlindModelGetsNoImages() async throws {
        let profiles = [ModelProfile(name: "a/m", takesImages: false)]
        #expect(try await target(call(#"see \"image_url\""#), two, profiles) == "a/m")
        #expect(try await target(call(image: true), two, profiles) == "b/m")
    }

    @Test func nobodyWhoCanIsTheClientsFault() async {
        let blind = ["a/m", "b/m"].map { ModelProfile(name: $0, toolMode: .none, takesImages: false) }
        let offline = two + [RouteTarget(provider: "offline", model: "ops", order: 9)]
        for (call, field) in [(call(image: true), "messages"), (call(tools: true), "tools")] {
            let failure = await #expect(throws: ProviderFailure.self) { try await target(call, offline, blind) }
            #expect(failure?.kind == .badRequest)
            #expect(failure?.parameter == field)
        }
    }

    @Test func longCallsGoToLargeModels() async throws {
        let profiles = [
            ModelProfile(name: "a/m", contextTokens: 1000), ModelProfile(name: "b/m", contextTokens: 2000),
        ]
        let text = String(repeating: "word ", count: 1000)
        #expect(try await target(call(), two, profiles) == "a/m")
        #expect(try await target(call(text), two, profiles) == "b/m")
        // Too long for all: tokens are an estimate, and the largest may decide for itself.
        #expect(try await target(call(text + text + text), two, profiles) == "b/m")
    }

    /// Who is asked, in turn, where these models find a conversation too long.
    ///
    /// - Parameter models: by their orders; tokens of each, nil where nothing is known.
    private func asked(
        _ models: [[(name: String, tokens: Int?)]],
        tooLong: Set<String>,
        _ call: ModelCall
    ) async -> [String] {
        let all = models.enumerated().flatMap { order, models in models.map { (order: order, model: $0) } }
        let profiles = all.compactMap { one in
            one.model.tokens.map { ModelProfile(name: "\(one.model.name)/m", contextTokens: $0) }
        }
        let asked = Mutex<[String]>([])
        let router = ModelRouter(
            providers: all.map { one in
                Noting(one.model.name, fails: tooLong.contains(one.model.name)) { name in
                    asked.withLock { $0.append(name) }
                }
            },
            routes: [],
            profiles: Dictionary(uniqueKeysWithValues: profiles.map { ($0.name, $0) })
        )
        let targets = all.map { RouteTarget(provider: $0.model.name, model: "m", order: $0.order) }
        do {
            _ = try await router.start(call, on: ModelRoute(name: "r", targets: targets), standIn: false)
        } catch {
            #expect(error.kind == .contextTooLong)
        }
        return asked.withLock { $0 }
    }

    /// The caller can mend that; why somebody else, of whom nothing is known, did not take it helps nobody.
    @Test(arguments: [ProviderFailure.Kind.contextTooLong, .requestTooLarge])
    func whatIsTooLongIsSaidThoughOthersWereBusy(_ kind: ProviderFailure.Kind) async {
        let router = ModelRouter(
            providers: [
                ScriptedProvider("a", always: failed(kind)), ScriptedProvider("b", always: failed(.rateLimited)),
            ],
            routes: []
        )
        let failure = await #expect(throws: ProviderFailure.self) {
            _ = try await router.start(call(), on: ModelRoute(name: "r", targets: two), standIn: false)
        }
        #expect(failure?.kind == kind)
    }

    /// Failure mode 24 and the issue: a context-length error may go to a bigger target, and only there.
    @Test func contextLengthErrorsGoToABiggerModel() async {
        let route: [[(String, Int?)]] = [[("a", 8000)], [("b", 4000)], [("c", 8000)], [("d", 32_000)]]
        #expect(await asked(route, tooLong: ["a"], call()) == ["a", "d"])
        #expect(await asked(Array(route.prefix(3)), tooLong: ["a"], call()) == ["a"])
    }

    /// A model of which nobody has said how much it takes may take more: it is asked, behind those that do.
    @Test(arguments: 1...5) func aModelOfUnknownLengthIsAskedBehindTheLarger(_: Int) async {
        let unknown: [[(String, Int?)]] = [[("a", nil)], [("b", nil)]]
        #expect(await asked(unknown, tooLong: ["a"], call()) == ["a", "b"])
        let mixed: [[(String, Int?)]] = [[("a", 8000)], [("b", nil), ("c", 4000), ("d", 32_000)], [("e", nil)]]
        #expect(await asked(mixed, tooLong: ["a"], call()) == ["a", "d"])
        #expect(await asked(mixed, tooLong: ["a", "d"], call()) == ["a", "d", "b"])
        #expect(await asked(mixed, tooLong: ["a", "b", "d"], call()) == ["a", "d", "b", "e"])
    }

    /// What is too long for a model of unknown length is an estimate of ours: who takes more than that is asked.
    @Test func ourEstimateLeavesOutNobodyWhoIsLarger() async {
        let text = call(String(repeating: "word ", count: 1000))
        let route: [[(String, Int?)]] = [[("a", nil)], [("b", 1300)], [("c", nil)]]
        #expect(await asked(route, tooLong: ["a", "b"], text) == ["a", "b", "c"])
    }

    @Test func conditionsOfTheRoute() async throws {
        func targets(_ conditions: TargetConditions) -> [RouteTarget] {
            [RouteTarget(provider: "a", model: "m", conditions: conditions), two[1]]
        }
        let long = call(String(repeating: "word ", count: 1000))
        let rows: [(TargetConditions, ModelCall, String)] = [
            (TargetConditions(needsTools: true), call(), "b"),
            (TargetConditions(needsTools: true), call(tools: true), "a"),
            (TargetConditions(needsTools: false), call(tools: true), "b"),
            (TargetConditions(images: true), call(), "b"), (TargetConditions(images: true), call(image: true), "a"),
            (TargetConditions(images: false), call(image: true), "b"),
            (TargetConditions(minimumContext: 1000), call(), "b"), (TargetConditions(minimumContext: 1000), long, "a"),
            (TargetConditions(maximumContext: 1000), long, "b"), (TargetConditions(maximumContext: 1000), call(), "a"),
        ]
        for (conditions, call, wanted) in rows {
            #expect(try await target(call, targets(conditions)) == "\(wanted)/m", "\(conditions)")
        }
    }

    @Test func timeoutsOfTheTarget() async throws {
        let provider = ScriptedProvider("a")
        let router = ModelRouter(providers: [provider], routes: [])
        for timeouts in [TimeoutSettings(total: .seconds(7)), nil] {
            let target = RouteTarget(provider: "a", model: "m", timeouts: timeouts)
            _ = try await router.start(call(), on: ModelRoute(name: "r", targets: [target]), standIn: false)
        }
        #expect(provider.asks.map(\.timeouts) == [.seconds(7), nil])
    }
}
