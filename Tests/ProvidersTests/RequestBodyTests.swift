// The body that goes upstream: valid JSON, with the client's bytes as they came.

import JSON
import OpenAIProtocol
import Testing

@testable import Providers

@Suite struct RequestBodyTests {
    private func body(_ call: ModelCall) -> String {
        String(decoding: OpenAICompatibleProvider.body(of: call), as: UTF8.self)
    }

    @Test func theLeastThatThereIs() {
        let call = ModelCall(
            model: "m \"x\"",
            messages: [Array(#"{"role":"user"}"#.utf8)],
            stream: false,
            requestID: "r"
        )
        #expect(body(call) == #"{"model":"m \"x\"","messages":[{"role":"user"}],"stream":false}"#)
    }

    @Test func everythingThatThereCanBe() throws {
        let tool = #"{"type":"function", "function":{"name":"f.é"}}"#
        let call = ModelCall(
            model: "m",
            messages: [Array(#"{"a":1} , {"b":1.50}"#.utf8), [], Array(#"{"c":"\u00e9"}"#.utf8)],
            tools: [ModelTool(name: "f.é", json: Array(tool.utf8)), ModelTool(name: "g", json: Array("{}".utf8))],
            toolChoice: ["type": "function", "function": ["name": "f.é"]],
            parameters: Array(#""temperature":0.20,"seed":1"#.utf8),
            stream: true,
            requestID: "r"
        )
        #expect(
            body(call)
                == #"{"model":"m","messages":[{"a":1} , {"b":1.50},{"c":"\u00e9"}],"temperature":0.20,"seed":1,"#
                + #""tools":[\#(tool),{}],"tool_choice":{"type":"function","function":{"name":"f.é"}},"#
                + #""stream":true,"stream_options":{"include_usage":true}}"#
        )
        #expect(try JSONValue(parsing: body(call))["messages"]?.array?.count == 3)
    }

    @Test func vendorsMembersGoAsTheyCame() {
        var call = ModelCall(model: "m", messages: [Array("{}".utf8)], stream: false, requestID: "r")
        call.vendorMembers = [.init(name: "top_k", json: Array("5.0".utf8))]
        #expect(body(call) == #"{"model":"m","messages":[{}],"top_k":5.0,"stream":false}"#)
    }

    @Test func whatIsConfiguredYields() throws {
        var call = ModelCall(
            model: "m",
            messages: [Array("{}".utf8)],
            parameters: Array(#""temperature":0.20,"max_completion_tokens":7"#.utf8),
            stream: false,
            requestID: "r"
        )
        call.vendorMembers = [.init(name: "top_k", json: Array("5".utf8))]
        call.extra = ["top_k": 1, "seed": 3, "max_tokens": 9]
        let provider: JSONObject = ["seed": 4, "temperature": 1, "min_p": 0.1, "parallel_tool_calls": false]
        let sent = call.adding(provider)
        #expect(
            String(decoding: sent.parameters, as: UTF8.self)
                == #""temperature":0.20,"max_completion_tokens":7,"seed":3,"min_p":0.1"#
        )
        call.parameters = []
        #expect(try JSONValue(parsing: body(call.adding([:])))["max_tokens"] == 9)
    }

    @Test func noChoiceWithoutTools() {
        let call = ModelCall(
            model: "m",
            messages: [Array("{}".utf8)],
            toolChoice: "none",
            stream: false,
            requestID: "r"
        )
        #expect(!body(call).contains("tool_choice"))
    }

    @Test func theBaseHasNoSlashAtItsEnd() {
        let configuration = UpstreamConfiguration(name: "p", baseURL: "http://h/v1//", apiKey: nil)
        #expect(configuration.baseURL == "http://h/v1")
    }
}
