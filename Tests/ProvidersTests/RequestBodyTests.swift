// The body that goes upstream: valid JSON, with the client's bytes as they came.

import JSON
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
