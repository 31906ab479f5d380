// Calls, results and names by the hundred thousand on their way to another protocol: none costs a look at all others.

import JSON
import Testing

@testable import Providers

@Suite struct HostileConversationTests {
    /// With a search for each result this would be ten thousand million comparisons.
    @Test(.timeLimit(.minutes(5))) func manyResultsInReverseOrder() throws {
        let count = 100_000
        let calls = (0..<count).map { #"{"id":"c\#($0)","type":"function","function":{"name":"f\#($0)"}}"# }
        let results = (1..<count).reversed().map { #"{"role":"tool","tool_call_id":"c\#($0)","content":"\#($0)"}"# }
        let messages = [#"{"role":"assistant","tool_calls":[\#(calls.joined(separator: ","))]}"#] + results
        let call = ModelCall(model: "m", messages: messages.map { Array($0.utf8) }, stream: false, requestID: "r")
        let entries = try Talk(call, provider: "p").entries
        guard entries.count == 2, case .results(let answered) = entries[1] else {
            Issue.record("\(entries.count) entries")
            return
        }
        #expect(answered.count == count)
        let areInOrder = answered.enumerated().allSatisfy { $1.id == "c\($0)" && $1.name == "f\($0)" }
        #expect(areInOrder)
        // One has been lost.
        let areWhole = answered.dropFirst().allSatisfy {
            !$0.isMissing && $0.parts == [.text(String($0.id.dropFirst()))]
        }
        #expect(answered[0].isMissing && areWhole)
    }

    /// The same call twice, one result twice: what was said of a call first counts, and the rest is text.
    @Test func idsThatAreThereTwice() throws {
        let messages = [
            #"{"role":"assistant","tool_calls":[{"id":"a","function":{"name":"f"}},{"id":"a","function":{"name":"g"}}]}"#,
            #"{"role":"tool","tool_call_id":"a","content":"1"}"#, #"{"role":"tool","tool_call_id":"a","content":"2"}"#,
        ]
        let call = ModelCall(model: "m", messages: messages.map { Array($0.utf8) }, stream: false, requestID: "r")
        let entries = try Talk(call, provider: "p").entries
        guard entries.count == 3, case .results(let results) = entries[1], case .user(let rest) = entries[2] else {
            Issue.record("\(entries)")
            return
        }
        #expect(results.map(\.parts) == [[.text("1")], [.text("1")]] && results.map(\.name) == ["f", "f"])
        #expect(rest.last == .text("2"))
    }

    /// With a count from 2 for each name this would be two hundred million names made up.
    @Test(.timeLimit(.minutes(5))) func manyNamesOfOneForm() {
        let long = String(repeating: "x", count: 60)
        let names = (0..<20_000).map { "\(long)\($0 + 100_000)" }
        let known = ToolNames(names + [String(repeating: "x", count: 56), String(repeating: "x", count: 56) + "_7"])
        let upstream = names.map(known.upstream)
        #expect(Set(upstream).count == names.count)
        let areShort = upstream.allSatisfy { $0.utf8.count <= 64 }
        let comeBack = zip(names, upstream).allSatisfy { known.original($1) == $0 }
        #expect(areShort && comeBack)
        #expect(known.upstream(String(repeating: "x", count: 56) + "_7") == String(repeating: "x", count: 56) + "_7")
    }
}
