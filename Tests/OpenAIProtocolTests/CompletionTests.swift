// Whole answers: collected from pieces, with every member that openai-python's types require (`clients.md` 2.6).

import JSON
import OpenAIProtocol
import Testing

@Suite struct CompletionTests {
    private func body(of completion: Completion, usage: Usage = Usage()) throws -> JSONValue {
        try JSONValue(parsing: completion.body(identity: ChunkEncoderTests.identity, usage: usage))
    }

    @Test func textInPieces() throws {
        var completion = Completion()
        completion.take(ModelDelta(content: JSONText(escaping: "a\n")))
        completion.take(ModelDelta(content: JSONText(escaping: "é")))
        completion.finish(choice: 0, reason: .stop)
        #expect(completion.text == "a\né")
        let expected: JSONValue = [
            "id": "chatcmpl-1", "object": "chat.completion", "created": 1_700_000_000, "model": "ops \"bot\"",
            "choices": [
                [
                    "index": 0, "message": ["role": "assistant", "content": "a\né", "refusal": nil], "logprobs": nil,
                    "finish_reason": "stop",
                ]
            ],
            "usage": [
                "prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7,
                "prompt_tokens_details": ["cached_tokens": 0], "completion_tokens_details": ["reasoning_tokens": 0],
            ],
        ]
        #expect(try body(of: completion, usage: Usage(promptTokens: 3, completionTokens: 4)) == expected)
    }

    @Test func calls() throws {
        var completion = Completion()
        completion.take(
            ModelDelta(toolCalls: [ToolCallDelta(index: 0, id: "a", name: "f", arguments: JSONText(escaping: "{\"x\""))]
            )
        )
        completion.take(ModelDelta(toolCalls: [ToolCallDelta(index: 0, arguments: JSONText(escaping: ":1}"))]))
        completion.take(ModelDelta(content: JSONText(), toolCalls: [ToolCallDelta(index: 1, id: "b", name: "g")]))
        completion.finish(choice: 0, reason: .toolCalls)
        let choice = try #require(try body(of: completion)["choices"]?[0])
        #expect(choice["message"]?["content"] == .null)
        #expect(choice["finish_reason"] == "tool_calls")
        #expect(
            choice["message"]?["tool_calls"] == [
                ["id": "a", "type": "function", "function": ["name": "f", "arguments": "{\"x\":1}"]],
                ["id": "b", "type": "function", "function": ["name": "g", "arguments": ""]],
            ]
        )
        #expect(completion.toolCalls.map(\.name) == ["f", "g"])
    }

    @Test func reasoningRefusalAndRest() throws {
        var completion = Completion()
        completion.setMetadata(Array("\"service_tier\":\"flex\"".utf8))
        completion.take(
            ModelDelta(
                reasoning: JSONText(escaping: "hm"),
                refusal: JSONText(escaping: "no"),
                extraDelta: Array("\"annotations\":[1]".utf8),
                extraChoice: Array("\"logprobs\":{}".utf8)
            )
        )
        completion.finish(choice: 0, reason: .contentFilter)
        let whole = try body(of: completion)
        let message = whole["choices"]?[0]?["message"]
        #expect(whole["service_tier"] == "flex")
        #expect(message?["reasoning_content"] == "hm")
        #expect(message?["refusal"] == "no")
        #expect(message?["content"] == .null)
        #expect(message?["annotations"] == [1])
        #expect(whole["choices"]?[0]?["logprobs"] == [:])
    }

    @Test func severalChoicesInOrder() throws {
        var completion = Completion()
        for choice in [2, 0, 1] {
            completion.take(ModelDelta(choice: choice, content: JSONText(escaping: "\(choice)")))
        }
        for choice in 0..<3 { completion.finish(choice: choice, reason: .length) }
        let choices = try body(of: completion)["choices"]?.array ?? []
        #expect(choices.map { $0["index"]?.int } == [0, 1, 2])
        #expect(choices.map { $0["message"]?["content"]?.string } == ["0", "1", "2"])
    }

    @Test func anAnswerWithoutAWord() throws {
        var completion = Completion()
        completion.finish(choice: 0, reason: .stop)
        #expect(try body(of: completion)["choices"]?[0]?["message"]?["content"] == "")
    }
}
