// What one adapter has no word for goes to the next target; who was not asked is not counted.

import HTTPTransport
import Identity
import JSON
import Testing

@testable import Providers

@Suite(.timeLimit(.minutes(10))) struct UnsentRefusalTests {
    private let base = ConformanceTests()
    private let clock = HandClock()

    private func route(_ names: String...) -> ModelRoute {
        ModelRoute(
            name: "r",
            targets: names.enumerated().map { RouteTarget(provider: $1, model: "m", order: $0) },
            retries: 1
        )
    }

    private static let image =
        #"{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://h/a.png"}}]}"#
    private static let audio =
        #"{"role":"user","content":[{"type":"input_audio","input_audio":{"data":"AAAA","format":"wav"}}]}"#
    private static let custom = #"{"role":"user","content":[{"type":"hologram","hologram":{}}]}"#
    private static let hi = #"{"role":"user","content":"hi"}"#

    /// Asks a route of a vendor's target and one that takes anything; nothing goes to the vendor.
    private func walk(_ vendor: Vendor, _ call: ModelCall, _ other: ScriptedProvider) async throws -> RoutedRound {
        let server = try vendor.server(Script(text: ["a"]))
        let routed = try await base.with(vendor, server) { provider in
            let state = RoutingState(environment: clock.environment())
            let router = ModelRouter(providers: [provider, other], routes: [], state: state)
            return try await router.start(call, on: route("up", other.name), standIn: false)
        }
        #expect(server.requests.isEmpty)
        return routed
    }

    @Test(arguments: [
        (Vendor.anthropic, hi, #""n":2"#, "n"), (.anthropic, hi, #""logprobs":true"#, "logprobs"),
        (.gemini, hi, #""logprobs":true"#, "logprobs"), (.gemini, hi, #""modalities":["audio"]"#, "modalities"),
        (.gemini, image, "", "image_url.url"), (.anthropic, audio, "", "messages"),
        (.gemini, custom, "", "messages[0].content[0].type"),
        (.anthropic, hi, #""response_format":{"type":"grammar"}"#, "response_format"),
    ]) func theNextOneIsAsked(_ vendor: Vendor, _ message: String, _ parameters: String, _ field: String) async throws {
        let next = ScriptedProvider("b")
        let routed = try await walk(vendor, base.call([message], parameters: parameters), next)
        #expect(routed.target.provider == "b")
        #expect(routed.attempts == 1)
        #expect(routed.passedOver.map(\.parameter) == [field])
        // The walk does not wait before it asks another, nor the same one again.
        #expect(next.asks.count == 1 && clock.pauses.isEmpty)
    }

    /// With nobody left the caller hears which field it was.
    @Test func nobodyTakesIt() async throws {
        let call = base.call(parameters: #""n":2,"logit_bias":{"1":2}"#)
        try await base.with(.anthropic, try Vendor.anthropic.server(Script())) { provider in
            let state = RoutingState(environment: clock.environment())
            let router = ModelRouter(
                providers: [provider, ScriptedProvider("offline")],
                routes: [],
                state: state
            )
            let failure = await #expect(throws: ProviderFailure.self) {
                try await router.start(call, on: route("up", "offline"), standIn: true)
            }
            #expect(failure?.kind == .badRequest)
            #expect(["n", "logit_bias"].contains(failure?.parameter))
            #expect(failure?.attempts == 0 && failure?.target == nil)
            #expect(state.health.isEmpty)
        }
    }

    /// A name that can be no part of an address.
    @Test func aNameThatCannotBeAsked() async throws {
        let gemini = try Vendor.gemini.server(Script())
        try await base.with(.gemini, gemini) { provider in
            let router = ModelRouter(providers: [provider, ScriptedProvider("b")], routes: [])
            let route = ModelRoute(
                name: "r",
                targets: [
                    RouteTarget(provider: "up", model: ".."), RouteTarget(provider: "b", model: "m", order: 1),
                ],
                retries: 1
            )
            let routed = try await router.start(base.call(), on: route, standIn: false)
            #expect(routed.target.provider == "b" && routed.attempts == 1)
            #expect(routed.passedOver.map(\.kind) == [.modelNotFound])
        }
        #expect(gemini.requests.isEmpty)
    }

    /// One that could take it and is down says more than one that never can.
    @Test func anOutageIsTheReason() async throws {
        let down = ScriptedProvider("b", always: failed(.serverError, status: 500))
        let failure = await #expect(throws: ProviderFailure.self) {
            try await walk(.anthropic, base.call(parameters: #""n":2"#), down)
        }
        #expect(failure?.kind == .serverError)
        #expect(failure?.attempts == 2)
    }

    /// Whoever was asked is named, not one that came after and had no word for it.
    @Test(arguments: [["up", "b"], ["b", "up"]]) func whoWasAsked(_ names: [String]) async throws {
        let down = ScriptedProvider("b", always: failed(.timeout))
        try await base.with(.anthropic, try Vendor.anthropic.server(Script())) { provider in
            let router = ModelRouter(
                providers: [provider, down],
                routes: [],
                state: RoutingState(environment: clock.environment())
            )
            let failure = await #expect(throws: ProviderFailure.self) {
                try await router.start(base.call(parameters: #""n":2"#), on: route(names[0], names[1]), standIn: false)
            }
            #expect(failure?.kind == .timeout)
            #expect(failure?.attempts == 2 && failure?.target?.name == "b/m")
        }
    }

    /// Whoever is left alone after failures is asked rather than nobody.
    @Test func anOpenBreakerIsProbed() async throws {
        let state = RoutingState(environment: clock.environment())
        let other = ScriptedProvider("b", Array(repeating: failed(.connectionFailed), count: 5))
        try await base.with(.anthropic, try Vendor.anthropic.server(Script())) { provider in
            let router = ModelRouter(providers: [provider, other], routes: [], state: state)
            for _ in 0..<5 { _ = try? await router.start(base.call(), on: route("b"), standIn: false) }
            let call = base.call(parameters: #""n":2"#)
            let routed = try await router.start(call, on: route("up", "b"), standIn: false)
            #expect(routed.target.provider == "b" && routed.attempts == 1)
        }
    }

    /// A probe that is not sent is given back: the next call is the probe.
    @Test func aProbeThatIsNotSent() async throws {
        let state = RoutingState(environment: clock.environment())
        for _ in 0..<5 { state.learn(failed(.connectionFailed), of: "up/m") }
        clock.advance(.seconds(10))
        try await base.with(.anthropic, try Vendor.anthropic.server(Script(text: ["a"]))) { provider in
            let router = ModelRouter(providers: [provider], routes: [], state: state)
            await #expect(throws: ProviderFailure.self) {
                try await router.start(base.call(parameters: #""n":2"#), on: route("up"), standIn: false)
            }
            #expect(state.health.map(\.isOpen) == [true])
            _ = try await router.start(base.call(), on: route("up"), standIn: false)
            #expect(state.health.allSatisfy { !$0.isOpen })
        }
    }

    /// A provider without embeddings and Gemini, which embeds no token ids, are not asked; the next one is.
    @Test func embeddings() async throws {
        let server = try TinyServer(
            answer("200 OK", "application/json", #"{"data":[{"index":0,"embedding":[1,2]}]}"#)
        )
        let client = try HTTPClient()
        let gemini = try Vendor.gemini.server(Script())
        let other = OpenAICompatibleProvider(
            configuration: .init(name: "b", baseURL: "http://127.0.0.1:\(server.port)/v1", apiKey: nil),
            client: client
        )
        let router = ModelRouter(
            providers: [ScriptedProvider("c"), Vendor.gemini.provider(port: gemini.port, client: client), other],
            routes: []
        )
        let call = EmbeddingCall(model: "", input: [1, 2, 3], requestID: "r")
        let (answer, target, attempts) = try await router.embed(call, on: route("c", "up", "b"))
        #expect(answer.vectors == [[1, 2]] && target.provider == "b" && attempts == 1)
        let failure = await #expect(throws: ProviderFailure.self) { try await router.embed(call, on: route("up")) }
        #expect(failure?.kind == .badRequest && failure?.parameter == "input" && failure?.attempts == 0)
        #expect(gemini.requests.isEmpty)
        await client.shutdown()
    }
}
