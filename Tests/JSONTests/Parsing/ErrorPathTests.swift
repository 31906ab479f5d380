// Where an error says it happened, in the words of the sender's own document.

import JSON
import Testing

struct ErrorPathTests {
    private func error(_ text: String, limits: JSONLimits = .standard) throws -> JSONError {
        try #require(throws: JSONError.self) { try JSONDocument(parsing: text, limits: limits) }
    }

    @Test(arguments: [
        ("x", ""),
        (#"{"messages":[{"role":"user"},{"role":"user"},{"role":"user","content":x}]}"#, "messages[2].content"),
        (#"{"messages":[{"role":"user","content":"\x"}]}"#, "messages[0].content"),
        (#"{"a":{"b":{"c":01}}}"#, "a.b.c"),
        (#"[[1,2],[3,nul]]"#, "[1][1]"),
        (#"[[1,2],[3 4]]"#, "[1]"),
        (#"{"a":[1,],"b":2}"#, "a"),
        (#"{"a":{"b":1,}}"#, "a"),
        (#"{"a":{b:1}}"#, "a"),
        (#"{"a":{"b" 1}}"#, "a.b"),
        (#"{"a":{"x":1,"b\qc":1}}"#, "a"),
        (#"{"a":{"x":1,"b":[]"#, "a"),
        (#"{"a":[{"b":1},"#, "a[1]"),
        (#"{"a":"#, "a"),
        (#"{"a":1}x"#, ""),
        (#"{"a b":[x]}"#, #"["a b"][0]"#),
        (#"{"x":{"a\"b":x}}"#, #"x["a\"b"]"#),
        (#"{"x":{"":x}}"#, #"x[""]"#),
        (#"{"主机":{"caf\u00e9":x}}"#, "主机.café"),
        (#"{"tool_calls":[{"function":{"arguments":x}}]}"#, "tool_calls[0].function.arguments"),
    ])
    func pathLeadsToTheFault(_ text: String, _ path: String) throws {
        #expect(try error(text).path == path)
    }

    @Test func longKeysAreCut() throws {
        let path = try error("{\"" + String(repeating: "k", count: 5000) + "\":x}").path
        #expect(path.utf8.count < 100)
        #expect(path.hasPrefix("[\"kkk"))
        #expect(path.hasSuffix("…\"]"))
    }

    @Test func descriptionTellsPlace() throws {
        #expect(try error(#"{"a":x}"#).description == "Expected a value but found 'x'. (at a, byte 5)")
        #expect(try error("x").description == "Expected a value but found 'x'. (byte 0)")
    }

    @Test func messagesQuoteAlmostNothing() throws {
        let secret = "sk-secret-value"
        for text in [
            "{\"key\":\"\(secret)\\x\"}", "{\"key\":\"\(secret)\" \"\(secret)\"}", "\(secret)", "[\"\(secret)\"",
        ] {
            #expect(try !error(text).description.contains("secret"))
        }
    }
}
