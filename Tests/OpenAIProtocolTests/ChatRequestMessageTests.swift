// The conversation of a request: which edits it gets, that nothing else moves, and what is refused by its path.

import JSON
import OpenAIProtocol
import Testing

@Suite struct ChatRequestMessageTests {
    @Test func keepsEveryOtherByte() throws {
        let messages =
            #"{ "role" : "system","content":"a\u00e4\/\n" ,"x":1.50 } , {"role":"user","content":[{"type":"text","text":"t"},{"type":"image_url","image_url":{"url":"data:,"}}]}"#
        #expect(text(try request(messages: " \(messages) ").messages) == messages)
    }

    @Test(arguments: [
        (#"{"role":"developer","content":"x"}"#, #"{"role":"system","content":"x"}"#),
        (#"{"content":null,"role":"user"}"#, #"{"content":"","role":"user"}"#),
        (#"{"role":"assistant","content":[]}"#, #"{"role":"assistant","content":""}"#),
        (#"{"role":"assistant"}"#, #"{"content":"","role":"assistant"}"#),
        (#"{"content":[],"role":"developer"}"#, #"{"content":"","role":"system"}"#),
        (
            #"{"role":"assistant","content":[],"tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":""}}]}"#,
            #"{"role":"assistant","content":null,"tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":""}}]}"#
        ),
    ]) func smoothsWhatUpstreamsRefuse(_ given: String, _ expected: String) throws {
        #expect(text(try request(messages: given).messages) == expected)
    }

    @Test(arguments: [
        #"{"role":"assistant","content":null,"tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{}"}}]}"#,
        #"{"role":"assistant","tool_calls":[{"id":"a","type":"function","function":{"name":"f.g-é","arguments":"{}"}}]}"#,
        #"{"role":"assistant","refusal":"no"}"#,
        #"{"role":"assistant","content":"","reasoning_content":"r","tool_calls":null}"#,
        #"{"role":"tool","tool_call_id":"a","name":"f","content":"{}"}"#,
        #"{"role":"user","content":[{"type":"video_url","video_url":{"url":"x"}}]}"#,
    ]) func leavesAlone(_ message: String) throws {
        #expect(text(try request(messages: message).messages) == message)
    }

    @Test(arguments: [
        ("7", ""), (#"{"content":"x"}"#, ".role"), (#"{"role":"robot","content":"x"}"#, ".role"),
        (#"{"role":1,"content":"x"}"#, ".role"), (#"{"role":"user"}"#, ".content"),
        (#"{"role":"user","content":7}"#, ".content"), (#"{"role":"user","content":{"type":"text"}}"#, ".content"),
        (#"{"role":"user","content":["x"]}"#, ".content[0].type"),
        (#"{"role":"user","content":[{"type":"text","text":"x"},{"type":"text"}]}"#, ".content[1].text"),
        (#"{"role":"user","content":[{"type":"image_url","image_url":"x"}]}"#, ".content[0].image_url.url"),
        (#"{"role":"tool","content":"x"}"#, ".tool_call_id"),
        (#"{"role":"assistant","tool_calls":{}}"#, ".tool_calls"),
        (#"{"role":"assistant","tool_calls":[{}]}"#, ".tool_calls[0].id"),
        (#"{"role":"assistant","tool_calls":[{"id":"a","function":{}}]}"#, ".tool_calls[0].function.name"),
        (
            #"{"role":"assistant","tool_calls":[{"id":"a","function":{"name":"f","arguments":{}}}]}"#,
            ".tool_calls[0].function.arguments"
        ),
    ]) func namesThePath(_ message: String, _ path: String) {
        let body = #"{"model":"m","messages":[{"role":"user","content":"x"},\#(message)]}"#
        let error = refusal(of: Array(body.utf8))
        #expect(error?.status == 400)
        #expect(error?.param == "messages[1]" + path)
    }

    // MARK: Where the calls stand

    static func calls(_ ids: String..., content: String = "null") -> String {
        let list = ids.map { #"{"id":"\#($0)","type":"function","function":{"name":"f","arguments":"{}"}}"# }
        return #"{"role":"assistant","content":\#(content),"tool_calls":[\#(list.joined(separator: ","))]}"#
    }

    @Test func rangesAreThoseOfTheMessage() throws {
        let first = Self.calls("a", "b")
        let second = Self.calls("c", content: "\"t\"")
        let read = try request(
            messages:
                #"{"role":"user","content":"x"}, \#(first) ,{"role":"tool","tool_call_id":"a","content":"1"},\#(second)"#
        )
        #expect(read.assistantCalls.map(\.ids) == [["a", "b"], ["c"]])
        #expect(read.assistantCalls.map { text(read.messages[$0.range]) } == [first, second])
    }

    @Test func rangesFollowTheEdits() throws {
        // Before, inside and between: the first edit shrinks, the second grows, the third is inside a message with calls.
        let read = try request(
            messages: #"{"role":"developer","content":"x"},{"role":"assistant"},\#(Self.calls("a", content: "[]")),"#
                + #"{"role":"user","content":null},\#(Self.calls("b"))"#
        )
        #expect(
            read.assistantCalls.map { text(read.messages[$0.range]) } == [Self.calls("a"), Self.calls("b")]
        )
        #expect(try JSONValue(parsing: "[\(text(read.messages))]").array?.count == 5)
    }

    @Test func aMessageWithoutCallsHasNoRange() throws {
        #expect(try request(messages: #"{"role":"assistant","content":"x","tool_calls":[]}"#).assistantCalls.isEmpty)
    }
}
