// `POST /v1/messages` byte by byte: the forms of answers and errors, headers, clients that leave, upstreams that die.

import JSON
import Support
import Testing

@Suite struct MessageTests {
    static let path = "/v1/messages"

    static func body(_ text: String, model: String = "default", members: String = "") -> String {
        Gateway.body(text, model: model, members: "\"max_tokens\":500" + (members.isEmpty ? "" : "," + members))
    }

    /// Asserts that the upstream sees the close soon after the client's going, and that there is one row
    /// (`gateways.md` (c) 2, 3 and 4).
    private func leave(
        _ step: String,
        stream: Bool,
        model: String = "default",
        after ready: (HTTPProbe, ScriptedUpstream) async throws -> Void
    ) async throws {
        let upstream = try await ScriptedUpstream.start()
        try await upstream.queue(step)
        let gateway = try await Gateway.start(upstream: upstream.baseURL)
        let probe = try await HTTPProbe(port: gateway.port)
        try await probe.request(
            "POST",
            Self.path,
            headers: [("x-api-key", gateway.secret), ("anthropic-version", "2023-06-01")],
            body: Array(Self.body("x", model: model, members: "\"stream\":\(stream)").utf8)
        )
        try await ready(probe, upstream)
        await probe.close()
        try await eventually("the upstream saw the close", every: .milliseconds(2)) {
            let stats = try await upstream.stats()
            return stats.streams_open + stats.answers_open == 0
                && stats.streams_cancelled + stats.answers_cancelled == 1
        }
        let rows = try await gateway.usage(atLeast: 1)
        #expect(rows.count == 1)
        #expect(rows.first?["outcome"] == "client_gone")
        #expect(rows.first?["surface"] == "messages")
        try await gateway.stop()
        try await upstream.stop()
    }

    private func busy(_ upstream: ScriptedUpstream) async throws {
        try await eventually("the upstream works") {
            try await upstream.stats().requests > 0
        }
    }

    @Test("2. On /v1/messages a client that leaves mid-stream ends the upstream's work")
    func aClientThatLeavesMidStreamCancelsTheUpstream() async throws {
        try await leave(#"{"text":["a","b"],"infinite":true,"delay_between":10}"#, stream: true) { probe, _ in
            _ = try await probe.head()
            while let data = try await probe.eventData(), !data.contains("text_delta") {}
        }
    }

    @Test func aClientThatLeavesABotMidStreamCancelsTheUpstream() async throws {
        try await leave(
            #"{"text":["a","b"],"infinite":true,"delay_between":10}"#,
            stream: true,
            model: "ops-assistant-bot"
        ) { probe, _ in
            _ = try await probe.head()
            while let data = try await probe.eventData(), !data.contains("text_delta") {}
        }
    }

    @Test("2, 3. On /v1/messages a client that leaves before the first byte is noticed")
    func aClientThatLeavesBeforeTheFirstByteCancelsTheUpstream() async throws {
        try await leave(#"{"text":"late","delay_before_head":30000}"#, stream: true) { _, upstream in
            try await busy(upstream)
        }
    }

    @Test func aClientThatLeavesAWholeAnswerCancelsTheUpstream() async throws {
        try await leave(#"{"text":"late","delay_before_head":30000}"#, stream: false) { _, upstream in
            try await busy(upstream)
        }
    }

