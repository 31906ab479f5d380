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

    /// Without a demand the server holds the model to calls and to an answer, and the answer comes as words again.
    @Test func itMayCallOrSpeak() async throws {
        let model = Model(["{\"ans", "wer\": \"a\\", "n\\\"b\\\" \\u00", "e9 漢\"", "}"])
        let provider = PromptedToolsProvider(wrapping: model, writesJSONSchema: true)
        let round = try await provider.start(call([#"{"role":"user","content":"hi"}"#]))
        let heard = Heard(try await round.next(patience: nil) ?? [])
        #expect(heard.content == "a\n\"b\" é 漢")
        #expect(heard.finishes == [.stop])
        let sent = try #require(model.calls.withLock { $0.first })
        let parameters = try JSONValue(parsing: [0x7B] + sent.parameters + [0x7D])
        let forms = parameters["response_format"]?["json_schema"]?["schema"]?["anyOf"]
        #expect(forms?[0]?["properties"]?["tool"]?["enum"] == ["f.x"])
        #expect(forms?[1]?["required"] == ["answer"] && forms?[2] == nil)
        let words = String(decoding: sent.messages[0], as: UTF8.self)
        #expect(words.contains("answer") && !words.contains("plain text"))
    }

    @Test func aCallAmongBoth() async throws {
        let model = Model(["{\"tool\":\"f.x\",", "\"arguments\":{\"a\":1}}"])
        let provider = PromptedToolsProvider(wrapping: model, writesJSONSchema: true)
        let round = try await provider.start(call([#"{"role":"user","content":"hi"}"#]))
        let heard = Heard(try await round.next(patience: nil) ?? [])
        #expect(heard.calls == [#"f.x({"a":1})"#] && heard.content.isEmpty && heard.finishes == [.toolCalls])
    }

    /// A caller's own form of answers stays; servers that are not bound to any are not asked for one.
    @Test(arguments: [true, false]) func whereItIsNotAsked(_ writes: Bool) async throws {
        let model = Model(["{\"answer\":\"x\"}"])
        var asked = call([#"{"role":"user","content":"hi"}"#])
        if writes { asked.parameters = Array(#""response_format":{"type":"json_object"}"#.utf8) }
        let provider = PromptedToolsProvider(wrapping: model, writesJSONSchema: writes)
        let round = try await provider.start(asked)
        #expect(Heard(try await round.next(patience: nil) ?? []).content == "{\"answer\":\"x\"}")
        let sent = String(decoding: model.calls.withLock { $0[0].parameters }, as: UTF8.self)
        #expect(sent.contains("json_object") == writes && !sent.contains("json_schema"))
    }

    /// Definitions move to the root, each tool's under names of its own, and references follow.
    @Test func definitionsOfTools() throws {
        func tool(_ name: String, _ parameters: String) throws -> ToolSelection.Tool {
            .init(name: name, description: nil, parameters: try JSONValue(parsing: parameters), isStrict: false)
        }
        let format = CallSchema.format(
            [
                try tool(
                    "a",
                    ##"{"properties":{"x":{"$ref":"#/$defs/P"},"$ref":{"type":"string"}},"$defs":{"P":{"items":{"$ref":"#/$defs/P/x"}}}}"##
                ),
                try tool(
                    "b",
                    ##"{"properties":{"x":{"$ref":"#/definitions/P"},"y":{"$ref":"#"}},"definitions":{"P":{"const":{"$ref":"#"}}}}"##
                ),
            ],
            names: ToolNames(["a", "b"]),
            allowsAnswer: true
        )
        let schema = format["json_schema"]?["schema"]
        func arguments(_ index: Int) -> JSONValue? { schema?["anyOf"]?[index]?["properties"]?["arguments"] }
        #expect(arguments(0)?["properties"]?["x"] == ["$ref": "#/$defs/t0_P"])
        #expect(arguments(0)?["properties"]?["$ref"] == ["type": "string"])
        #expect(arguments(0)?["$defs"] == nil)
        #expect(arguments(1) == ["$ref": "#/$defs/t1"])
        #expect(schema?["$defs"]?["t0_P"] == ["items": ["$ref": "#/$defs/t0_P/x"]])
        #expect(schema?["$defs"]?["t1"]?["properties"] == ["x": ["$ref": "#/$defs/t1_P"], "y": ["$ref": "#/$defs/t1"]])
        #expect(schema?["$defs"]?["t1_P"] == ["const": ["$ref": "#"]])
    }

    /// However the text is cut, and whatever it is.
    @Test(arguments: [
        ("{\"answer\":\"a\\\\ \\ud83d\\ude00\\n\"}", "a\\ 😀\n"), (" {\n \"answer\" : \"\"}\n", ""),
        ("Hello {\"answer\":\"x\"}", "Hello {\"answer\":\"x\"}"), ("{\"answers\":1}", "{\"answers\":1}"),
        ("{\"answer\":[1]}", "{\"answer\":[1]}"), ("{\"ans", "{\"ans"), ("{\"answer\":\"cut \\u00", "cut "),
        ("{\"answer\":\"a\nb\\q\"} more", "a\nb\\qmore"),
    ]) func unwrapping(_ text: String, _ expected: String) throws {
        for size in 1...4 {
            var unwrapper = AnswerUnwrapper()
            var pieces: [AnswerUnwrapper.Piece] = []
            var rest = Array(text)[...]
            while !rest.isEmpty {
                pieces += unwrapper.take(String(rest.prefix(size)))
                rest = rest.dropFirst(size)
            }
            var heard = JSONText()
            for piece in pieces + unwrapper.end() {
                switch piece {
                case .answer(let text): heard.append(text)
                case .other(let text): heard.append(JSONText(escaping: text))
                }
            }
            #expect(heard.decoded == expected)
            _ = try JSONValue(parsing: [0x22] + heard.bytes + [0x22])
        }
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
