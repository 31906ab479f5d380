// Failure modes 6–11: upstreams that die, and upstreams that say 200 and mean something else (`gateways.md` (c)).

import JSON
import Support
import Testing

@Suite struct BrokenUpstreamTests {
    /// Where a connection can die while an answer with text is under way, in bytes of the upstream's body.
    private static let deaths: [(at: Int, how: String, framing: String)] = [
        (520, "reset", "chunked"), (700, "reset", "chunked"), (701, "close", "chunked"), (700, "close", "close"),
        (699, "reset", "close"), (700, "close", "length"),
    ]

    private func death(_ at: Int, _ how: String, _ framing: String) -> String {
        """
        {"text":["one ","two ","three"],"delay_between":10,"framing":"\(framing)",
         "die":{"at":\(at),"how":"\(how)"}}
        """
    }

    @Test("6. An upstream that dies mid-stream never looks like a complete answer")
    func deathIsNoFinish() async throws {
        try await Stand.run { stand in
            for (index, (at, how, framing)) in Self.deaths.enumerated() {
                for model in ["openai/m\(index)", "ops-assistant-bot"] {
                    try await stand.upstream.script("{\"default\":\(death(at, how, framing))}")
                    let answer = try await stand.assembled(
                        #""stream_options":{"include_usage":true}"#,
                        model: model
                    )
                    #expect(answer.finishes.isEmpty, "\(at) \(how) \(framing) \(model)")
                    #expect(!answer.isDone, "\(at) \(how) \(framing) \(model)")
                    #expect(answer.usage.isEmpty, "no usage is told of half an answer")
                    #expect(answer.error?["code"]?.string == "upstream_error", "\(at) \(how) \(framing) \(model)")
                    #expect(!answer.content.contains("three"))
                }
            }
            let rows = try await stand.gateway.usage(atLeast: Self.deaths.count * 2)
            #expect(rows.allSatisfy { $0["outcome"] == "upstream_error" && $0["is_estimated"] == "1" })
            #expect(rows.allSatisfy { $0["error_type"] == "provider_connection_failed" })
            #expect(rows.allSatisfy { (Int($0["prompt_tokens"] ?? "") ?? 0) > 0 }, "usage is not 0")
        }
    }

    @Test("6. … nor does a whole answer that is cut")
    func halfABody() async throws {
        let halves = [
            #"{"text":"a long answer","die":{"at":60,"how":"reset"}}"#,
            #"{"text":"a long answer","die":{"at":60,"how":"close"}}"#,
            #"{"text":"a long answer","die":{"at":60,"how":"close"},"framing":"close"}"#,
        ]
        try await Stand.run { stand in
            for (index, half) in halves.enumerated() {
                try await stand.upstream.script("{\"default\":\(half)}")
                let answer = try await stand.gateway.chat("x", model: "openai/m\(index)")
                #expect(answer.status == 502, "\(half): \(answer.text)")
                #expect(try answer.json.errorFaults == [])
            }
        }
    }

