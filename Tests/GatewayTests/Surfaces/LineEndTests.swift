// Line ends in what clients and upstreams write never end a line of a stream.

import Conversation
import JSON
import OpenAIProtocol
import Testing

@testable import Gateway
@testable import Providers

@Suite struct LineEndTests {
    private static let began = TurnEvent.began(RouteTarget(provider: "up", model: "m"), attempts: 1)

    @Test(arguments: ["\n", "\r\n", "\r"]) func anIndentedRequestIsToldAgainOnOneLine(_ lineEnd: String) throws {
        let body = """
            {
              "model": "m",
              "input": "hi",
              "metadata": {
                "a": "b\\nc"
              },
              "tool_choice": {
                "type": "function",
                "name": "f"
              },
              "text": {
                "format": {
                  "type": "json_object"
                }
              },
              "tools": [
                {
                  "type": "function",
                  "name": "f",
                  "parameters": {
                    "type": "object"
                  }
                }
              ]
            }
            """.replacing("\n", with: lineEnd)
        let request = try ResponseRequest(parsing: Array(body.utf8))
        let document = ResponseDocument(id: "resp_t", createdAt: 1_700_000_000, model: "m", echo: request.echo)
        var answer = ResponseAnswer(document: document, token: "t", showSteps: false, isStored: true)
        var bytes: [UInt8] = []
        let said = TurnEvent.delta(ModelDelta(content: JSONText(escaping: "one\r\ntwo")))
        try answer.take([Self.began, said, .finish(choice: 0, .stop)], into: &bytes)
        _ = answer.complete(usage: Usage(), at: 1_700_000_001)
        answer.last(into: &bytes)
        try expectOneLineEach(bytes)
        let fold = try ResponseFold(bytes)
        #expect(fold.fault == nil)
        let told = try #require(fold.last)
        #expect(told["metadata"] == ["a": "b\nc"])
        #expect(told["tool_choice"] == ["type": "function", "name": "f"])
        #expect(told["text"] == ["format": ["type": "json_object"]])
        #expect(told["tools"]?[0]?["parameters"] == ["type": "object"])
    }

    /// An upstream that writes its chunks on several `data:` lines, with members that are passed on unread.
    @Test(arguments: ["\n", "\r\n"]) func anIndentedChunkIsPassedOnOnOneLine(_ lineEnd: String) async throws {
        let chunk = """
            {
              "choices": [
                {
                  "index": 0,
                  "delta": {
                    "content": "hi\\n",
                    "annotations": [
                      1,
                      2
                    ]
                  },
                  "logprobs": {
                    "content": [
                    ]
                  }
                }
              ],
              "prompt_filter_results": [
                {
                  "index": 0
                }
              ]
            }
            """
        let lines = chunk.split(separator: "\n").map { "data: \($0)\(lineEnd)" }
        var framer = SSEFramer()
        var reader = ChunkReader(provider: "up")
        var heard: [ModelEvent] = []
        for event in try framer.append(Array((lines.joined() + lineEnd).utf8)) {
            try reader.read(event.data, into: &heard)
        }
        let events = heard.compactMap { event -> TurnEvent? in
            switch event {
            case .delta(let delta): .delta(delta)
            case .metadata(let members): .metadata(members)
            case .usage, .usageDetails: nil
            }
        }
        let stream = ResponseStream()
        let sink = ChatStreamSink(
            stream: stream,
            identity: AnswerIdentity(id: "chatcmpl-1", created: 1, model: "m"),
            includeUsage: true,
            showSteps: false
        )
        try await sink.send([Self.began] + events + [.finish(choice: 0, .stop)])
        sink.finish(.finished, usage: Usage())
        let bytes = try #require(await stream.next())
        try expectOneLineEach(bytes)
        var answered = SSEFramer()
        let chunks = try answered.append(bytes).filter { !$0.isDone }.map { try JSONValue(parsing: $0.data) }
        #expect(
            chunks.allSatisfy {
                $0["prompt_filter_results"] == [["index": 0]] || $0["choices"]?[0]?["delta"]?["role"] != nil
            }
        )
        #expect(chunks.contains { $0["choices"]?[0]?["delta"] == ["annotations": [1, 2]] })
        #expect(chunks.contains { $0["choices"]?[0]?["logprobs"] == ["content": []] })
        #expect(chunks.contains { $0["choices"]?[0]?["delta"]?["content"] == "hi\n" })
    }

    /// Every line is an `event:`, a `data:` or blank, and what is behind `data:` is JSON or the end.
    private func expectOneLineEach(_ bytes: [UInt8]) throws {
        #expect(!bytes.contains(0x0D))
        for line in bytes.split(separator: 0x0A) {
            let text = String(decoding: line, as: UTF8.self)
            if text.hasPrefix("event: ") || text == "data: [DONE]" { continue }
            try #require(text.hasPrefix("data: "), "\(text)")
            _ = try JSONValue(parsing: Array(text.dropFirst(6).utf8))
        }
    }
}
