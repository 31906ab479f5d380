// Which targets a call can go to: tools, images, length, conditions, timeouts.

import Providers
import Testing

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

    /// Failure mode 24 and the issue: a context-length error may go to a bigger target, and only there.
    @Test func contextLengthErrorsGoToABiggerModel() async throws {
        let targets = ["a", "b", "c", "d"].enumerated().map { RouteTarget(provider: $1, model: "m", order: $0) }
        let profiles = [
            ModelProfile(name: "a/m", contextTokens: 8000), ModelProfile(name: "b/m", contextTokens: 4000),
            ModelProfile(name: "d/m", contextTokens: 32_000),
        ]
        let providers = [
            ScriptedProvider("a", always: failed(.contextTooLong)), ScriptedProvider("b"), ScriptedProvider("c"),
            ScriptedProvider("d"),
        ]
        let router = ModelRouter(
            providers: providers,
            routes: [],
            profiles: Dictionary(uniqueKeysWithValues: profiles.map { ($0.name, $0) })
        )
        let routed = try await router.start(call(), on: ModelRoute(name: "r", targets: targets), standIn: false)
        #expect(routed.target.provider == "d")
        #expect(providers[1].asks.isEmpty && providers[2].asks.isEmpty)
        let failure = await #expect(throws: ProviderFailure.self) {
            try await router.start(
                call(),
                on: ModelRoute(name: "r", targets: Array(targets.prefix(3))),
                standIn: false
            )
        }
        #expect(failure?.kind == .contextTooLong)
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
