// From requests of the Responses form to those of chat.

import JSON
import OpenAIProtocol
import Testing

@testable import Gateway

@Suite struct ResponseRequestTests {
    private func request(_ members: String) throws -> ResponseRequest {
        try ResponseRequest(parsing: Array("{\"model\":\"m\",\(members)}".utf8))
    }

    private func messages(_ input: String) throws -> [JSONValue] {
        let chat = try request("\"input\":\(input)").chat()
        return try JSONValue(parsing: [0x5B] + chat.messages + [0x5D]).array ?? []
    }

    private func member(_ name: String, _ members: String) throws -> JSONValue? {
        let chat = try request("\"input\":\"x\",\(members)").chat()
        return try chat.parameters.first { $0.name == name }.map { try JSONValue(parsing: $0.json) }
    }

    /// The field that is named when a request is refused.
    private func refused(_ members: String) throws -> String? {
        do {
            _ = try request(members).chat()
        } catch let error as OpenAIError {
            #expect(error.status == 400, "\(members)")
            return error.param
        }
        Issue.record("not refused: \(members)")
        return nil
    }

    @Test func aTextIsAUsersMessage() throws {
        #expect(try messages("\"hi \\u00e9\"") == [["role": "user", "content": "hi é"]])
        let chat = try request(#""input":"hi","instructions":"Be kind.""#).chat()
        let said = try JSONValue(parsing: [0x5B] + chat.messages + [0x5D])
        #expect(said == [["role": "system", "content": "Be kind."], ["role": "user", "content": "hi"]])
        #expect(chat.isUsersTurn)
    }

    @Test func everyKindOfItem() throws {
        let said = try messages(
            #"""
            [{"role":"developer","content":"Rules."},
             {"role":"user","content":[{"type":"input_text","text":"Look:"},
                {"type":"input_image","image_url":"data:image/png;base64,AA","detail":"low"},
                {"type":"input_file","filename":"a.txt","file_data":"data:text/plain;base64,AA"}]},
             {"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"Hm."}]},
             {"type":"message","id":"msg_1","status":"completed","role":"assistant",
                "content":[{"type":"output_text","text":"One","annotations":[]},{"type":"refusal","refusal":"No"}]},
             {"type":"function_call","id":"fc_1","call_id":"a","name":"f","arguments":"{\"x\":1}","status":"completed"},
             {"type":"function_call","call_id":"b","name":"g","arguments":"{}"},
             {"type":"function_call_output","call_id":"b","output":[{"type":"input_text","text":"B"}]},
             {"type":"function_call_output","call_id":"a","output":"A"},
             {"role":"user","content":[{"type":"input_text","text":"And?"}]}]
            """#
        )
        #expect(said.map { $0["role"]?.string } == ["system", "user", "assistant", "tool", "tool", "user"])
        #expect(said[1]["content"]?[1]?["image_url"] == ["url": "data:image/png;base64,AA", "detail": "low"])
        #expect(said[1]["content"]?[2]?["file"]?["filename"] == "a.txt")
        let turn = said[2]
        #expect(turn["content"] == "One" && turn["refusal"] == "No" && turn["reasoning_content"] == "Hm.")
        #expect(turn["tool_calls"]?.array?.map { $0["id"]?.string } == ["a", "b"])
        #expect(turn["tool_calls"]?[0]?["function"] == ["name": "f", "arguments": "{\"x\":1}"])
        #expect(said[3]["tool_call_id"] == "b" && said[3]["content"] == "B")
        #expect(said[4]["tool_call_id"] == "a" && said[4]["content"] == "A")
        #expect(said[5]["content"] == "And?")
    }

    /// openai-agents' `ToolOutputImage` and its like: behind all results of the round, as with `/v1/messages`.
    @Test func imagesAndFilesOfResultsFollowThem() throws {
        let calls = ["a", "b"].map { #"{"type":"function_call","call_id":"\#($0)","name":"f","arguments":"{}"}"# }
        let results =
            #"{"type":"function_call_output","call_id":"a","output":[{"type":"input_image","image_url":"data:image/png;base64,AA","detail":"low"}]},"#
            + #"{"type":"function_call_output","call_id":"b","output":[{"type":"input_text","text":"B"},"#
            + #"{"type":"input_file","filename":"b.pdf","file_data":"data:application/pdf;base64,AA"},{"type":"input_text","text":"C"}]}"#
        let round = "\(calls.joined(separator: ",")),\(results)"
        let said = try messages("[\(round)]")
        #expect(said.map { $0["role"]?.string } == ["assistant", "tool", "tool", "user"])
        #expect(said[1]["content"] == "The result follows." && said[2]["content"] == "B\nC")
        let parts = said[3]["content"]?.array ?? []
        #expect(parts.map { $0["type"]?.string } == ["text", "image_url", "text", "file"])
        #expect(parts[0]["text"] == "The result of a:")
        #expect(parts[1]["image_url"] == ["url": "data:image/png;base64,AA", "detail": "low"])
        #expect(parts[3]["file"]?["filename"] == "b.pdf")
        // Who comes back with results has not spoken; who says more has.
        #expect(try !request(#""input":[\#(round)]"#).chat().isUsersTurn)
        #expect(try request(#""input":[\#(round),{"role":"user","content":"confirm"}]"#).chat().isUsersTurn)
        // The next round's calls and words come behind them.
        let more = #"{"role":"assistant","content":"Hm."},{"role":"user","content":"And?"}"#
        let roles = try messages("[\(round),\(more)]").map { $0["role"]?.string }
        #expect(roles == ["assistant", "tool", "tool", "user", "assistant", "user"])
    }

    @Test func aTurnInPiecesIsOneMessage() throws {
        let said = try messages(
            #"""
            [{"role":"user","content":"q"},{"role":"assistant","content":"One"},
             {"type":"function_call","call_id":"a","name":"f","arguments":"{}"},
             {"role":"assistant","content":[{"type":"output_text","text":"Two"}]},
             {"type":"function_call_output","call_id":"a","output":""},{"role":"assistant","content":[]}]
            """#
        )
        #expect(said.map { $0["role"]?.string } == ["user", "assistant", "tool", "assistant"])
        #expect(said[1]["content"] == "One\n\nTwo")
    }

    /// Some servers count their calls from the same number in each answer.
    @Test func anIdMayComeAgainOnceItIsAnswered() throws {
        let round = #"""
            {"type":"function_call","call_id":"call_0","name":"f","arguments":"{}"},
            {"type":"function_call_output","call_id":"call_0","output":"x"}
            """#
        let said = try messages("[\(round),\(round)]")
        #expect(said.map { $0["role"]?.string } == ["assistant", "tool", "assistant", "tool"])
        let call = #"{"type":"function_call","call_id":"call_0","name":"f","arguments":"{}"}"#
        let error = #expect(throws: OpenAIError.self) { try messages("[\(call),\(call)]") }
        #expect(error?.param == "input[1].call_id")
    }

    @Test func toolsChoiceAndForm() throws {
        let tool =
            #""tools":[{"type":"function","name":"f","description":"d","parameters":{"type":"object"},"strict":true}]"#
        let chat = try request("\"input\":\"x\",\(tool),\"tool_choice\":{\"type\":\"function\",\"name\":\"f\"}").chat()
        let told = try JSONValue(parsing: try #require(chat.tools.first).json)
        #expect(
            told["function"] == ["name": "f", "description": "d", "parameters": ["type": "object"], "strict": true]
        )
        #expect(chat.toolChoice == ["type": "function", "function": ["name": "f"]])
        let allowed = #""tool_choice":{"type":"allowed_tools","mode":"auto","tools":[{"type":"function","name":"f"}]}"#
        let some = try request("\"input\":\"x\",\(tool),\(allowed)").chat()
        #expect(
            some.toolChoice
                == [
                    "type": "allowed_tools",
                    "allowed_tools": ["mode": "auto", "tools": [["type": "function", "function": ["name": "f"]]]],
                ]
        )
        let schema = #""text":{"format":{"type":"json_schema","name":"n","schema":{"type":"object"},"strict":true}}"#
        #expect(
            try member("response_format", schema)
                == ["type": "json_schema", "json_schema": ["name": "n", "schema": ["type": "object"], "strict": true]]
        )
        #expect(try member("response_format", #""text":{"format":{"type":"json_object"}}"#) == ["type": "json_object"])
        #expect(try member("response_format", #""text":{"format":{"type":"text"}}"#) == nil)
    }

    @Test func otherFieldsUnderChatsNames() throws {
        #expect(try member("max_completion_tokens", #""max_output_tokens":7"#) == 7)
        #expect(try member("reasoning_effort", #""reasoning":{"effort":"low","summary":"auto"}"#) == "low")
        #expect(try member("verbosity", #""text":{"verbosity":"low"}"#) == "low")
        #expect(try member("temperature", #""temperature":0.5"#)?.double == 0.5)
        // What is the gateway's own business does not go to an upstream.
        #expect(try member("store", #""store":true"#) == nil)
        #expect(try member("metadata", #""metadata":{"a":"b"}"#) == nil)
    }

    @Test func whatHasNoEffectIsNamed() throws {
        let fields = #"""
            "input":"x","stream":true,"truncation":"auto","include":["reasoning.encrypted_content"],"max_tool_calls":3,
            "top_logprobs":2,"reasoning":{"context":"all"},"stream_options":{"include_obfuscation":false,"other":1},"foo":1
            """#
        #expect(
            Set(try request(fields).ignored) == [
                "truncation", "include.reasoning.encrypted_content", "max_tool_calls", "top_logprobs",
                "reasoning.context", "stream_options.other", "foo",
            ]
        )
        #expect(try request(#""input":"x","include":[],"truncation":"disabled","background":false"#).ignored.isEmpty)
    }

    @Test(arguments: [
        (#""x":1"#, "input"), (#""input":7"#, "input"), (#""input":[]"#, "input"), (#""input":[7]"#, "input[0]"),
        (#""input":[{"role":"tool","content":"x"}]"#, "input[0].role"),
        (#""input":[{"role":"user"}]"#, "input[0].content"),
        (#""input":[{"role":"user","content":[{"type":"text","text":"x"}]}]"#, "input[0].content[0].type"),
        (#""input":[{"role":"user","content":[{"type":"input_image"}]}]"#, "input[0].content[0].image_url"),
        (
            #""input":[{"role":"user","content":[{"type":"input_file","file_id":"f"}]}]"#, "input[0].content[0].file_id"
        ),
        (#""input":[{"type":"web_search_call"}]"#, "input[0].type"),
        (#""input":[{"type":"function_call","call_id":"a","name":"f"}]"#, "input[0].arguments"),
        (#""input":[{"type":"function_call","call_id":"a","name":"f","arguments":"{}"}]"#, "input"),
        (#""input":[{"type":"function_call_output","call_id":"a","output":"x"}]"#, "input[0].call_id"),
        (
            #""input":[{"type":"function_call","call_id":"a","name":"f","arguments":"{}"},"#
                + #"{"type":"function_call_output","call_id":"a","output":[{"type":"input_image","file_id":"f"}]}]"#,
            "input[1].output[0].file_id"
        ),
        (#""input":"x","tools":[{"type":"web_search"}]"#, "tools[0].type"),
        (#""input":"x","tools":[{"type":"function"}]"#, "tools[0].name"),
        (
            #""input":"x","tools":[{"type":"function","name":"f"},{"type":"function","name":"f"}]"#, "tools[1].name"
        ),
        (#""input":"x","tool_choice":{"type":"file_search"}"#, "tool_choice.type"),
        (#""input":"x","text":{"format":{"type":"xml"}}"#, "text.format.type"),
        (#""input":"x","text":{"verbosity":"loud"}"#, "text.verbosity"),
        (#""input":"x","background":true"#, "background"), (#""input":"x","conversation":"c"# + "\"", "conversation"),
        (#""input":"x","prompt":{"id":"p"}"#, "prompt"), (#""input":"x","temperature":3"#, "temperature"),
        (#""input":"x","max_output_tokens":0"#, "max_output_tokens"), (#""input":"x","stream":"yes""#, "stream"),
        (#""input":"x","stream_options":{}"#, "stream_options"), (#""input":"x","metadata":{"a":1}"#, "metadata"),
    ])
    func whatIsRefusedNamesItsField(_ members: String, _ field: String) throws {
        #expect(try refused(members) == field, "\(members)")
    }

    @Test func hostileInputIsRefusedOrReadNeverMore() throws {
        let deep = String(repeating: "[", count: 500) + String(repeating: "]", count: 500)
        for body in ["", "[]", "null", "{\"model\":\"m\",\"input\":\(deep)}", "{\"model\":7,\"input\":\"x\"}"] {
            #expect(throws: OpenAIError.self, "\(body.prefix(40))") { try ResponseRequest(parsing: Array(body.utf8)) }
        }
        // Members that are there twice, control characters, quotes: the last counts, and a text stays a text.
        let twice = try messages(#"[{"role":"system","role":"user","content":"\"},{\"role\":\"system\u0000"}]"#)
        #expect(twice == [["role": "user", "content": "\"},{\"role\":\"system\0"]])
        var random = SystemRandomNumberGenerator()
        let valid = Array(
            #"{"model":"m","input":[{"role":"user","content":[{"type":"input_text","text":"x"}]},{"type":"function_call","call_id":"a","name":"f","arguments":"{}"},{"type":"function_call_output","call_id":"a","output":"y"}],"tools":[{"type":"function","name":"f"}]}"#
                .utf8
        )
        for _ in 0..<2_000 {
            var bytes = valid
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0x20...0x7E, using: &random)
            }
            do throws(OpenAIError) {
                _ = try ResponseRequest(parsing: bytes).chat()
            } catch {
                #expect(error.status == 400, "\(String(decoding: bytes, as: UTF8.self))")
            }
        }
    }

    @Test func referencesNeedWhatTheyReferTo() throws {
        var asked = try request(
            #""input":[{"type":"item_reference","id":"msg_x"},{"id":"rs_y"},{"role":"user","content":"q"}]"#
        )
        #expect(asked.references == ["msg_x", "rs_y"])
        let kept = try JSONDocument(parsing: #"{"type":"message","role":"assistant","content":"said"}"#).root
        try asked.resolve { _ in kept }
        #expect(try asked.chat().messages.count > 0)
        var lost = try request(#""input":[{"type":"item_reference","id":"msg_x"}]"#)
        #expect(throws: OpenAIError.self) { try lost.resolve { _ in nil } }
        #expect(
            ResponseID.response(ofItem: ResponseID.item("msg_", token: String(repeating: "a", count: 24), index: 7))
                == "resp_" + String(repeating: "a", count: 24)
        )
        #expect(ResponseID.response(ofItem: "msg_short") == nil)
    }
}
