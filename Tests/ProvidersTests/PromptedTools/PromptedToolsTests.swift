// Tools for a model without: what it is told, and what comes of its answer.

import HTTPTransport
import JSON
import OpenAIProtocol
import Synchronization
import Testing

@testable import Providers

@Suite struct PromptedToolsTests {
    private final class Model: ModelProvider {
        let name = "plain"
        let pieces: [String]
        let calls = Mutex<[ModelCall]>([])

        init(_ pieces: [String]) { self.pieces = pieces }

        func start(_ call: ModelCall) async throws(ProviderFailure) -> any ModelRound {
            calls.withLock { $0.append(call) }
            return FinishedRound(
                pieces.map { .delta(ModelDelta(content: JSONText(escaping: $0))) } + [.delta(ModelDelta(finish: .stop))]
            )
        }
    }

    private let tool = ModelTool(
        name: "f.x",
        json: Array(#"{"type":"function","function":{"name":"f.x","parameters":{"type":"object"}}}"#.utf8)
    )

    private func call(_ messages: [String], choice: JSONValue? = nil) -> ModelCall {
        ModelCall(
            model: "m",
            messages: messages.map { Array($0.utf8) },
            tools: [tool],
            toolChoice: choice,
            parameters: Array(#""temperature":0.20,"parallel_tool_calls":true"#.utf8),
            stream: true,
            requestID: "r"
        )
    }

    @Test func aCallIsHeardAsOne() async throws {
        let model = Model(["Well.\n{\"tool\":\"f", ".x\",\"arguments\":{\"a\":1}}", " done"])
        let provider = PromptedToolsProvider(wrapping: model)
        let round = try await provider.start(call([#"{"role":"user","content":"hi"}"#]))
        var events: [ModelEvent] = []
        while let some = try await round.next(patience: nil) { events += some }
        let heard = Heard(events)
        #expect(heard.content == "Well.\n")
        #expect(heard.calls == [#"f.x({"a":1})"#])
        #expect(heard.finishes == [.toolCalls])
    }

    @Test func theConversationIsText() async throws {
        let model = Model(["ok"])
        _ = try await PromptedToolsProvider(wrapping: model, writesJSONSchema: true).start(
            call(
                [
                    #"{"role":"system","content":"be brief"},{"role":"user","content": "hi" }"#,
                    #"{"role":"assistant","content":null,"tool_calls":[{"id":"1","type":"function","function":{"name":"f.x","arguments":"{\"a\":1}"}}]}"#,
                    #"{"role":"tool","tool_call_id":"1","content":"5"}"#,
                ],
                choice: "required"
            )
        )
        let sent = try #require(model.calls.withLock { $0.first })
        let texts = sent.messages.map { String(decoding: $0, as: UTF8.self) }
        #expect(sent.tools.isEmpty && sent.toolChoice == nil)
        #expect(texts[0].hasPrefix(#"{"role":"system","content":"be brief\n\nYou can use tools."#))
        #expect(texts[0].contains("f.x"))
        #expect(texts[1] == #"{"role":"user","content": "hi" }"#)
        #expect(texts[2] == #"{"role":"assistant","content":"{\"tool\":\"f.x\",\"arguments\":{\"a\":1}}"}"#)
        #expect(texts[3] == #"{"role":"user","content":"Result of f.x:\n5"}"#)
        let parameters = try JSONValue(parsing: [0x7B] + sent.parameters + [0x7D])
        #expect(parameters["parallel_tool_calls"] == nil)
        #expect(parameters["response_format"]?["type"] == "json_schema")
    }

    @Test func noneMeansNone() async throws {
        let model = Model(["{\"tool\":\"f.x\"}"])
        let round = try await PromptedToolsProvider(wrapping: model).start(
            call([#"{"role":"user","content":"hi"}"#], choice: "none")
        )
        #expect(Heard(try await round.next(patience: nil) ?? []).content == "{\"tool\":\"f.x\"}")
    }

    /// The halves of a surrogate pair come in two pieces, and are one character again.
    @Test func aCharacterInTwoPieces() async throws {
        var halves = (JSONText(), JSONText())
        halves.0.bytes = Array(#"a\ud83d"#.utf8)
        halves.1.bytes = Array(#"\ude00b"#.utf8)
        let round = PromptedRound(
            FinishedRound([.delta(ModelDelta(content: halves.0)), .delta(ModelDelta(content: halves.1))]),
            tools: ["f"]
        )
        #expect(Heard(try await round.next(patience: nil) ?? []).content == "a😀b")
    }
}
