// What is in the books when an upstream's stream ends before its time.

import JSON
import OpenAIProtocol
import Storage
import Testing

@testable import Conversation
@testable import Providers

@Suite struct CutStreamTests {
    /// 240 bytes of an answer, sixty tokens by the estimate.
    private static let text = String(repeating: "word ", count: 48)

    /// What Anthropic sends first, and of an answer as much as there is.
    private static let anthropic = [
        #"{"type":"message_start","message":{"model":"c","usage":{"input_tokens":100,"cache_read_input_tokens":20,"output_tokens":1}}}"#,
        #"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
        #"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"\#(text)"}}"#,
    ]
    private static let end = [
        #"{"type":"content_block_stop","index":0}"#,
        #"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":77}}"#,
        #"{"type":"message_stop"}"#,
    ]

    /// Each event's model events, as the adapter reads them.
    private func batches(_ json: [String]) throws -> [[ModelEvent]] {
        var frames = EventReader(reader: AnthropicReader(provider: "up"), limit: 1 << 20)
        return try json.map { try frames.take(Array("data: \($0)\n\n".utf8)) }.filter { !$0.isEmpty }
    }

    /// `message_start` says one token before there is an answer: no count of what was read of it.
    @Test(arguments: [true, false]) func ofAnthropic(_ hasBot: Bool) async throws {
        let model = ScriptedModel(.breaks(try batches(Self.anthropic), .connectionLost))
        try await withStage(model) { stage in
            let (end, usage) = await stage.run(try plan("\"stream\":true", bot: hasBot ? bot() : nil))
            #expect(end.label == "upstream_error")
            #expect(usage.promptTokens == 120 && usage.cachedTokens == 20)
            let row = try #require(try await stage.usage().first)
            #expect(try row.int("prompt_tokens") == 120)
            #expect(try row.int("completion_tokens") == 60)
            #expect(try row.int("is_estimated") == 1)
        }
    }

    /// The same when it is the client who leaves.
    @Test(arguments: [true, false]) func whenTheClientLeaves(_ hasBot: Bool) async throws {
        let model = ScriptedModel(.hangs(try batches(Self.anthropic)))
        try await withStage(model) { stage in
            let listener = Listener { event in
                if case .delta = event { true } else { false }
            }
            let end = await stage.run(try plan("\"stream\":true", bot: hasBot ? bot() : nil), listener).end
            #expect(end.label == "client_gone")
            let row = try #require(try await stage.usage().first)
            #expect(try row.int("prompt_tokens") == 120)
            #expect(try row.int("completion_tokens") == 60)
            #expect(try row.int("is_estimated") == 1)
        }
    }

    @Test func aWholeOneIsCountedByTheUpstream() async throws {
        let model = ScriptedModel(.says(try batches(Self.anthropic + Self.end)))
        try await withStage(model) { stage in
            _ = await stage.run(try plan("\"stream\":true", bot: nil))
            let row = try #require(try await stage.usage().first)
            #expect(try row.int("completion_tokens") == 77)
            #expect(try row.int("is_estimated") == 0)
        }
    }
}
