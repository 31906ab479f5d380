// The client's own tools and its choice among them.

import JSON
import OpenAIProtocol
import Testing

@Suite struct ChatRequestToolTests {
    @Test func keepsNamesAndBytes() throws {
        let odd =
            #"{ "type":"function", "function":{"name":"lobe-web____search.v1","parameters":{"type":"object","x":1.0}},"strict":true}"#
        let plain = #"{"type":"function","function":{"name":"f"}}"#
        let request = try ChatRequest(parsing: requestBody("\"tools\":[\(odd), \(plain)]"))
        #expect(request.tools.map(\.name) == ["lobe-web____search.v1", "f"])
        #expect(request.tools.map { text($0.json) } == [odd, plain])
    }

    @Test(arguments: [
        ("{}", "tools"), ("[7]", "tools[0]"), (#"[{"type":"custom","custom":{"name":"f"}}]"#, "tools[0].type"),
        (#"[{"function":{"name":"f"}}]"#, "tools[0].type"),
        (#"[{"type":"function","function":{}}]"#, "tools[0].function.name"),
        (#"[{"type":"function","function":{"name":""}}]"#, "tools[0].function.name"),
        (#"[{"type":"function","function":{"name":"f","parameters":[]}}]"#, "tools[0].function.parameters"),
        (
            #"[{"type":"function","function":{"name":"f"}},{"type":"function","function":{"name":"f"}}]"#,
            "tools[1].function.name"
        ),
    ]) func namesWhatIsWrong(_ tools: String, _ path: String) {
        #expect(refusal(of: requestBody("\"tools\":\(tools)"))?.param == path)
    }

    @Test func boundsTheirNumber() throws {
        func tools(_ count: Int) -> String {
            "\"tools\":["
                + (0..<count).map { #"{"type":"function","function":{"name":"f\#($0)"}}"# }.joined(separator: ",") + "]"
        }
        #expect(try ChatRequest(parsing: requestBody(tools(128))).tools.count == 128)
        #expect(refusal(of: requestBody(tools(129)))?.param == "tools")
    }

    @Test func theLastOfTwoListsCounts() throws {
        let tool = #"{"type":"function","function":{"name":"f"}}"#
        #expect(try ChatRequest(parsing: requestBody("\"tools\":[\(tool)],\"tools\":[\(tool)]")).tools.count == 1)
    }

    @Test(arguments: ["\"none\"", "\"auto\"", "\"required\"", #"{"type":"function","function":{"name":"f"}}"#])
    func readsTheChoice(_ given: String) throws {
        let choice = try ChatRequest(parsing: requestBody("\"tool_choice\":\(given)")).toolChoice
        #expect(choice?.text == given)
    }

    @Test(arguments: [
        ("\"always\"", "tool_choice"), ("true", "tool_choice"), ("[]", "tool_choice"), ("{}", "tool_choice.type"),
        (#"{"type":1}"#, "tool_choice.type"),
    ]) func refusesAnotherChoice(_ given: String, _ path: String) {
        #expect(refusal(of: requestBody("\"tool_choice\":\(given)"))?.param == path)
    }
}
