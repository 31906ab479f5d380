// Conversations and parameters through every adapter, to servers that refuse what the vendor would.

import HTTPTransport
import JSON
import OpenAIProtocol
import Testing

@testable import Providers

@Suite(.timeLimit(.minutes(10))) struct RoundTripTests {
    private let base = ConformanceTests()
    private static let tool =
        ##"{"type":"function","function":{"name":"db.query","description":"d","parameters":{"$schema":"x","type":"object","properties":{"q":{"type":["string","null"],"default":"a"},"deep":{"$ref":"#/$defs/node"},"list":{"type":"array"}},"required":["q"],"additionalProperties":false,"$defs":{"node":{"type":"object","properties":{"next":{"$ref":"#/$defs/node"},"kind":{"const":"a"},"n":{"enum":[1,2]}}}}},"strict":true}}"##
    private static let plain = #"{"type":"function","function":{"name":"now"}}"#

    /// The body that the server got last.
    private func body(_ server: TinyServer) throws -> JSONValue {
        let request = try #require(server.requests.last)
        let start = try #require(request.firstRange(of: "\r\n\r\n"))
        return try JSONValue(parsing: String(request[start.upperBound...]))
    }

    /// A conversation with everything that clients send, each of it a trap for some vendor.
    private static let conversation = [
        #"{"role":"system","content":"be brief"},{"role":"assistant","content":"hello"}"#,
        #"{"role":"user","content":[{"type":"text","text":"look"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}]}"#,
        #"{"role":"user","content":"  "}"#,
        #"{"role":"assistant","content":null,"tool_calls":[{"id":"call.1","type":"function","function":{"name":"db.query","arguments":""}},{"id":"c2","type":"function","function":{"name":"now","arguments":"{\"a\":1}"}},{"id":"c3","type":"function","function":{"name":"now","arguments":"oops"}}]}"#,
        #"{"role":"tool","tool_call_id":"c2","content":"[1,2]"},{"role":"tool","tool_call_id":"call.1","content":[{"type":"text","text":"{\"rows\":3}"}]}"#,
        #"{"role":"system","content":"be exact"},{"role":"user","content":"go on"}"#,
        #"{"role":"tool","tool_call_id":"nobody","content":"lost"},{"role":"assistant","content":"so: \n"}"#,
    ]

    @Test(arguments: Vendor.allCases, [true, false]) func aConversationWithEverything(_ vendor: Vendor, _ stream: Bool)
        async throws
    {
        let server = try vendor.server(Script(calls: [.init(name: vendor.nameOfQuery, arguments: #"{"q":1}"#)]))
        let heard = try await base.with(vendor, server) {
            try await base.hear(
                $0,
                base.call(
                    Self.conversation,
                    stream: stream,
                    tools: [Self.tool, Self.plain],
                    parameters: #""temperature":1.7,"stop":["x"],"max_completion_tokens":77"#
                )
            )
        }
        // A dotted name comes back as it was.
        #expect(heard.calls == [#"db.query({"q":1})"#])
        let body = try body(server)
        switch vendor {
        case .anthropic:
            #expect(body["system"] == "be brief\n\nbe exact")
            #expect(body["max_tokens"] == 77)
            #expect(body["temperature"] == 1)
            let results = try #require(body["messages"]?[4]?["content"]?.array)
            #expect(results.prefix(3).map { $0["tool_use_id"] } == ["call_1", "c2", "c3"])
            #expect(results[2]["is_error"] == true)
            #expect(results[3]["text"] == "go on")
            #expect(body["messages"]?[3]?["content"]?[0]?["input"] == [:])
            #expect(body["messages"]?[3]?["content"]?[2]?["input"] == ["arguments": "oops"])
            #expect(body["messages"]?[5]?["content"]?[0]?["text"] == "so:")
        case .gemini:
            #expect(body["systemInstruction"]?["parts"]?.array?.count == 2)
            #expect(body["generationConfig"]?["maxOutputTokens"] == 77)
            let results = try #require(body["contents"]?[4]?["parts"]?.array)
            #expect(results[0]["functionResponse"]?["response"] == ["rows": 3])
            #expect(results[1]["functionResponse"]?["response"] == ["output": [1, 2]])
        default: #expect(body["tools"]?.array?.count == 2)
        }
    }

    /// Claude refuses an error without a word.
    @Test func aFailedCallThatSaysNothing() async throws {
        let server = try Vendor.anthropic.server(Script(text: ["ok"]))
        var call = base.call(
            [
                #"{"role":"user","content":"hi"}"#,
                #"{"role":"assistant","tool_calls":[{"id":"a","type":"function","function":{"name":"now","arguments":"{}"}}]}"#,
                #"{"role":"tool","tool_call_id":"a","content":"Error: "}"#,
            ],
            tools: [Self.plain]
        )
        call.failedResults = ["a": "Error: "]
        let asked = call
        try await base.with(.anthropic, server) { _ = try await $0.start(asked) }
        let block = try body(server)["messages"]?[2]?["content"]?[0]
        #expect(block?["is_error"] == true && block?["content"] == "Error: ")
    }

    /// Claude is told by its own word, with the tool's own text; who has none reads it.
    @Test(arguments: Vendor.allCases) func resultsOfFailedCalls(_ vendor: Vendor) async throws {
        let server = try vendor.server(Script(text: ["ok"]))
        let results = [("a", "Error: no host"), ("b", "Error 7"), ("c", "Error: is a word")]
        let calls = results.map { #"{"id":"\#($0.0)","type":"function","function":{"name":"now","arguments":"{}"}}"# }
        var call = base.call(
            [
                #"{"role":"user","content":"hi"}"#,
                #"{"role":"assistant","content":null,"tool_calls":[\#(calls.joined(separator: ","))]}"#,
            ] + results.map { #"{"role":"tool","tool_call_id":"\#($0.0)","content":"\#($0.1)"}"# },
            tools: [Self.plain]
        )
        call.failedResults = ["a": "Error: ", "b": ""]
        let asked = call
        try await base.with(vendor, server) { _ = try await $0.start(asked) }
        let body = try body(server)
        switch vendor {
        case .anthropic:
            let blocks = body["messages"]?[2]?["content"]?.array ?? []
            #expect(blocks.map { $0["content"] } == ["no host", "Error 7", "Error: is a word"])
            #expect(blocks.map { $0["is_error"] } == [true, true, nil])
        case .gemini:
            let parts = body["contents"]?[2]?["parts"]?.array ?? []
            #expect(
                parts.map { $0["functionResponse"]?["response"]?["output"]?.string } == results.map { $0.1 }
            )
        default: #expect(body["messages"]?.array?.suffix(3).map { $0["content"]?.string } == results.map { $0.1 })
        }
    }

    /// Signed thoughts of a round with calls go back with the calls' results, under whatever ids.
    @Test(arguments: [Vendor.anthropic, .gemini]) func thoughtsGoBack(_ vendor: Vendor) async throws {
        let server = try vendor.server(ConformanceTests.script)
        let call = base.call(tools: [Self.plain], parameters: #""reasoning_effort":"low""#)
        try await base.with(vendor, server) { provider in
            _ = try await base.hear(provider, call)
            var next = call
            let calls = ConformanceTests.script.calls.enumerated().map {
                #"{"id":"ours\#($0)","type":"function","function":{"name":"\#($1.name)","arguments":\#(JSONValue.string($1.arguments).text)}}"#
            }
            next.messages.append(
                Array(#"{"role":"assistant","content":null,"tool_calls":[\#(calls.joined(separator: ","))]}"#.utf8)
            )
            next.messages.append(Array(#"{"role":"tool","tool_call_id":"ours0","content":"1"}"#.utf8))
            next.messages.append(Array(#"{"role":"tool","tool_call_id":"ours1","content":"2"}"#.utf8))
            let round = try await provider.start(next)
            #expect(round.droppedParameters.isEmpty)
            round.cancel()
            var body = try body(server)
            if vendor == .anthropic {
                #expect(body["thinking"]?["budget_tokens"] == 2048)
                #expect(
                    body["messages"]?[1]?["content"]?[0]
                        == [
                            "type": "thinking", "signature": "sig==",
                            "thinking": .string(ConformanceTests.script.reasoning),
                        ]
                )
            } else {
                #expect(body["contents"]?[1]?["parts"]?[0]?["thoughtSignature"] == "c2ln")
                #expect(body["contents"]?[1]?["parts"]?[1]?["thoughtSignature"] == nil)
            }
            // Somebody else's conversation gets none of it, and thinks no more where thoughts are missing.
            next.messages[0] = Array(#"{"role":"user","content":"other"}"#.utf8)
            let other = try await provider.start(next)
            other.cancel()
            body = try self.body(server)
            if vendor == .anthropic {
                #expect(body["thinking"] == nil)
                #expect(other.droppedParameters == ["reasoning_effort"])
            } else {
                #expect(body["contents"]?[1]?["parts"]?[0]?["thoughtSignature"] == nil)
            }
        }
    }

    private static let named: JSONValue = ["type": "function", "function": ["name": "db.query"]]
    private static let allowed: JSONValue = [
        "type": "allowed_tools",
        "allowed_tools": ["mode": "required", "tools": [["type": "function", "function": ["name": "now"]]]],
    ]

    private static let choices: [(JSONValue, JSONValue?, JSONValue?, Int)] = [
        ("auto", nil, nil, 2),
        ("none", ["type": "none"], ["mode": "NONE"], 2), ("required", ["type": "any"], ["mode": "ANY"], 2),
        (
            named, ["type": "tool", "name": "db_query"], ["mode": "ANY", "allowedFunctionNames": ["db_query"]], 2
        ), (allowed, ["type": "any"], ["mode": "ANY"], 1),
    ]

    @Test(arguments: choices) func toolChoices(
        _ choice: JSONValue,
        _ anthropic: JSONValue?,
        _ gemini: JSONValue?,
        _ count: Int
    ) async throws {
        for vendor in [Vendor.anthropic, .gemini] {
            let server = try vendor.server(Script(text: ["a"]))
            _ = try await base.with(vendor, server) {
                try await base.hear($0, base.call(tools: [Self.tool, Self.plain], choice: choice))
            }
            let body = try body(server)
            if vendor == .anthropic {
                #expect(body["tool_choice"] == anthropic)
                #expect(body["tools"]?.array?.count == count)
            } else {
                #expect(body["toolConfig"]?["functionCallingConfig"] == gemini)
                #expect(body["tools"]?[0]?["functionDeclarations"]?.array?.count == count)
            }
        }
    }

    @Test func oneCallAtATime() async throws {
        let parameters = #""parallel_tool_calls":false"#
        var server = try Vendor.anthropic.server(Script(text: ["a"]))
        _ = try await base.with(.anthropic, server) {
            try await base.hear($0, base.call(tools: [Self.plain], parameters: parameters))
        }
        #expect(try body(server)["tool_choice"] == ["type": "auto", "disable_parallel_tool_use": true])
        server = try Vendor.gemini.server(ConformanceTests.script)
        let heard = try await base.with(.gemini, server) {
            try await base.hear($0, base.call(tools: [Self.plain], parameters: parameters))
        }
        #expect(heard.calls.count == 1)
    }

    @Test(arguments: [Vendor.anthropic, .gemini]) func nothingIsLostWithoutAWord(_ vendor: Vendor) async throws {
        let server = try vendor.server(Script(text: ["a"]))
        try await base.with(vendor, server) { provider in
            let round = try await provider.start(
                base.call(
                    parameters: #""seed":1,"presence_penalty":0,"n":1,"logprobs":false,"store":true,"verbosity":"low""#
                )
            )
            #expect(
                round.droppedParameters
                    == (vendor == .anthropic ? ["seed", "store", "verbosity"] : ["store", "verbosity"])
            )
            round.cancel()
            for (parameters, name) in [
                (#""logprobs":true"#, "logprobs"), (#""logit_bias":{"1":2}"#, "logit_bias"),
                (#""modalities":["audio"],"audio":{"voice":"x"}"#, "modalities"),
                (#""response_format":{"type":"grammar"}"#, "response_format"),
            ] {
                let failure = await #expect(throws: ProviderFailure.self) {
                    try await provider.start(base.call(parameters: parameters))
                }
                #expect(failure?.kind == .badRequest)
                #expect(failure?.parameter == name)
            }
        }
        #expect(server.requests.count == 1)
    }

    @Test(arguments: [Vendor.anthropic, .gemini]) func aSchemaForTheAnswer(_ vendor: Vendor) async throws {
        let server = try vendor.server(Script(text: ["{}"]))
        let format =
            #""response_format":{"type":"json_schema","json_schema":{"name":"n","strict":true,"schema":{"type":"object","properties":{"a":{"type":"string"}},"additionalProperties":false}}}"#
        _ = try await base.with(vendor, server) { try await base.hear($0, base.call(parameters: format)) }
        let body = try body(server)
        if vendor == .anthropic {
            #expect(body["output_config"]?["format"]?["schema"]?["additionalProperties"] == false)
        } else {
            #expect(
                body["generationConfig"]?["responseSchema"]
                    == ["type": "object", "properties": ["a": ["type": "string"]]]
            )
        }
    }

    @Test func imagesByAddress() async throws {
        let message = #"{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://h/a.png"}}]}"#
        let server = try Vendor.anthropic.server(Script(text: ["a"]))
        _ = try await base.with(.anthropic, server) { try await base.hear($0, base.call([message])) }
        #expect(
            try body(server)["messages"]?[0]?["content"]?[0]?["source"] == ["type": "url", "url": "https://h/a.png"]
        )
        try await base.with(.gemini, try Vendor.gemini.server(Script())) { provider in
            let failure = await #expect(throws: ProviderFailure.self) { try await provider.start(base.call([message])) }
            #expect(failure?.kind == .badRequest)
            #expect(failure?.code == "unsupported_content")
        }
    }

    /// Newer Claude models take no sampling parameters: asked again without, and remembered.
    @Test func samplingThatIsRefused() async throws {
        let server = try TinyServer { request in
            request.contains("\"temperature\"")
                ? Vendor.anthropic.error(400, "`temperature` is deprecated for this model.")
                : answer("200 OK", "text/event-stream", Vendor.anthropic.stream(Script(text: ["a"])))
        }
        try await base.with(.anthropic, server) { provider in
            for _ in 0..<2 {
                let round = try await provider.start(base.call(parameters: #""temperature":0.5"#))
                #expect(round.droppedParameters == ["temperature"])
                round.cancel()
            }
        }
        #expect(server.requests.count == 3)
    }

    /// So do they of a budget for thoughts: they are told of an effort. Who asks for no thoughts teaches nothing.
    @Test func budgetsThatAreRefused() async throws {
        let words =
            #""thinking.type.enabled" is not supported for this model. Use "thinking.type.adaptive" and "#
            + #""output_config.effort" to control thinking behavior."#
        let server = try TinyServer { request in
            request.contains("budget_tokens") || request.contains("poison")
                ? Vendor.anthropic.error(400, words)
                : answer("200 OK", "text/event-stream", Vendor.anthropic.stream(Script(text: ["a"])))
        }
        try await base.with(.anthropic, server) { provider in
            let poison = base.call([#"{"role":"user","content":"poison"}"#])
            await #expect(throws: ProviderFailure.self) { try await provider.start(poison) }
            #expect(server.requests.count == 1)
            for _ in 0..<2 {
                let round = try await provider.start(base.call(parameters: #""reasoning_effort":"high""#))
                #expect(round.droppedParameters.isEmpty)
                round.cancel()
                let body = try body(server)
                #expect(body["thinking"] == ["type": "adaptive"])
                // Room for thoughts and an answer.
                #expect(body["max_tokens"] == 20_480)
                #expect(body["output_config"]?["effort"] == "high")
            }
        }
        #expect(server.requests.count == 4)
    }

    @Test func geminiBlocksAndFails() throws {
        let blocked =
            #"data: {"promptFeedback":{"blockReason":"SAFETY"},"usageMetadata":{"promptTokenCount":4}}"# + "\n\n"
        let heard = try ConformanceTests.read([Array(blocked.utf8)], GeminiReader(provider: "up"))
        #expect(heard.finishes == [.contentFilter])
        let failed = #"data: {"candidates":[{"finishReason":"MALFORMED_FUNCTION_CALL"}]}"# + "\n\n"
        #expect(throws: ProviderFailure.self) {
            try ConformanceTests.read([Array(failed.utf8)], GeminiReader(provider: "up"))
        }
        let limit =
            #"[{"error":{"code":429,"message":"quota","status":"RESOURCE_EXHAUSTED","details":[{"@type":"a"},{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"34.5s"}]}}]"#
        let failure = ProviderFailure.from(status: 429, headers: [:], body: Array(limit.utf8), provider: "up")
        #expect(failure.kind == .rateLimited)
        #expect(failure.retryAfter == .milliseconds(34_500))
    }
}

extension Vendor {
    /// How the tool `db.query` is called upstream.
    var nameOfQuery: String { "db_query" }
}
