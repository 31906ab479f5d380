// Single chunks and whole answers with odd members: read where they can be, never trusted.

import JSON
import OpenAIProtocol
import Testing

@testable import Providers

@Suite struct ChunkReaderTests {
    private func read(_ json: String) throws -> [ModelEvent] {
        var reader = ChunkReader(provider: "up")
        var events: [ModelEvent] = []
        try reader.read(Array(json.utf8), into: &events)
        return events
    }

    @Test func aWholeAnswer() throws {
        let events = try read(
            #"""
            {"id":"x","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":null,"refusal":null,
            "tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{}"}}]},"logprobs":null,
            "finish_reason":"tool_calls"}],"usage":{"prompt_tokens":1,"completion_tokens":2},"service_tier":"default",
            "system_fingerprint":null}
            """#
        )
        let heard = Heard(events)
        #expect(
            heard
                == Heard(
                    calls: ["f({})"],
                    finishes: [.toolCalls],
                    usage: Usage(promptTokens: 1, completionTokens: 2),
                    metadata: [#""service_tier":"default""#]
                )
        )
        // Before anything that is shown, since it stands in every chunk.
        guard case .metadata = events.first else {
            Issue.record("metadata is not first")
            return
        }
    }

    @Test func severalChoices() throws {
        let events = try read(
            #"{"choices":[{"index":0,"delta":{"content":"a"}},{"index":1,"delta":{"content":"b"},"finish_reason":"stop"}]}"#
        )
        let choices = events.compactMap { event -> Int? in
            guard case .delta(let delta) = event else { return nil }
            return delta.choice
        }
        #expect(choices == [0, 1])
    }

    /// None of these is a reason to fail or to trap.
    @Test(arguments: [
        #"{"choices":[{"index":-5,"delta":{"content":"a"}}]}"#, #"{"choices":[{"index":"0","delta":{"content":"a"}}]}"#,
        #"{"choices":[{"delta":{"content":"a","tool_calls":"none"}}]}"#,
        #"{"choices":[{"delta":{"content":"a","tool_calls":null,"function_call":{"name":"f"}}}],"usage":[]}"#,
        #"{"error":null,"choices":[{"delta":{"content":"a"},"finish_reason":""}]}"#,
        #"{"choices":[{"delta":{"content":"a","reasoning":{"x":1}}}]}"#,
    ]) func oddMembers(_ json: String) throws {
        let heard = Heard(try read(json))
        #expect(heard.content == "a")
        #expect(heard.finishes.isEmpty && heard.calls.isEmpty && heard.reasoning.isEmpty)
    }

    @Test(arguments: [
        "{}", #"{"choices":[]}"#, #"{"choices":null}"#, #"{"choices":{}}"#, #"{"choices":[{"delta":null}]}"#,
    ])
    func nothingIsSaid(_ json: String) throws {
        #expect(try read(json).isEmpty)
    }

    @Test func aFinishIsRemembered() throws {
        var reader = ChunkReader(provider: "up")
        var events: [ModelEvent] = []
        try reader.read(Array(#"{"choices":[{"delta":{"content":"a"},"finish_reason":null}]}"#.utf8), into: &events)
        #expect(!reader.sawFinish)
        try reader.read(Array(#"{"choices":[{"delta":{},"finish_reason":"end_turn"}]}"#.utf8), into: &events)
        #expect(reader.sawFinish)
    }

    @Test func metadataIsSaidOnce() throws {
        var reader = ChunkReader(provider: "up")
        var events: [ModelEvent] = []
        for _ in 0..<3 { try reader.read(Array(#"{"choices":[],"system_fingerprint":"fp"}"#.utf8), into: &events) }
        #expect(events.count == 1)
    }

    /// Lobe Chat reads `citations`, `search_results` and `search_info` (`clients.md` 1.5).
    @Test func vendorsMembersAreToldWhenTheyChange() throws {
        var reader = ChunkReader(provider: "up")
        func metadata(_ members: String) throws -> [String] {
            var events: [ModelEvent] = []
            try reader.read(
                Array(#"{"id":"x","created":1,"choices":[],"obfuscation":"a",\#(members)}"#.utf8),
                into: &events
            )
            return Heard(events).metadata
        }
        #expect(try metadata(#""provider":"A","citations":[],"search_info":null"#) == [#""provider":"A""#])
        #expect(try metadata(#""provider":"A","citations":["u"]"#) == [#""provider":"A","citations":["u"]"#])
        #expect(try metadata(#""provider":"A","citations":["u"]"#).isEmpty)
        #expect(try metadata(#""citations":["u","v"]"#) == [#""provider":"A","citations":["u","v"]"#])
        #expect(try metadata(#""long":"\#(String(repeating: "x", count: 70_000))""#).isEmpty)
        for index in 0..<100 { _ = try metadata(#""n\#(index)":1"#) }
        #expect(try metadata(#""provider":"B""#).first?.utf8.count { $0 == 0x3A } == 16)
    }

    @Test func detailsOfUsage() throws {
        let events = try read(
            #"{"choices":[],"usage":{"prompt_tokens":1,"prompt_tokens_details":{"audio_tokens":0,"cached_tokens":0}}}"#
        )
        guard case .usageDetails(let details)? = events.last else {
            Issue.record("no details: \(events)")
            return
        }
        var writer = JSONWriter()
        Usage().write(into: &writer, details: details)
        #expect(String(decoding: writer.bytes, as: UTF8.self).contains(#"{"cached_tokens":0,"audio_tokens":0}"#))
        #expect(try read(#"{"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}}"#).count == 1)
    }

    @Test func logprobsPassUnread() throws {
        let heard = Heard(
            try read(#"{"choices":[{"delta":{"content":"a"},"logprobs":{"content":[{"logprob":-0.50}]}}]}"#)
        )
        #expect(heard.extras == #""logprobs":{"content":[{"logprob":-0.50}]}"#)
    }

    @Test func deepAnswersAreRefusedNotFollowed() {
        let deep = #"{"choices":"# + String(repeating: "[", count: 100_000)
        #expect(throws: ProviderFailure.self) { try read(deep) }
    }
}
