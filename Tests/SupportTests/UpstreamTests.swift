// The scripted upstream itself: a tool that judges others must be right.
import Foundation
import Support
import Testing

private let path = "/v1/chat/completions"
private func ask(_ extra: String = "") -> String {
    "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"q\"}]\(extra)}"
}
private let streaming = ask(",\"stream\":true")

@Suite struct UpstreamTests {
    private func stream(_ upstream: ScriptedUpstream, _ body: String = streaming) async throws
        -> HTTPProbe
    {
        let probe = try await HTTPProbe(port: upstream.port)
        try await probe.request(
            "POST",
            path,
            headers: [("Content-Type", "application/json")],
            body: Array(body.utf8)
        )
        return probe
    }

    @Test(arguments: [
        ("{\"model\":\"m\",\"messages\":[]}", "messages"),
        ("{\"messages\":[{\"role\":\"user\",\"content\":\"q\"}]}", "model"),
        ("{\"model\":\"m\",\"messages\":[{\"role\":\"robot\",\"content\":\"q\"}]}", "messages[0].role"),
        ("{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":[]}]}", "messages[0].content"),
        (
            "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":null}]}", "messages[0].content"
        ),
        (
            "{\"model\":\"m\",\"messages\":[{\"role\":\"tool\",\"tool_call_id\":\"x\",\"content\":\"q\"}]}",
            "messages[0].role"
        ),
        (
            "{\"model\":\"m\",\"messages\":[{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"a\",\"type\":\"function\","
                + "\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]},{\"role\":\"user\",\"content\":\"q\"}]}",
            "messages[1]"
        ),
        (
            "{\"model\":\"m\",\"messages\":[{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"a\",\"type\":\"function\","
                + "\"function\":{\"name\":\"f\",\"arguments\":{}}}]}]}",
            "messages[0].tool_calls[0].function.arguments"
        ),
        (
            "{\"model\":\"m\",\"messages\":[{\"role\":\"assistant\",\"tool_calls\":[{\"type\":\"function\","
                + "\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]}]}", "messages[0].tool_calls[0].id"
        ),
        (ask(",\"tools\":[]"), "tools"),
        (
            ask(",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"a.b\"}}]"),
            "tools[0].function.name"
        ),
        (ask(",\"tool_choice\":\"auto\""), "tool_choice"),
        (ask(",\"colour\":1"), "colour"),
        (ask(",\"temperature\":3"), "temperature"),
        (ask(",\"stream_options\":{\"include_usage\":true}"), "stream_options"),
    ])
    func refuses(body: String, parameter: String) async throws {
        let upstream = try await ScriptedUpstream.start()
        let answer = try await HTTPProbe.post(port: upstream.port, path, json: body)
        struct Shape: Decodable {
            struct Fault: Decodable {
                var message: String
                var type: String
                var param: String?
            }
            var error: Fault
        }
        #expect(answer.status == 400)
        let fault = try answer.decoded(as: Shape.self).error
        #expect(fault.param == parameter)
        #expect(fault.type == "invalid_request_error")
        #expect(try await upstream.stats().refused == 1)
    }

    @Test func checksTheKeyAndHidesIt() async throws {
        let upstream = try await ScriptedUpstream.start(key: "sk-right")
        #expect(try await HTTPProbe.post(port: upstream.port, path, json: ask()).status == 401)
        let wrong = try await HTTPProbe.post(
            port: upstream.port,
            path,
            headers: [("Authorization", "Bearer no")],
            json: ask()
        )
        #expect(wrong.status == 401)
        let right = [("Authorization", "Bearer sk-right")]
        #expect(
            try await HTTPProbe.post(port: upstream.port, path, headers: right, json: ask()).status == 200
        )
        let journal = String(decoding: try await upstream.requests(), as: UTF8.self)
        #expect(!journal.contains("sk-right"))
        #expect(journal.contains("\"key_matches\":true"))
    }

    @Test func saysAStreamInOrder() async throws {
        let upstream = try await ScriptedUpstream.start()
        try await upstream.queue(
            "{\"text\":\"abcdef\",\"text_chunks\":3,\"reasoning\":\"hm\"}",
            "{\"tool_calls\":[{\"name\":\"f\",\"arguments\":{\"a\":1}}],\"arguments_every\":2}"
        )
        let probe = try await stream(
            upstream,
            ask(",\"stream\":true,\"stream_options\":{\"include_usage\":true}")
        )
        #expect(try await probe.head()["content-type"]?.hasPrefix("text/event-stream") == true)
        var data: [String] = []
        while let next = try await probe.eventData() { data.append(next) }
        #expect(data.count == 8)
        #expect(data[0].contains("\"role\":\"assistant\""))
        #expect(data[1].contains("\"reasoning_content\":\"hm\""))
        #expect(data[2].contains("\"ab\"") && data[3].contains("\"cd\"") && data[4].contains("\"ef\""))
        #expect(data[5].contains("\"finish_reason\":\"stop\""))
        #expect(data[6].contains("\"choices\":[]") && data[6].contains("\"total_tokens\":19"))
        #expect(data[7] == "[DONE]")
        // The connection stays, and the queue goes on.
        try await probe.request(
            "POST",
            path,
            headers: [("Content-Type", "application/json")],
            body: Array(streaming.utf8)
        )
        _ = try await probe.head()
        let second = String(decoding: try await probe.body(), as: UTF8.self)
        #expect(second.components(separatedBy: "data: ").count == 9)
        #expect(second.contains("\"finish_reason\":\"tool_calls\""))
        let exhausted = try await HTTPProbe.post(port: upstream.port, path, json: ask())
        #expect(exhausted.status == 500 && exhausted.text.contains("script_exhausted"))
    }

    @Test func rulesChooseByModelTextAndRound() async throws {
        let upstream = try await ScriptedUpstream.start()
        try await upstream.script(
            """
            {"rules":[{"model":"other","step":"no"},{"contains":"q","round":2,"step":"second"},
              {"contains":"q","times":1,"step":"once"}],"default":"else"}
            """
        )
        let call =
            "{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"a\",\"type\":\"function\",\"function\":"
            + "{\"name\":\"f\",\"arguments\":\"{}\"}}]},{\"role\":\"tool\",\"tool_call_id\":\"a\",\"content\":\"r\"}"
        let later = "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"q\"},\(call)]}"
        for (body, text) in [(ask(), "once"), (later, "second"), (ask(), "else")] {
            let answer = try await HTTPProbe.post(port: upstream.port, path, json: body)
            #expect(answer.text.contains("\"content\":\"\(text)\""), "\(answer.text)")
        }
    }

    @Test(arguments: [0, 1, 100, 431, 10_000])
    func diesAtAByte(count: Int) async throws {
        let upstream = try await ScriptedUpstream.start()
        try await upstream.queue(
            "{\"text\":\"\(String(repeating: "x", count: 20_000))\",\"die\":{\"at\":\(count)}}"
        )
        let probe = try await stream(upstream)
        #expect(try await probe.head().status == 200)
        var received = 0
        await #expect(throws: SupportError.self) {
            while let piece = try await probe.bodyPiece() { received += piece.count }
        }
        #expect(received == count)
        #expect(try await probe.waitForClose())
        try await eventually("broken is counted") {
            try await upstream.stats().streams_broken == 1 ? true : nil
        }
    }

    @Test func diesBeforeTheHead() async throws {
        let upstream = try await ScriptedUpstream.start()
        try await upstream.queue("{\"die\":{\"at\":\"before_head\",\"how\":\"close\"}}")
        let probe = try await stream(upstream)
        #expect(try await probe.waitForClose() == false)
    }

    @Test(arguments: ["lf", "crlf", "cr"])
    func splitsAnywhere(lineEnd: String) async throws {
        let upstream = try await ScriptedUpstream.start()
        let step =
            "{\"text\":\"h\u{E9}llo \u{1F600}\",\"line_end\":\"\(lineEnd)\",\"comment\":\"ping\",\"fields\":[\"id: 1\"]"
        try await upstream.queue(
            step + "}",
            step + ",\"split_every\":1}",
            step + ",\"split_at\":[5,6,200]}"
        )
        var bodies: [String] = []
        for _ in 0..<3 {
            let probe = try await stream(upstream)
            _ = try await probe.head()
            var data: [String] = []
            while let next = try await probe.eventData() { data.append(next) }
            bodies.append(
                data.map { $0.replacing(/chatcmpl-\d+|"created":\d+/, with: "") }.joined(separator: "|")
            )
        }
        #expect(bodies[0].contains("h\u{E9}llo \u{1F600}"))
        #expect(bodies[1] == bodies[0] && bodies[2] == bodies[0])
    }

    @Test func splitAtCutsThere() async throws {
        let upstream = try await ScriptedUpstream.start()
        try await upstream.queue("{\"text\":\"x\",\"split_at\":[5,7],\"delay_between\":30}")
        let probe = try await stream(upstream)
        _ = try await probe.head()
        #expect(try await probe.bodyPiece()?.count == 5)
        #expect(try await probe.bodyPiece()?.count == 2)
    }

    @Test func seesAClientLeave() async throws {
        let upstream = try await ScriptedUpstream.start()
        for reset in [false, true] {
            try await upstream.reset()
            // What would come next would come too late for this test.
            try await upstream.script(#"{"default":{"text":["a","b"],"delay_between":600000}}"#)
            let probe = try await stream(upstream)
            _ = try await probe.head()
            _ = try await probe.eventData()
            #expect(try await upstream.stats().streams_open == 1)
            await probe.close(reset: reset)
            let stats = try await eventually("cancelled") {
                let stats = try await upstream.stats()
                return stats.streams_cancelled == 1 ? stats : nil
            }
            #expect(stats.streams_open == 0)
            #expect(try await upstream.ledger().map(\.pieces) == [1])
        }
    }

    @Test func seesAClientLeaveBeforeTheHead() async throws {
        let upstream = try await ScriptedUpstream.start()
        try await upstream.queue("{\"delay_before_head\":60000}", "{\"delay_before_head\":60000}")
        let first = try await stream(upstream)
        let second = try await stream(upstream, ask())
        try await eventually("both began") {
            let stats = try await upstream.stats()
            return stats.streams_open == 1 && stats.answers_open == 1 ? true : nil
        }
        await first.close()
        await second.close()
        try await eventually("both were cancelled") {
            let stats = try await upstream.stats()
            return stats.streams_cancelled == 1 && stats.answers_cancelled == 1 ? true : nil
        }
    }

    @Test func hugeAndInfiniteRespectASlowReader() async throws {
        let upstream = try await ScriptedUpstream.start()
        try await upstream.queue(
            "{\"text\":\"x\",\"infinite\":true}",
            "{\"huge_event\":{\"mebibytes\":8}}",
            "{\"huge_event\":{\"mebibytes\":3,\"newline\":false}}"
        )
        let slow = try await stream(upstream)
        _ = try await slow.head()
        let huge = try await stream(upstream)
        _ = try await huge.head()
        #expect(try await huge.body().count > 8 << 20)
        let endless = try await stream(upstream)
        _ = try await endless.head()
        #expect(try await endless.body().count > 3 << 20)
        let memory = try String(contentsOfFile: "/proc/\(upstream.process.id)/status", encoding: .utf8)
        let resident = try #require(memory.firstMatch(of: /VmRSS:\s+(\d+) kB/).flatMap { Int($0.1) })
        #expect(resident < 150_000)
        await slow.close()
    }

    @Test func otherAnswers() async throws {
        let upstream = try await ScriptedUpstream.start()
        try await upstream.queue(
            "{\"status\":429,\"headers\":{\"Retry-After\":\"7\"}}",
            "{\"status\":502,\"body\":\"<html>\"}",
            "{\"status\":500,\"body\":\"\"}",
            "{\"answer\":\"json\",\"text\":\"whole\"}",
            "{\"body\":\"{\\\"a\\\":1}\",\"blank_lines\":3}",
            "{\"text\":\"x\",\"done\":false,\"finish_reason\":null,\"final_blank_line\":false}",
            "{\"first_events\":[{\"error\":{\"message\":\"m\"}}],\"done\":false,\"framing\":\"close\"}"
        )
        func next() async throws -> ProbeAnswer {
            try await HTTPProbe.post(port: upstream.port, path, json: streaming)
        }
        let limited = try await next()
        #expect(
            limited.status == 429 && limited.head["retry-after"] == "7"
                && limited.text.contains("rate_limit_exceeded")
        )
        let gateway = try await next()
        #expect(
            gateway.status == 502 && gateway.text == "<html>"
                && gateway.head["content-type"]?.hasPrefix("text/html") == true
        )
        let empty = try await next()
        #expect(empty.status == 500 && empty.body.isEmpty)
        #expect(try await next().text.contains("\"object\":\"chat.completion\""))
        #expect(try await next().text == "\n\n\n{\"a\":1}")
        let cut = try await next()
        #expect(!cut.text.contains("DONE") && cut.text.hasSuffix("}\n") && !cut.text.hasSuffix("\n\n"))
        let failed = try await next()
        #expect(failed.text.hasPrefix("data: {\"error\"") && failed.head["transfer-encoding"] == nil)
    }

    @Test func benchModels() async throws {
        let upstream = try await ScriptedUpstream.start()
        for model in ["bench", "bench-each", "paced-1ms"] {
            let probe = try await stream(
                upstream,
                "{\"model\": \"\(model)\",\"stream\": true,\"messages\":[]}"
            )
            _ = try await probe.head()
            var texts = 0
            var last = ""
            while let data = try await probe.eventData() {
                if data.contains("\"content\":\"t") { texts += 1 }
                last = data
            }
            #expect(texts == 100 && last == "[DONE]")
        }
        let whole = try await HTTPProbe.post(port: upstream.port, path, json: "{\"model\":\"bench\"}")
        #expect(whole.text.contains("Nothing is firing."))
    }

    @Test func aWrongScriptIsTold() async throws {
        let upstream = try await ScriptedUpstream.start()
        let error = try await #require(throws: SupportError.self) {
            try await upstream.queue("{\"txet\":\"x\"}")
        }
        #expect(error.description.contains("script.queue[0] has unknown members: txet"))
    }

    @Test func pipelinedRequestsAreAnsweredInOrder() async throws {
        let upstream = try await ScriptedUpstream.start()
        try await upstream.queue("{\"text\":\"one\",\"delay_before_head\":50}", "\"two\"")
        let probe = try await HTTPProbe(port: upstream.port)
        for _ in 0..<2 {
            try await probe.request(
                "POST",
                path,
                headers: [("Content-Type", "application/json")],
                body: Array(ask().utf8)
            )
        }
        #expect(try await probe.answer().text.contains("\"one\""))
        #expect(try await probe.answer().text.contains("\"two\""))
    }
}
