// Small differences that the Messages surface depends on: the name of `max_tokens`, and which stop sequence it was.

import JSON
import OpenAIProtocol
import Testing

@testable import Providers

@Suite(.timeLimit(.minutes(1))) struct MaximumTokensTests {
    private let base = ConformanceTests()

    /// OpenAI's reasoning models know only the newer name; most compatible servers only the older one.
    @Test func theNewerNameIsUsedWhereItIsAskedFor() async throws {
        let server = try TinyServer { request in
            request.contains("\"max_tokens\"")
                ? Vendor.openAI.error(
                    400,
                    "Unsupported parameter: 'max_tokens' is not supported with this model. "
                        + "Use 'max_completion_tokens' instead."
                )
                : answer("200 OK", "text/event-stream", Vendor.openAI.stream(Script(text: ["a"])))
        }
        try await base.with(.openAI, server) { provider in
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
