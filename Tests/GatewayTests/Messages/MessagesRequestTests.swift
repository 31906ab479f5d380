// From Anthropic's form to ours: what is translated, what is named as ignored, what is refused and how.

import JSON
import OpenAIProtocol
import Testing

@testable import Gateway

@Suite struct MessagesRequestTests {
    private func read(_ members: String, messages: String = #"[{"role":"user","content":"hi"}]"#) throws
        -> MessagesRequest
    {
        let body =
            "{\"model\":\"m\",\"max_tokens\":100,\"messages\":\(messages)\(members.isEmpty ? "" : ",")\(members)}"
        return try MessagesRequest(parsing: Array(body.utf8))
    }

    private func talk(_ messages: String, _ members: String = "") throws -> [JSONValue] {
        let request = try read(members, messages: messages)
        return try JSONValue(parsing: [0x5B] + request.chat.messages + [0x5D]).array ?? []
    }

    private func parameter(_ name: String, of request: MessagesRequest) throws -> JSONValue? {
        try request.chat.parameters.first { $0.name == name }.map { try JSONValue(parsing: $0.json) }
    }

    @Test func parametersThatMeanTheSame() throws {
        let request = try read(
            #""temperature":0.5,"top_p":0.9,"stop_sequences":["A","B"],"metadata":{"user_id":"u1"},"stream":true,"system":"be brief""#
        )
        #expect(request.chat.model == "m")
        #expect(request.chat.stream)
        #expect(try parameter("max_tokens", of: request) == 100)
        #expect(try parameter("temperature", of: request) == 0.5)
        #expect(try parameter("stop", of: request) == ["A", "B"])
        #expect(try parameter("user", of: request) == "u1")
        #expect(request.stopSequences == ["A", "B"])
        #expect(request.chat.ignored.isEmpty)
        #expect(request.chat.isUsersTurn)
    }

    @Test func systemAsTextAndAsBlocks() throws {
        let expected: [JSONValue] = [
            ["role": "system", "content": "a \"b\"\n\nc"], ["role": "user", "content": "hi"],
        ]
        let messages = #"[{"role":"user","content":"hi"}]"#
        #expect(try talk(messages, #""system":"a \"b\"\n\nc""#) == expected)
        #expect(
            try talk(
                messages,
                #""system":[{"type":"text","text":"a \"b\"","cache_control":{"type":"ephemeral"}},{"type":"text","text":"c"}]"#
            ) == expected
        )
        let request = try read(
            #""system":[{"type":"text","text":"a","cache_control":{"type":"ephemeral"}}],"top_k":5,"service_tier":"auto""#
        )
        #expect(request.chat.ignored == ["top_k", "service_tier", "cache_control"])
    }