    @Test("7. An upstream that dies mid-stream is told of inside the stream, which then ends properly")
    func deathIsTold() async throws {
        try await Stand.run("{\"default\":\(death(700, "reset", "chunked"))}") { stand in
            // `events` throws if the connection ends without the last chunk of the coding.
            let events = try await stand.events()
            let last = try JSONValue(parsing: try #require(events.last))
            #expect(last.errorFaults == [])
            #expect(last["error"]?["type"]?.string == "upstream_error")
            #expect(last["error"]?["message"]?.string?.contains("openai") == true, "the provider is named")
            #expect(events.dropLast().allSatisfy { !$0.contains("\"error\"") })
            #expect(events.contains { $0.contains("one ") }, "what was said before is not lost")
        }
    }

    @Test(
        "8. A failure before the first token is no empty answer",
        arguments: [
            #"{"die":{"at":0,"how":"close"}}"#,
            #"{"text":["a"],"die":{"at":240,"how":"reset"},"delay_between":20,"answer":"stream"}"#,
            #"{"die":{"at":0,"how":"reset"}}"#,
            #"{"status":200,"body":"","content_type":"text/event-stream"}"#,
            #"{"status":200,"body":"data: [DONE]\n\n","content_type":"text/event-stream"}"#,
            #"{"status":200,"body":": hello\n\n","content_type":"text/event-stream"}"#,
            #"{"status":200,"body":"{}","content_type":"application/json"}"#,
            #"{"status":200,"body":"{\"choices\":[]}","content_type":"application/json"}"#,
            #"{"status":200,"body":"","content_type":"application/json"}"#,
            #"{"status":200,"body":"<html>welcome</html>","content_type":"text/html"}"#,
            #"{"text":[],"finish_reason":null,"usage_at":"missing","done":false,"answer":"stream"}"#,
            #"{"text":[""],"finish_reason":null,"usage_at":"missing","done":false,"answer":"stream"}"#,
            #"{"text":[],"late_events":[{"error":{"message":"no"}}],"finish_reason":null,"answer":"stream"}"#,
        ]
    )
    func nothingIsNoAnswer(_ step: String) async throws {
        try await Stand.run("{\"default\":\(step)}") { stand in
            for stream in [true, false] {
                let answer = try await stand.gateway.chat(
                    "x",
                    model: "openai/m\(stream)",
                    members: "\"stream\":\(stream)"
                )
                #expect(answer.status == 502, "stream \(stream): \(answer.text)")
                #expect(try answer.json.errorFaults == [])
            }
        }
    }

    @Test("9. The status waits for the upstream's: no 200 before its first byte")
    func theStatusIsNotGivenEarly() async throws {
        try await Stand.run { stand in
            for (index, (status, told)) in [(500, 502), (429, 429), (503, 503), (404, 404), (401, 502)].enumerated() {
                try await stand.upstream.script("{\"default\":{\"status\":\(status),\"delay_before_head\":300}}")
                let (probe, head) = try await stand.gateway.stream(
                    Gateway.body("x", model: "openai/m\(index)", members: #""stream":true"#)
                )
                #expect(head.status == told, "upstream \(status)")
                #expect(head["content-type"] == "application/json")
                let body = try JSONValue(parsing: try await probe.body())
                #expect(body.errorFaults == [], "upstream \(status): \(body.text)")
            }
        }
    }

    @Test("10. An error as the first event of a 200 is a status, where nobody else can answer")
    func anErrorInPlaceOfTheFirstEvent() async throws {
        let errors: [(event: String, status: Int)] = [
            (#"{"error":{"message":"no capacity","type":"server_error","code":null}}"#, 502),
            (#"{"error":{"message":"slow down","code":"rate_limit_exceeded"}}"#, 429),
            (#"{"error":{"message":"overloaded","code":503}}"#, 503),
            (#"{"error":"model requires more system memory"}"#, 502),
        ]
        try await Stand.run { stand in
            for (index, (event, status)) in errors.enumerated() {
                try await stand.upstream.script("{\"default\":{\"first_events\":[\(event)]}}")
                let answer = try await stand.gateway.chat("x", model: "openai/m\(index)", members: #""stream":true"#)
                #expect(answer.status == status, "\(event): \(answer.text)")
                #expect(try answer.json.errorFaults == [])
            }
        }
    }

    @Test("11. A network failure is never a 200", arguments: [true, false])
    func networkFailures(_ stream: Bool) async throws {
        try await Stand.turnstile.pass {
            let dead = "http://127.0.0.1:\(try FreePort.take())/v1"
            let upstream = try await ScriptedUpstream.start()
            try await upstream.script(#"{"default":{"die":{"at":"before_head","how":"reset"}}}"#)
            for base in [dead, "http://no-such-host.invalid/v1", upstream.baseURL] {
                let gateway = try await Gateway.start(upstream: base)
                let answer = try await gateway.chat("x", model: "default", members: "\"stream\":\(stream)")
                #expect(answer.status == 502 || answer.status == 504, "\(base): \(answer.text)")
                #expect(try answer.json.errorFaults == [])
                #expect(!answer.text.contains("127.0.0.1"), "where the upstream is, is nobody's business")
                let row = try #require(try await gateway.usage(atLeast: 1).first)
                #expect(row["error_type"] == "provider_connection_failed", "\(base)")
                try await gateway.stop()
            }
            try await upstream.stop()
        }
    }
}
