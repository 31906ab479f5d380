// Small differences that the Messages surface depends on: the name of `max_tokens`, and which stop sequence it was.

import HTTPTransport
import Identity
import JSON
import OpenAIProtocol
import Testing

@testable import Providers

@Suite(.timeLimit(.minutes(10))) struct MaximumTokensTests {
    private let base = ConformanceTests()

    /// OpenAI's reasoning models know only the newer name; most compatible servers only the older one.
    @Test(arguments: [Vendor.openAI, .azure]) func theNewerNameIsUsedWhereItIsAskedFor(
        _ vendor: Vendor
    ) async throws {
        let server = try TinyServer { request in
            request.contains("\"max_tokens\"")
                ? vendor.error(
                    400,
                    "Unsupported parameter: 'max_tokens' is not supported with this model. "
                        + "Use 'max_completion_tokens' instead."
                )
                : answer("200 OK", "text/event-stream", vendor.stream(Script(text: ["a"])))
        }
        try await base.with(vendor, server) { provider in
            var call = base.call()
            call.parameters = Array(#""seed":1,"max_tokens":77,"user":"my max_tokens""#.utf8)
            for _ in 0..<2 {
                let heard = try await base.hear(provider, call)
                #expect(heard.content == "a")
            }
            // One who gives both is told what the server says.
            call.parameters = Array(#""max_tokens":77,"max_completion_tokens":5"#.utf8)
            let both = call
            await #expect(throws: ProviderFailure.self) { try await provider.start(both) }
        }
        #expect(server.requests.count == 4)
        #expect(server.requests[1].contains(#""seed":1,"max_completion_tokens":77,"user":"my max_tokens""#))
    }

    /// The other way round: servers of before September 2024 know only the older name.
    @Test(arguments: [Vendor.openAI, .azure]) func theOlderNameIsUsedWhereTheNewerIsNotKnown(
        _ vendor: Vendor
    ) async throws {
        let server = try TinyServer { request in
            request.contains("\"max_completion_tokens\"")
                ? vendor.error(400, "Unrecognized request argument supplied: max_completion_tokens")
                : answer("200 OK", "text/event-stream", vendor.stream(Script(text: ["a"])))
        }
        try await base.with(vendor, server) { provider in
            var call = base.call()
            call.parameters = Array(#""seed":1,"max_completion_tokens":77"#.utf8)
            for _ in 0..<2 {
                let heard = try await base.hear(provider, call)
                #expect(heard.content == "a")
            }
        }
        #expect(server.requests.count == 3)
        #expect(server.requests[1].contains(#""seed":1,"max_tokens":77"#))
    }

    /// A value that is refused is no name that is unknown; and nobody is asked to and fro.
    @Test func theNameStaysWhenTheValueIsRefused() async throws {
        let server = try TinyServer { request in
            request.contains("\"max_completion_tokens\":9")
                ? Vendor.openAI.error(400, "max_completion_tokens is too large: 9. At most 5 are possible.")
                : Vendor.openAI.error(400, "Unsupported: 'max_tokens', unknown 'max_completion_tokens'")
        }
        try await base.with(.openAI, server) { provider in
            var call = base.call()
            call.parameters = Array(#""max_completion_tokens":9"#.utf8)
            let large = call
            await #expect(throws: ProviderFailure.self) { try await provider.start(large) }
            call.parameters = Array(#""max_completion_tokens":1"#.utf8)
            let small = call
            await #expect(throws: ProviderFailure.self) { try await provider.start(small) }
        }
        #expect(server.requests.count == 3)
    }

    /// Claude must be told a bound: one of its own where the request has none, and never more than the model can write.
    @Test(
        arguments: [
            (nil, "", 4096, nil), (64_000, "", 16_384, nil), (900, "", 900, nil),
            (64_000, #""max_tokens":70"#, 70, nil),
            (64_000, #""max_completion_tokens":100000"#, 64_000, nil), (nil, #""max_tokens":100000"#, 100_000, nil),
            (nil, #""reasoning_effort":"low""#, 6144, 2048), (64_000, #""reasoning_effort":"low""#, 18_432, 2048),
            (8192, #""reasoning_effort":"high""#, 8192, 6144), (1000, #""reasoning_effort":"high""#, 1000, nil),
        ] as [(Int?, String, Int, Int?)]
    ) func theBoundOfAModel(
        _ limit: Int?,
        _ parameters: String,
        _ expected: Int,
        _ budget: Int?
    ) async throws {
        let server = try Vendor.anthropic.server(Script(text: ["a"]))
        let settings = ProviderSettings(
            name: "claude",
            kind: .anthropic,
            baseURL: "http://127.0.0.1:\(server.port)",
            apiKeys: [Secret(Vendor.key)],
            origin: .file
        )
        let catalogue = ProviderCatalogue(
            providers: [settings],
            models: [ModelProfile(name: "claude/m", maximumOutputTokens: limit)]
        )
        let client = try HTTPClient()
        let router = ProviderBook(catalogue, client: client, state: RoutingState()).router
        let route = try #require(router.route(named: "claude/m"))
        let routed = try await router.start(base.call(parameters: parameters), on: route, standIn: false)
        routed.round.cancel()
        let request = try #require(server.requests.last)
        let body = try JSONValue(
            parsing: String(request[try #require(request.firstRange(of: "\r\n\r\n")).upperBound...])
        )
        #expect(body["max_tokens"] == .integer(expected))
        #expect(body["thinking"]?["budget_tokens"] == budget.map { .integer($0) })
        await client.shutdown()
    }

    @Test func theStopSequenceIsToldBesideTheFinish() throws {
        var reader = AnthropicReader(provider: "claude")
        var events: [ModelEvent] = []
        let body = #"{"content":[{"type":"text","text":"a"}],"stop_reason":"stop_sequence","stop_sequence":"EN\"D"}"#
        try reader.readWhole(Array(body.utf8), into: &events)
        let extras = events.compactMap { event -> String? in
            guard case .delta(let delta) = event, delta.finish == .stop else { return nil }
            return String(decoding: delta.extraChoice, as: UTF8.self)
        }
        #expect(extras == [#""stop_reason":"EN\"D""#])
    }
}