    @Test func imagesAndDocuments() throws {
        let messages = try talk(
            #"""
            [{"role":"user","content":[
              {"type":"text","text":"look"},
              {"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBORw0KGgo="}},
              {"type":"image","source":{"type":"url","url":"https://example.com/a.png"}},
              {"type":"document","title":"t","source":{"type":"text","media_type":"text/plain","data":"words"}},
              {"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"JVBERi0="}}]}]
            """#
        )
        let parts = try #require(messages.first?["content"]?.array)
        #expect(parts[0] == ["type": "text", "text": "look"])
        #expect(parts[1] == ["type": "image_url", "image_url": ["url": "data:image/png;base64,iVBORw0KGgo="]])
        #expect(parts[2] == ["type": "image_url", "image_url": ["url": "https://example.com/a.png"]])
        #expect(parts[4] == ["type": "text", "text": "words"])
        #expect(
            parts[5] == [
                "type": "file",
                "file": ["filename": "document.pdf", "file_data": "data:application/pdf;base64,JVBERi0="],
            ]
        )
    }

    @Test func aToolsRoundTripWithImagesAndErrorsInResults() throws {
        let messages = try talk(
            #"""
            [{"role":"user","content":"go"},
             {"role":"assistant","content":[
               {"type":"thinking","thinking":"hm","signature":""},{"type":"redacted_thinking","data":"x"},
               {"type":"text","text":"well"},
               {"type":"tool_use","id":"c1","name":"f","input":{"a":"\u00e9\n"}},
               {"type":"tool_use","id":"c2","name":"g","input":{}}]},
             {"role":"user","content":[{"type":"text","text":"and hurry"},
               {"type":"tool_result","tool_use_id":"c2","is_error":true,"content":"no such host"},
               {"type":"tool_result","tool_use_id":"c1","content":[{"type":"text","text":"x"},{"type":"text","text":"y"},
                 {"type":"image","source":{"type":"base64","media_type":"image/gif","data":"R0lG"}}]}]}]
            """#
        )
        #expect(messages.map { $0["role"]?.string } == ["user", "assistant", "tool", "tool", "user"])
        #expect(messages[1]["content"] == "well")
        #expect(messages[1]["reasoning_content"] == "hm")
        let calls = try #require(messages[1]["tool_calls"]?.array)
        #expect(calls.map { $0["id"]?.string } == ["c1", "c2"])
        let arguments = try #require(calls[0]["function"]?["arguments"]?.string)
        #expect(try JSONValue(parsing: arguments) == ["a": "é\n"])
        #expect(messages[2] == ["role": "tool", "tool_call_id": "c2", "content": "Error: no such host"])
        #expect(messages[3] == ["role": "tool", "tool_call_id": "c1", "content": "x\ny"])
        let parts = try #require(messages[4]["content"]?.array)
        #expect(parts.map { $0["type"]?.string } == ["text", "text", "image_url"])
        #expect(parts[0]["text"] == "and hurry")
    }

    /// Providers that have a word for a failed call are told what was put before its text; an id that was given to a call that
    /// went well, too, says nothing.
    @Test func failedResultsAreKnown() throws {
        func round(_ id: String, _ result: String) -> String {
            #"{"role":"assistant","content":[{"type":"tool_use","id":"\#(id)","name":"f","input":{}}]},"#
                + #"{"role":"user","content":[{"type":"tool_result","tool_use_id":"\#(id)",\#(result)}]}"#
        }
        let failed = #""is_error":true,"content":"no such host""#
        let rounds = [
            round("a", failed), round("b", #""is_error":true,"content":"Error 7""#), round("c", #""content":"x""#),
            round("d", failed), round("d", #""content":"Error: x""#), round("e", #""content":"x""#), round("e", failed),
        ]
        let chat = try read("", messages: "[\(rounds.joined(separator: ","))]").chat
        #expect(chat.failedResults == ["a": "Error: ", "b": ""])
    }

    private static func stops(_ count: Int) -> String {
        (1...count).map { "\"\($0)\"" }.joined(separator: ",")
    }

    /// As many as no upstream of ours has been seen to take.
    @Test func manyStopSequences() throws {
        let request = try read(#""stop_sequences":[\#(Self.stops(64))]"#)
        #expect(request.stopSequences.count == 64)
        #expect(try parameter("stop", of: request)?.array?.count == 64)
    }

    @Test func whoComesBackWithResultsHasNotSpoken() throws {
        let results = try read(
            "",
            messages: #"""
                [{"role":"assistant","content":[{"type":"tool_use","id":"c","name":"f","input":{}}]},
                 {"role":"user","content":[{"type":"tool_result","tool_use_id":"c","content":"1"},
                   {"type":"text","text":"confirm ABC123"}]}]
                """#
        )
        #expect(!results.chat.isUsersTurn)
        #expect(results.chat.assistantCalls.map(\.ids) == [["c"]])
        let spoken = try read("", messages: #"[{"role":"user","content":[{"type":"text","text":"confirm ABC123"}]}]"#)
        #expect(spoken.chat.isUsersTurn)
        // A single text block is a text, so that what is recognised in one form is so in the other.
        #expect(String(decoding: spoken.chat.messages, as: UTF8.self) == #"{"role":"user","content":"confirm ABC123"}"#)
    }

    @Test func toolsAndTheirChoice() throws {
        let tools =
            #""tools":[{"name":"f","description":"d","input_schema":{"type":"object","properties":{"a":{"type":"string"}}},"strict":true,"cache_control":{"type":"ephemeral"}},{"type":"custom","name":"g","input_schema":{"type":"object"}}]"#
        let request = try read(tools + #","tool_choice":{"type":"tool","name":"f","disable_parallel_tool_use":true}"#)
        #expect(request.chat.tools.map(\.name) == ["f", "g"])
        #expect(
            try JSONValue(parsing: request.chat.tools[0].json) == [
                "type": "function",
                "function": [
                    "name": "f", "description": "d",
                    "parameters": ["type": "object", "properties": ["a": ["type": "string"]]], "strict": true,
                ],
            ]
        )
        #expect(request.chat.toolChoice == ["type": "function", "function": ["name": "f"]])
        #expect(try parameter("parallel_tool_calls", of: request) == false)
        #expect(request.chat.ignored == ["tools.cache_control"])
        for (theirs, ours) in [("any", "required"), ("auto", "auto"), ("none", "none")] {
            #expect(try read(tools + ",\"tool_choice\":{\"type\":\"\(theirs)\"}").chat.toolChoice == .string(ours))
        }
    }

    @Test(
        arguments: [
            (#""thinking":{"type":"enabled","budget_tokens":1024}"#, "low"),
            (#""thinking":{"type":"enabled","budget_tokens":8192}"#, "medium"),
            (#""thinking":{"type":"enabled","budget_tokens":32000}"#, "high"),
            (#""thinking":{"type":"adaptive"}"#, "high"),
            (#""thinking":{"type":"adaptive"},"output_config":{"effort":"low"}"#, "low"),
            (#""output_config":{"effort":"max"}"#, "xhigh"),
            (#""thinking":{"type":"disabled"},"output_config":{"effort":"low"}"#, nil),
            ("", nil),
        ] as [(String, String?)]
    )
    func thinkingBecomesAnEffort(_ members: String, _ effort: String?) throws {
        #expect(try parameter("reasoning_effort", of: try read(members))?.string == effort)
    }

    @Test func structuredOutputs() throws {
        let request = try read(
            #""output_config":{"format":{"type":"json_schema","schema":{"type":"object","properties":{}}}}"#
        )
        #expect(
            try parameter("response_format", of: request) == [
                "type": "json_schema",
                "json_schema": ["name": "answer", "schema": ["type": "object", "properties": [:]]],
            ]
        )
    }

    @Test func countingNeedsNoMaximum() throws {
        let body = Array(#"{"model":"m","messages":[{"role":"user","content":"12345678"}]}"#.utf8)
        #expect(try MessagesRequest(parsing: body, for: .count).size.estimatedTokens == 2)
        #expect(throws: OpenAIError.self) { try MessagesRequest(parsing: body) }
    }

    @Test(arguments: [
        (#"{"max_tokens":1,"messages":[]}"#, "model"),
        (#"{"model":"m","messages":[{"role":"user","content":"x"}]}"#, "max_tokens"),
        (#"{"model":"m","max_tokens":0,"messages":[{"role":"user","content":"x"}]}"#, "max_tokens"),
        (#"{"model":"m","max_tokens":"9","messages":[{"role":"user","content":"x"}]}"#, "max_tokens"),
        (#"{"model":"m","max_tokens":1}"#, "messages"),
        (#"{"model":"m","max_tokens":1,"messages":[]}"#, "messages"),
        (#"{"model":"m","max_tokens":1,"messages":{}}"#, "messages"),
        (#"{"model":"m","max_tokens":1,"messages":[7]}"#, "messages.0"),
        (#"{"model":"m","max_tokens":1,"messages":[{"role":"tool","content":"x"}]}"#, "messages.0.role"),
        (#"{"model":"m","max_tokens":1,"messages":[{"role":"user"}]}"#, "messages.0.content"),
        (#"{"model":"m","max_tokens":1,"messages":[{"role":"user","content":5}]}"#, "messages.0.content"),
        (
            #"{"model":"m","max_tokens":1,"messages":[{"role":"user","content":[{"text":"x"}]}]}"#,
            "messages.0.content.0.type"
        ),
        (
            #"{"model":"m","max_tokens":1,"messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"nobody"}]}]}"#,
            "messages.0.content.0.tool_use_id"
        ),
        (
            #"{"model":"m","max_tokens":1,"messages":[{"role":"assistant","content":[{"type":"tool_use","id":"c","name":"f","input":{}}]},{"role":"user","content":"x"}]}"#,
            "messages.1"
        ),
        (
            #"{"model":"m","max_tokens":1,"messages":[{"role":"assistant","content":[{"type":"tool_use","id":"c","name":"f","input":{}}]}]}"#,
            "messages.0"
        ),
        (
            #"{"model":"m","max_tokens":1,"messages":[{"role":"assistant","content":[{"type":"tool_use","id":"c","name":"f","input":[]}]}]}"#,
            "messages.0.content.0.input"
        ),
        (
            #"{"model":"m","max_tokens":1,"messages":[{"role":"user","content":[{"type":"image","source":{"type":"base64","media_type":"image/svg+xml","data":"x"}}]}]}"#,
            "messages.0.content.0.source.media_type"
        ),
        (
            #"{"model":"m","max_tokens":1,"messages":[{"role":"user","content":[{"type":"image","source":{"type":"url","url":"file:///etc/passwd"}}]}]}"#,
            "messages.0.content.0.source.url"
        ),
        (
            #"{"model":"m","max_tokens":1,"messages":[{"role":"user","content":[{"type":"image","source":{"type":"file","file_id":"f"}}]}]}"#,
            "messages.0.content.0.source.type"
        ),
        (
            #"{"model":"m","max_tokens":1,"messages":[{"role":"assistant","content":[{"type":"server_tool_use","id":"s","name":"web_search","input":{}}]}]}"#,
            "messages.0.content.0.type"
        ),
        (#"{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"x"}],"temperature":1.5}"#, "temperature"),
        (#"{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"x"}],"system":7}"#, "system"),
        (
            #"{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"x"}],"system":[{"type":"image"}]}"#,
            "system.0"
        ),
        (
            #"{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"x"}],"stop_sequences":["a",""]}"#,
            "stop_sequences.1"
        ),
        (
            #"{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"x"}],"stop_sequences":[\#(stops(65))]}"#,
            "stop_sequences"
        ),
        (
            #"{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"x"}],"tools":[{"name":"f"}]}"#,
            "tools.0.input_schema"
        ),
        (
            #"{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"x"}],"tools":[{"type":"bash_20250124","name":"bash"}]}"#,
            "tools.0.type"
        ),
        (
            #"{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"x"}],"tools":[{"name":"a b","input_schema":{}}]}"#,
            "tools.0.name"
        ),
        (
            #"{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"x"}],"tools":[{"name":"f","input_schema":{}},{"name":"f","input_schema":{}}]}"#,
            "tools.1.name"
        ),
        (
            #"{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"x"}],"tool_choice":"auto"}"#,
            "tool_choice"
        ),
        (
            #"{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"x"}],"tool_choice":{"type":"force"}}"#,
            "tool_choice.type"
        ),
        (
            #"{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"x"}],"thinking":{"type":"enabled","budget_tokens":10}}"#,
            "thinking.budget_tokens"
        ),
        (#"{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"x"}],"thinking":{}}"#, "thinking.type"),
        (
            #"{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"x"}],"mcp_servers":[{"type":"url"}]}"#,
            "mcp_servers"
        ),
        (#"{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"x"}],"container":"c"}"#, "container"),
        (#"{"model":"m","model":"n","max_tokens":1,"messages":[{"role":"user","content":"x"}]}"#, "model"),
    ])
    func whatIsWrongIsNamed(_ body: String, _ field: String) {
        let error = #expect(throws: OpenAIError.self) { try MessagesRequest(parsing: Array(body.utf8)) }
        #expect(error?.status == 400)
        #expect(error?.param == field)
        #expect(error?.message.contains(field) == true)
        if let error { #expect(AnthropicError(error).type == "invalid_request_error") }
    }

    @Test(arguments: [
        "", "{", "[]", "null", "\"x\"", "{\"model\":}", "\u{FEFF}{}", String(repeating: "[", count: 5000),
    ])
    func whatIsNoRequestIsRefused(_ body: String) {
        let error = #expect(throws: OpenAIError.self) { try MessagesRequest(parsing: Array(body.utf8)) }
        #expect(error?.status == 400)
    }

    /// Hostile bodies: whatever is cut, doubled or swapped in a good one is read or refused with 400, and what is read
    /// is a conversation that every upstream would take.
    @Test func brokenBodiesAreReadOrRefused() throws {
        let good = Array(
            #"""
            {"model":"m","max_tokens":5,"system":[{"type":"text","text":"s"}],"tools":[{"name":"f","input_schema":{"type":"object"}}],"messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"image","source":{"type":"url","url":"https://a/b"}}]},{"role":"assistant","content":[{"type":"thinking","thinking":"t"},{"type":"tool_use","id":"c","name":"f","input":{"a":1}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"c","content":[{"type":"text","text":"r"}]}]}],"stop_sequences":["x"]}
            """#.utf8
        )
        var generator = SystemRandomNumberGenerator()
        let words = ["null", "7", "\"\"", "[]", "{}", "true", "[[]]", "\"tool_result\"", "\"user\"", "-1e999"].map {
            Array($0.utf8)
        }
        for _ in 0..<3_000 {
            var body = good
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                let start = Int.random(in: 0..<body.count, using: &generator)
                let end = min(body.count, start + Int.random(in: 0...12, using: &generator))
                let word = Bool.random(using: &generator) ? [] : words.randomElement(using: &generator) ?? []
                body.replaceSubrange(start..<end, with: word)
            }
            do {
                let request = try MessagesRequest(parsing: body)
                let messages = try #require(try JSONValue(parsing: [0x5B] + request.chat.messages + [0x5D]).array)
                #expect(!messages.isEmpty)
            } catch let error as OpenAIError {
                #expect(error.status == 400, "\(String(decoding: body, as: UTF8.self))")
            }
        }
        let text = String(decoding: good, as: UTF8.self).replacing("\"a\":1", with: "\"a\":2")
        #expect(throws: Never.self) { try MessagesRequest(parsing: Array(text.utf8)) }
    }
}
