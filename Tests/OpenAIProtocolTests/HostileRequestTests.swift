// Bodies that mean harm or are broken: refused with a place, and never at a price above their size.

import JSON
import OpenAIProtocol
import Testing

@Suite struct HostileRequestTests {
    @Test(arguments: ["", " ", "nonsense", "[]", "\"model\"", "{", "{\"model\":", "null"])
    func whatIsNoObject(_ body: String) {
        let error = refusal(of: Array(body.utf8))
        #expect(error?.status == 400)
        #expect(error?.type == "invalid_request_error")
    }

    @Test func aSyntaxErrorHasItsPath() {
        let error = refusal(of: Array(#"{"model":"m","messages":[{"role":"user","content":nul}]}"#.utf8))
        #expect(error?.param == "messages[0].content")
        #expect(error?.message.contains("at byte 5") == true)
    }

    @Test func deepNesting() throws {
        func nested(_ depth: Int) -> [UInt8] {
            requestBody(
                "\"metadata\":{\"a\":\(String(repeating: "[", count: depth))\(String(repeating: "]", count: depth))}"
            )
        }
        #expect(try ChatRequest(parsing: nested(50)).parameters.count == 1)
        #expect(refusal(of: nested(70))?.status == 400)
        #expect(refusal(of: nested(200_000))?.status == 400)
    }

    @Test func invalidUTF8() {
        for bytes: [UInt8] in [[0xFF], [0xC0, 0x80], [0xE2, 0x82], [0xED, 0xA0, 0x80]] {
            let body =
                Array(#"{"model":"m","messages":[{"role":"user","content":""#.utf8) + bytes + Array(#""}]}"#.utf8)
            let error = refusal(of: body)
            #expect(error?.status == 400)
            #expect(error?.param == "messages[0].content")
        }
    }

    @Test func textAfterTheEnd() {
        #expect(refusal(of: requestBody() + Array("{}".utf8))?.status == 400)
    }

    /// A quadratic step over this many messages or edits takes minutes, not milliseconds.
    @Test(.timeLimit(.minutes(1))) func aHundredThousandMessages() throws {
        let count = 100_000
        let message = #"{"role":"developer","content":[]}"#
        let read = try request(messages: Array(repeating: message, count: count).joined(separator: ","))
        #expect(read.messages.count == count * (#"{"role":"system","content":""}"#.utf8.count + 1) - 1)
    }

    @Test(.timeLimit(.minutes(1))) func manyParametersAndUnknownMembers() throws {
        let members = (0..<50_000).map { "\"x\($0)\":1" }.joined(separator: ",")
        let request = try ChatRequest(parsing: requestBody(members))
        #expect(request.ignored.count == IgnoredMembers.most && request.vendorMembers.count == 32)
        let repeated = Array(repeating: "\"seed\":1", count: 50_000).joined(separator: ",")
        #expect(try ChatRequest(parsing: requestBody(repeated)).parameters.count == 1)
    }

    @Test(.timeLimit(.minutes(1))) func manyCallsOfOneMessage() throws {
        let call = #"{"id":"a","type":"function","function":{"name":"f","arguments":"{}"}}"#
        let calls = Array(repeating: call, count: 20_000).joined(separator: ",")
        let read = try request(messages: #"{"role":"assistant","tool_calls":[\#(calls)]}"#)
        #expect(read.assistantCalls.first?.ids.count == 20_000)
    }
}
