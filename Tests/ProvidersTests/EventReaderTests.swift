// The streams of many upstreams, replayed at every split: the same answer whatever way the bytes came.

import OpenAIProtocol
import Providers
import Testing

@Suite struct EventReaderTests {
    struct Dialect: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let stream: String
        let heard: Heard
    }

    private static let done = "data: [DONE]\n\n"
    private static let stop = chunk(#"{"index":0,"delta":{},"finish_reason":"stop"}"#)
    private static let usage = #","usage":{"prompt_tokens":7,"completion_tokens":2,"total_tokens":9}"#
    private static let counted = Usage(promptTokens: 7, completionTokens: 2)

    static let dialects: [Dialect] = [
        Dialect(
            testDescription: "OpenAI",
            stream: chunk(
                #"{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}"#,
                #","system_fingerprint":"fp""#
            )
                + chunk(
                    #"{"index":0,"delta":{"content":"h\u00e9漢 \"x\""}}"#,
                    #","system_fingerprint":"fp","usage":null"#
                )
                + stop + chunk("", usage) + done,
            heard: Heard(
                content: "hé漢 \"x\"",
                finishes: [.stop],
                usage: counted,
                metadata: [#""system_fingerprint":"fp""#]
            )
        ),
        Dialect(
            testDescription: "usage with the finish, no role, CRLF",
            stream: (chunk(#"{"delta":{"content":"a"}}"#) + chunk(#"{"delta":{},"finish_reason":"stop"}"#, usage) + done)
                .replacing("\n", with: "\r\n"),
            heard: Heard(content: "a", finishes: [.stop], usage: counted)
        ),
        Dialect(
            testDescription: "usage on every chunk, the last counts",
            stream: chunk(#"{"delta":{"content":"a"}}"#, #","usage":{"prompt_tokens":7,"completion_tokens":1}"#)
                + chunk(#"{"delta":{},"finish_reason":"stop"}"#, usage) + done,
            heard: Heard(content: "a", finishes: [.stop], usage: counted)
        ),
        Dialect(
            testDescription: "DeepSeek",
            stream: ": keep-alive\n\n" + chunk(#"{"index":0,"delta":{"content":null,"reasoning_content":"hm"}}"#)
                + chunk(#"{"index":0,"delta":{"content":"a","reasoning_content":null}}"#) + stop + done,
            heard: Heard(content: "a", reasoning: "hm", finishes: [.stop])
        ),
        Dialect(
            testDescription: "OpenRouter",
            stream: ": OPENROUTER PROCESSING\n\n"
                + chunk(
                    #"{"delta":{"content":"","reasoning":"hm","reasoning_details":[1]},"native_finish_reason":null}"#
                )
                + chunk(#"{"delta":{"content":"a","annotations":[{"type":"url_citation"}]}}"#) + stop + done,
            heard: Heard(
                content: "a",
                reasoning: "hm",
                finishes: [.stop],
                extras: #""reasoning_details":[1]"annotations":[{"type":"url_citation"}]"#
            )
        ),
        Dialect(
            testDescription: "tool calls of index 0, arguments an object, finish stop",
            stream: chunk(
                #"{"delta":{"tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":{"x": "é"}}}]}}"#
            )
                + chunk(
                    #"{"delta":{"tool_calls":[{"index":0,"id":"b","function":{"name":"g","arguments":"{\"y\":"}}]}}"#
                )
                + chunk(#"{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"\"\\n\"}"}}]}}"#) + stop + done,
            heard: Heard(calls: [#"f({"x": "é"})"#, #"g({"y":"\n"})"#], finishes: [.stop])
        ),
        Dialect(
            testDescription: "tool calls without index",
            stream: chunk(
                #"{"delta":{"tool_calls":[{"id":"a","function":{"name":"f","arguments":"{}"}},{"id":"b","function":{"name":"g","arguments":""}}]},"finish_reason":"tool_calls"}"#
            )
                + done,
            heard: Heard(calls: ["f({})", "g()"], finishes: [.toolCalls])
        ),
        Dialect(
            testDescription: "a message where a delta belongs",
            stream: chunk(#"{"index":0,"message":{"role":"assistant","content":"a"},"finish_reason":"length"}"#) + done,
            heard: Heard(content: "a", finishes: [.length])
        ),
        Dialect(
            testDescription: "no end marker, no blank line at the end",
            stream: chunk(#"{"delta":{"content":"a"}}"#) + String(stop.dropLast(2)),
            heard: Heard(content: "a", finishes: [.stop])
        ),
        Dialect(
            testDescription: "end marker without line end",
            stream: chunk(#"{"delta":{"content":"a"}}"#) + "data: [DONE]",
            heard: Heard(content: "a")
        ),
        Dialect(
            testDescription: "what follows the end marker",
            stream: chunk(#"{"delta":{"content":"a"}}"#) + done + "data: nonsense\n\n",
            heard: Heard(content: "a")
        ),
        Dialect(
            testDescription: "cut before the finish",
            stream: chunk(#"{"delta":{"content":"a"}}"#),
            heard: Heard(content: "a", failure: .connectionLost)
        ),
        Dialect(
            testDescription: "cut inside an event",
            stream: chunk(#"{"delta":{"content":"a"}}"#) + #"data: {"choices":[{"delta":{"con"#,
            heard: Heard(content: "a", failure: .connectionLost)
        ),
        Dialect(testDescription: "nothing", stream: "", heard: Heard(failure: .connectionLost)),
        Dialect(
            testDescription: "a page of HTML",
            stream: "<!DOCTYPE html>\n<html>\n<body>502</body>\n</html>\n",
            heard: Heard(failure: .connectionLost)
        ),
        Dialect(testDescription: "text in an event", stream: "data: oops\n\n", heard: Heard(failure: .malformed)),
        Dialect(testDescription: "JSON that is no object", stream: "data: [1]\n\n", heard: Heard(failure: .malformed)),
        Dialect(
            testDescription: "an error as first event",
            stream: #"data: {"error":{"message":"boom","type":"server_error","param":null,"code":null}}"# + "\n\n",
            heard: Heard(failure: .serverError)
        ),
        Dialect(
            testDescription: "an error midway",
            stream: chunk(#"{"delta":{"content":"a"}}"#)
                + "event: error\n" + #"data: {"error":{"message":"slow down","code":"rate_limit_exceeded"}}"# + "\n\n",
            heard: Heard(content: "a", failure: .rateLimited)
        ),
        Dialect(
            testDescription: "an error that looks like the text before it",
            stream: chunk(#"{"delta":{"content":"a"}}"#) + "event: error\n" + chunk(#"{"delta":{"content":"b"}}"#),
            heard: Heard(content: "a", failure: .serverError)
        ),
        Dialect(
            testDescription: "too long midway, at the very end",
            stream: #"data: {"error":{"message":"This model's maximum context length is 5 tokens","code":400}}"#,
            heard: Heard(failure: .contextTooLong)
        ),
    ]

    /// Where the split is must not matter; that an event before a fault is heard first is checked at all of them too.
    @Test(arguments: dialects) func everySplit(_ dialect: Dialect) {
        let bytes = Array(dialect.stream.utf8)
        for split in 0...bytes.count {
            var heard = hear([Array(bytes[..<split]), Array(bytes[split...])])
            // What was read together with a fault is lost with it; then only the fault is compared.
            if heard.failure != nil, heard.content.isEmpty { heard.content = dialect.heard.content }
            #expect(heard == dialect.heard, "split at \(split)")
        }
    }

    @Test(arguments: dialects) func byteByByte(_ dialect: Dialect) {
        #expect(hear(dialect.stream.utf8.map { [$0] }) == dialect.heard)
    }

    @Test func anEventThatDoesNotEnd() {
        #expect(hear(Array(repeating: Array("data: xxxx".utf8), count: 100), limit: 500).failure == .malformed)
    }

    @Test func aMebibyteChunkPasses() {
        let text = String(repeating: "x", count: 1 << 20)
        let heard = hear(
            [Array((chunk(#"{"delta":{"content":"\#(text)"},"finish_reason":"stop"}"#)).utf8)],
            limit: 2 << 20
        )
        #expect(heard.content.count == 1 << 20)
        #expect(heard.failure == nil)
    }
}
