// Streamed answers: the canonical order that every client's accumulator takes (`clients.md` 2.5).

import JSON
import OpenAIProtocol
import Testing

@Suite struct ChunkEncoderTests {
    static let identity = AnswerIdentity(id: "chatcmpl-1", created: 1_700_000_000, model: "ops \"bot\"")

    /// What the choices of a stream say, one line a chunk.
    private static func deltas(_ bytes: [UInt8]) throws -> [String] {
        try chunks(bytes).map { $0["choices"]?[0]?["delta"]?.text ?? "-" }
    }

    @Test func theCanonicalStream() throws {
        var encoder = ChunkEncoder(identity: Self.identity, includeUsage: true)
        var out: [UInt8] = []
        encoder.encode(ModelDelta(content: JSONText(escaping: "He")), into: &out)
        encoder.encode(ModelDelta(content: JSONText(escaping: "\"llo\"\n")), into: &out)
        encoder.encode(ModelDelta(toolCalls: [ToolCallDelta(index: 0, id: "call_x", name: "f")]), into: &out)
        encoder.encode(
            ModelDelta(toolCalls: [ToolCallDelta(index: 0, arguments: JSONText(escaping: "{\"a\""))]),
            into: &out
        )
        encoder.finish(choice: 0, reason: .toolCalls, into: &out)
        encoder.usage(Usage(promptTokens: 3, completionTokens: 4, cachedTokens: 1, reasoningTokens: 2), into: &out)
        out += ServerSentEvents.done
        let head =
            #"data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1700000000,"model":"ops \"bot\"","choices":["#
        let choice = { (delta: String, finish: String) in
            head + #"{"index":0,"delta":\#(delta),"logprobs":null,"finish_reason":\#(finish)}],"usage":null}"#
        }
        let expected = [
            choice(#"{"role":"assistant","content":""}"#, "null"), choice(#"{"content":"He"}"#, "null"),
            choice(#"{"content":"\"llo\"\n"}"#, "null"),
            choice(
                #"{"tool_calls":[{"index":0,"id":"call_x","type":"function","function":{"name":"f","arguments":""}}]}"#,
                "null"
            ),
            choice(#"{"tool_calls":[{"index":0,"function":{"arguments":"{\"a\""}}]}"#, "null"),
            choice("{}", "\"tool_calls\""),
            head + #"],"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7,"#
                + #""prompt_tokens_details":{"cached_tokens":1},"completion_tokens_details":{"reasoning_tokens":2}}}"#,
            "data: [DONE]",
        ]
        #expect(text(out) == expected.joined(separator: "\n\n") + "\n\n")
    }

    @Test func longMembersOfChunksGoOutOnce() throws {
        var encoder = ChunkEncoder(identity: Self.identity, includeUsage: false)
        func said(_ text: String) throws -> [JSONValue] {
            var out: [UInt8] = []
            encoder.encode(ModelDelta(content: JSONText(escaping: text)), into: &out)
            return try chunks(out)
        }
        _ = try said("a")
        encoder.setMetadata(Array(#""provider":"A""#.utf8))
        #expect(try said("b").first?["provider"] == "A" && said("c").first?["provider"] == "A")
        let long = String(repeating: "u", count: 2_000)
        encoder.setMetadata(Array("\"citations\":[\"\(long)\"]".utf8))
        #expect(try said("d").first?["citations"]?[0]?.string == long)
        #expect(try said("e").first?["citations"] == nil)
    }

    @Test func withoutUsageNoChunkSpeaksOfIt() throws {
        var encoder = ChunkEncoder(identity: Self.identity, includeUsage: false)
        var out: [UInt8] = []
        encoder.encode(ModelDelta(content: JSONText(escaping: "x")), into: &out)
        encoder.finish(choice: 0, reason: .stop, into: &out)
        #expect(!text(out).contains("usage"))
        #expect(try chunks(out).count == 3)
    }

    @Test func roleOncePerChoice() throws {
        var encoder = ChunkEncoder(identity: Self.identity, includeUsage: false)
        var out: [UInt8] = []
        for choice in [0, 1, 0, 1] {
            encoder.encode(ModelDelta(choice: choice, content: JSONText(escaping: "x")), into: &out)
        }
        for choice in [0, 1] { encoder.finish(choice: choice, reason: .stop, into: &out) }
        let all = try chunks(out).compactMap { $0["choices"]?[0] }
        for index in [0, 1] {
            let mine = all.filter { $0["index"]?.int == index }
            #expect(mine.first?["delta"]?["role"] == "assistant")
            #expect(mine.filter { $0["delta"]?["role"] != nil }.count == 1)
            #expect(mine.filter { $0["finish_reason"] == "stop" }.count == 1)
            #expect(mine.last?["finish_reason"] == "stop")
        }
    }

    @Test func anAnswerWithoutAWordStillBegins() throws {
        var encoder = ChunkEncoder(identity: Self.identity, includeUsage: false)
        var out: [UInt8] = []
        encoder.finish(choice: 0, reason: .contentFilter, into: &out)
        #expect(try Self.deltas(out) == [#"{"role":"assistant","content":""}"#, "{}"])
    }

    @Test func kindsOfTextAreParted() throws {
        var encoder = ChunkEncoder(identity: Self.identity, includeUsage: false)
        var out: [UInt8] = []
        encoder.encode(
            ModelDelta(
                content: JSONText(escaping: "c"),
                reasoning: JSONText(escaping: "r"),
                refusal: JSONText(escaping: "n"),
                toolCalls: [ToolCallDelta(index: 0, id: "a", name: "f"), ToolCallDelta(index: 1, id: "b", name: "g")],
                extraDelta: Array("\"annotations\":[]".utf8),
                finish: .length
            ),
            into: &out
        )
        let parts = try chunks(out).compactMap { $0["choices"]?[0]?["delta"]?.object?.keys.first }
        #expect(
            parts == ["role", "reasoning_content", "content", "refusal", "annotations", "tool_calls", "tool_calls"]
        )
        // The finish of a delta is not the finish of the answer.
        #expect(try chunks(out).allSatisfy { $0["choices"]?[0]?["finish_reason"] == .null })
    }

    @Test func whatIsNotReadIsPassedOn() throws {
        var encoder = ChunkEncoder(identity: Self.identity, includeUsage: false)
        var out: [UInt8] = []
        encoder.setMetadata(Array("\"system_fingerprint\":\"fp\"".utf8))
        encoder.encode(
            ModelDelta(content: JSONText(escaping: "c"), extraChoice: Array("\"logprobs\":{\"content\":[]}".utf8)),
            into: &out
        )
        encoder.encode(ModelDelta(extraChoice: Array("\"logprobs\":{\"content\":[1]}".utf8)), into: &out)
        let all = try chunks(out)
        #expect(all.allSatisfy { $0["system_fingerprint"] == "fp" })
        #expect(all.map { $0["choices"]?[0]?["logprobs"]?.text } == ["null", #"{"content":[]}"#, #"{"content":[1]}"#])
    }

    @Test func emptyPiecesSendNothing() throws {
        var encoder = ChunkEncoder(identity: Self.identity, includeUsage: false)
        var out: [UInt8] = []
        encoder.start(choice: 0, into: &out)
        let before = out.count
        encoder.encode(ModelDelta(content: JSONText(), reasoning: JSONText(), refusal: JSONText()), into: &out)
        #expect(out.count == before)
    }

    @Test func namesAreEscaped() throws {
        var encoder = ChunkEncoder(identity: Self.identity, includeUsage: false)
        var out: [UInt8] = []
        encoder.encode(ModelDelta(toolCalls: [ToolCallDelta(index: 0, id: "a\"\n", name: "f\\é")]), into: &out)
        let call = try chunks(out).last?["choices"]?[0]?["delta"]?["tool_calls"]?[0]
        #expect(call?["id"] == "a\"\n")
        #expect(call?["function"]?["name"] == "f\\é")
    }
}
