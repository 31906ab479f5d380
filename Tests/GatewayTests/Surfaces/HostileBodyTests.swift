// Bodies of a hundred thousand small things: what is read must not be looked for in a list of what came before.

import JSON
import OpenAIProtocol
import Testing

@testable import Gateway

@Suite struct HostileBodyTests {

    /// Members that nobody knows.
    private static func unknown(_ count: Int) -> String {
        (0..<count).map { "\"u\($0)\":1" }.joined(separator: ",")
    }

    private func message(_ messages: String, _ members: String = "") throws -> MessagesRequest {
        try MessagesRequest(
            parsing: Array("{\"model\":\"m\",\"max_tokens\":1,\"messages\":\(messages)\(members)}".utf8)
        )
    }

    /// The place of unknown members in a request of Anthropic's form.
    enum Place: String, CaseIterable {
        case request, text, system, assistant, result, tool, metadata, output
    }

    @Test(arguments: Place.allCases) func unknownMembersAreNotAllKept(_ place: Place) throws {
        // Megabytes where blocks are read, enough to be too many elsewhere.
        let more = Self.unknown(place == .text ? 200_000 : 10_000)
        let hello = #"[{"role":"user","content":"hi"}]"#
        let request =
            switch place {
            case .request: try message(hello, ",\(more)")
            case .text: try message("[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"hi\",\(more)}]}]")
            case .system: try message(hello, ",\"system\":[{\"type\":\"text\",\"text\":\"s\",\(more)}]")
            case .assistant:
                try message("[{\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":\"hi\",\(more)}]}]")
            case .result:
                try message(
                    #"[{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":{}}]},"#
                        + #"{"role":"user","content":[{"type":"tool_result","tool_use_id":"a",\#(more)}]}]"#
                )
            case .tool: try message(hello, ",\"tools\":[{\"name\":\"f\",\"input_schema\":{},\(more)}]")
            case .metadata: try message(hello, ",\"metadata\":{\(more)}")
            case .output: try message(hello, ",\"output_config\":{\(more)}")
            }
        #expect(request.chat.ignored.count == IgnoredMembers.most)
        #expect(request.chat.ignored.first?.hasSuffix("u0") == true)
    }

    @Test(arguments: ["", "text", "stream_options", "reasoning"])
    func unknownMembersOfResponsesAreNotAllKept(_ field: String) throws {
        let unknown = Self.unknown(10_000)
        let members = field.isEmpty ? unknown : "\"\(field)\":{\(unknown)}"
        let body = "{\"model\":\"m\",\"input\":\"x\",\"stream\":true,\(members)}"
        let request = try ResponseRequest(parsing: Array(body.utf8))
        #expect(request.ignored.count == IgnoredMembers.most)
    }

    /// As many calls and their results in reverse order, but for those of the first calls.
    private func talk(calls count: Int, without missing: Int = 0) throws -> ChatRequest {
        let calls = (0..<count).map { #"{"type":"tool_use","id":"c\#($0)","name":"f","input":{}}"# }
        let results = (missing..<count).reversed().map { #"{"type":"tool_result","tool_use_id":"c\#($0)"}"# }
        let messages =
            "[{\"role\":\"assistant\",\"content\":[\(calls.joined(separator: ","))]},"
            + "{\"role\":\"user\",\"content\":[\(results.joined(separator: ","))]}]"
        return try message(messages).chat
    }

    private func response(calls count: Int, without missing: Int = 0) throws -> ChatRequest {
        let calls = (0..<count).map {
            #"{"type":"function_call","call_id":"c\#($0)","name":"f","arguments":"{}"}"#
        }
        let results = (missing..<count).reversed().map {
            #"{"type":"function_call_output","call_id":"c\#($0)","output":""}"#
        }
        let input = (calls + results).joined(separator: ",")
        return try ResponseRequest(parsing: Array("{\"model\":\"m\",\"input\":[\(input)]}".utf8)).chat()
    }

    /// With a search for each result this would be five thousand million comparisons; with a copy of all calls for each
    /// more, hundreds of gigabytes.
    @Test func manyResultsInReverseOrder() throws {
        #expect(try talk(calls: 100_000).assistantCalls.first?.ids.count == 100_000)
        #expect(try response(calls: 100_000).assistantCalls.first?.ids.count == 100_000)
    }

    @Test func callsWithoutResultsAreNamedInOrder() throws {
        let inMessages = #expect(throws: OpenAIError.self) { try talk(calls: 20, without: 7) }
        #expect(inMessages?.message.hasSuffix("after them: c0, c1, c2, c3, c4.") == true)
        let inResponses = #expect(throws: OpenAIError.self) { try response(calls: 20, without: 2) }
        #expect(inResponses?.message == "No tool output found for function call c0.")
    }

    @Test func aCallIsOpenedAndAnsweredOnce() {
        var calls = OpenCalls()
        let added = ["a", "b", "a"].map { calls.add($0) }
        #expect(added == [true, true, false])
        let answered = ["b", "b", "x"].map { calls.answer($0) }
        #expect(answered == [true, false, false])
        #expect(calls.first(5) == ["a"])
        // Once it is answered, an id may be another call's.
        let again = ["b", "b", "a"].map { calls.add($0) }
        #expect(again == [true, false, false] && calls.first(5) == ["a", "b"])
        let all = ["b", "a"].map { calls.answer($0) }
        #expect(all == [true, true] && calls.isEmpty)
    }
}
