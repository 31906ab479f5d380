// Failure modes 12–15: what can be wrong with the bytes of a stream (`gateways.md` (c)).

import JSON
import Support
import Testing

@Suite struct StreamBytesTests {
    /// That no offset matters is checked at every byte of every dialect in ProvidersTests; this is the whole way, over
    /// a socket, with cuts that the system cannot join again.
    @Test(
        "12. However the upstream's bytes are cut, nothing is lost",
        arguments: [
            #""split_every":1"#, #""split_every":7,"line_end":"crlf""#, #""line_end":"cr","comment":"hello""#,
            #""fields":["id: 7","retry: 10"]"#, #""final_blank_line":false,"done":false"#,
            #""split_every":3,"line_end":"cr","final_blank_line":false"#,
        ]
    )
    func cuts(_ variant: String) async throws {
        let step = """
            {"text":["größer ","als ","null 告警😀"],"tool_calls":[{"id":"c","name":"f","arguments":{"q":"ü"}}],\(variant)}
            """
        try await Stand.run("{\"default\":\(step)}") { stand in
            let tools = #""tools":[{"type":"function","function":{"name":"f"}}]"#
            let events = try await stand.events(tools + #","stream_options":{"include_usage":true}"#)
            let answer = try Assembled(events)
            #expect(answer.content == "größer als null 告警😀")
            #expect(answer.calls[0]?.arguments == #"{"q":"ü"}"#)
            #expect(answer.finishes == ["tool_calls"] && answer.isDone)
            #expect(answer.usage.first?["prompt_tokens"] == 12)
            #expect(!events.contains { $0.hasPrefix("id:") || $0.hasPrefix("retry:") })
        }
    }

    @Test("12. Cut inside of characters and line ends, with pauses between")
    func everyOffset() async throws {
        try await Stand.run { stand in
            // The offsets around an event's end and inside of characters of several bytes, one request each.
            for offset in stride(from: 180, to: 460, by: 7) {
                let step = #"{"text":["é漢😀"],"split_at":[\#(offset)],"delay_between":4,"line_end":"crlf"}"#
                try await stand.upstream.script("{\"default\":\(step)}")
                let answer = try await stand.assembled(#""stream_options":{"include_usage":true}"#)
                #expect(answer.content == "é漢😀", "cut at \(offset)")
                #expect(answer.finishes == ["stop"] && answer.isDone && answer.usage.count == 1, "cut at \(offset)")
            }
        }
    }

    @Test("13. An event of a mebibyte passes")
    func aHugeEvent() async throws {
        try await Stand.run(#"{"default":{"text":["end"],"huge_event":{"mebibytes":1}}}"#) { stand in
            let answer = try await stand.assembled()
            #expect(answer.content == String(repeating: "x", count: 1 << 20) + "end")
            #expect(answer.isDone)
        }
    }

    @Test("13. … and one without end is an error in bounded memory")
    func anEventWithoutEnd() async throws {
        try await Stand.run(#"{"default":{"huge_event":{"mebibytes":512,"newline":false}}}"#) { stand in
            let before = try stand.peakMemory()
            let answer = try await stand.gateway.chat("x", model: "default", members: #""stream":true"#)
            #expect(answer.status == 502)
            #expect(try answer.json.errorFaults == [])
            try await stand.upstreamSawTheClose()
            #expect(try stand.peakMemory() - before < 192, "of 512 MiB that were offered")
            #expect(try await stand.gateway.usage(atLeast: 1)[0]["error_type"] == "provider_malformed")
        }
    }

    @Test(
        "14. A silent upstream's clients hear a comment at least every 15 seconds",
        arguments: [
            // Before the first byte, in mid-stream, and while a bot waits for its second round.
            ("default", #"{"queue":[{"text":"late","delay_before_head":11500}]}"#),
            ("default", #"{"queue":[{"text":["early","late"],"delay_between":11500}]}"#),
            (
                "ops-assistant-bot",
                """
                {"queue":[{"tool_calls":[{"id":"c","name":"alerts_count","arguments":{}}]},
                          {"text":"late","delay_before_head":11500}]}
                """
            ),
        ]
    )
    func keepAlive(_ model: String, _ script: String) async throws {
        try await Stand.run(script) { stand in
            let (probe, head) = try await stand.gateway.stream(
                Gateway.body("x", model: model, members: #""stream":true"#)
            )
            #expect(head.status == 200)
            var comments = 0
            var data: [String] = []
            while let event = try await probe.event() {
                if event.hasPrefix(":") { comments += 1 } else { data.append(String(event.dropFirst(6))) }
            }
            #expect(comments >= 1)
            let answer = try Assembled(data)
            #expect(answer.content.hasSuffix("late") && answer.finishes == ["stop"] && answer.isDone)
        }
    }

    @Test(
        "15. A first chunk without content is taken, and ours has a role and a content",
        arguments: [
            #"{"role_chunk":false,"text":["a"]}"#,
            #"{"role_chunk":false,"text":["a"],"first_events":[{"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"role":"assistant"},"finish_reason":null}]}]}"#,
            #"{"role_chunk":false,"text":["a"],"first_events":[{"choices":[{"index":0,"delta":{"role":"assistant","content":null}}]}]}"#,
            #"{"role_chunk":false,"text":["a"],"first_events":[{"choices":[]},{"choices":[{"index":0,"delta":{}}]}]}"#,
        ]
    )
    func theFirstChunk(_ step: String) async throws {
        try await Stand.run("{\"default\":\(step)}") { stand in
            let events = try await stand.events()
            let first = try JSONValue(parsing: try #require(events.first))
            #expect(first["choices"]?[0]?["delta"]?["role"]?.string == "assistant")
            #expect(first["choices"]?[0]?["delta"]?["content"]?.string == "")
            let answer = try Assembled(events)
            #expect(answer.role == ["assistant"] && answer.content == "a" && answer.finishes == ["stop"])
            #expect(answer.ids.count == 1)
        }
    }
}