    @Test func anUpstreamThatDiesMidStreamIsAnErrorEventAndNothingAfterIt() async throws {
        let upstream = try await ScriptedUpstream.start()
        try await upstream.queue(#"{"text":["one ","two ","three"],"die":{"at":700,"how":"reset"},"delay_between":20}"#)
        let gateway = try await Gateway.start(upstream: upstream.baseURL)
        let (probe, head) = try await gateway.stream(Self.body("x", members: #""stream":true"#), path: Self.path)
        #expect(head.status == 200)
        #expect(head["content-type"] == "text/event-stream")
        #expect(head["request-id"]?.isEmpty == false)
        let text = String(decoding: try await probe.body(), as: UTF8.self)
        #expect(text.hasPrefix("event: message_start\ndata: {"))
        // Not known yet, but not nothing: "x" is a token.
        #expect(text.prefix(400).contains("\"usage\":{\"input_tokens\":1,"), "\(text.prefix(400))")
        #expect(text.contains("event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"api_error\""))
        #expect(!text.contains("message_stop") && !text.contains("message_delta"))
        let last = text.split(separator: "\n").last { $0.hasPrefix("event:") }
        #expect(last == "event: error")
        let rows = try await gateway.usage(atLeast: 1)
        #expect(rows.count == 1)
        #expect(rows.first?["outcome"] == "upstream_error")
        try await gateway.stop()
        try await upstream.stop()
    }

    @Test func errorsBeforeTheFirstByteHaveAStatusAndAnthropicsForm() async throws {
        let upstream = try await ScriptedUpstream.start()
        try await upstream.script(#"{"default":{"status":429,"headers":{"retry-after":"7"}}}"#)
        let gateway = try await Gateway.start(upstream: upstream.baseURL)
        let good = Self.body("x")
        let cases: [(Int, String, () async throws -> ProbeAnswer)] = [
            (401, "authentication_error", { try await gateway.post(Self.path, good, headers: []) }),
            (
                401, "authentication_error",
                { try await gateway.post(Self.path, good, headers: [("x-api-key", "bkls_wrongwrongwrongwrongwr")]) }
            ),
            (400, "invalid_request_error", { try await gateway.post(Self.path, "{}") }),
            (400, "invalid_request_error", { try await gateway.post(Self.path, "{\"model\":") }),
            (404, "not_found_error", { try await gateway.post(Self.path, Self.body("x", model: "nobody")) }),
            (405, "invalid_request_error", { try await gateway.get(Self.path) }),
            (429, "rate_limit_error", { try await gateway.post(Self.path, good) }),
            (
                429, "rate_limit_error",
                { try await gateway.post(Self.path, Self.body("x", members: #""stream":true"#)) }
            ),
            (
                413, "request_too_large",
                {
                    try await HTTPProbe.ask(
                        "POST",
                        port: gateway.port,
                        Self.path,
                        headers: [gateway.authorization, ("Content-Length", "99999999")],
                        body: []
                    )
                }
            ),
        ]
        for (status, type, ask) in cases {
            let answer = try await ask()
            #expect(answer.status == status, "\(answer.text)")
            let json = try answer.json
            #expect(json["type"] == "error")
            #expect(json["error"]?["type"]?.string == type, "\(answer.text)")
            #expect(json["error"]?["message"]?.string?.isEmpty == false)
            #expect(json["request_id"]?.string == answer.head["x-request-id"])
            if status != 405 { #expect(answer.head["request-id"] == answer.head["x-request-id"]) }
            if status == 429 { #expect(answer.head["retry-after"] == "7") }
        }
        try await gateway.stop()
        try await upstream.stop()
    }

    @Test func whatHasNoEffectIsNamedAndTokensAreEstimated() async throws {
        let upstream = try await ScriptedUpstream.start()
        try await upstream.queue(#"{"text":"hello"}"#)
        let gateway = try await Gateway.start(upstream: upstream.baseURL)
        let answer = try await gateway.post(
            "/api/v1/opspilot/bot_mgmt/v1/messages",
            Self.body("12345678", members: #""top_k":5,"service_tier":"auto""#),
            headers: [("x-api-key", gateway.secret), ("anthropic-version", "2023-06-01"), ("anthropic-beta", "a,b")]
        )
        #expect(answer.status == 200)
        #expect(answer.head["x-opsgate-ignored"] == "top_k, service_tier")
        #expect(answer.head["x-opsgate-provider"] == "openai")
        #expect(try answer.json["content"] == [["type": "text", "text": "hello"]])
        let count = Self.path + "/count_tokens"
        #expect(try await gateway.post(count, Gateway.body("12345678", model: "default")).json == ["input_tokens": 2])
        // A bot's prompt and tools are part of what its model reads.
        let bot = try await gateway.post(count, Gateway.body("12345678")).json["input_tokens"]?.int
        #expect((bot ?? 0) > 500)
        #expect(try await gateway.usage(atLeast: 1).count == 1)
        try await gateway.stop()
        try await upstream.stop()
    }
}
