// Failure modes 27, 29 and 30: what is spent is booked once, and errors are errors (`gateways.md` (c)).

import JSON
import Support
import Testing

@Suite struct MoneyAndErrorTests {
    /// Every way in which an answer can end, and the outcome that its row has.
    private static let ends: [(step: String, leaves: Bool, outcome: String, isEstimated: String)] = [
        (#"{"text":["a","b"]}"#, false, "finished", "0"),
        (#"{"text":["a","b"],"usage_at":"missing"}"#, false, "finished", "1"),
        (#"{"text":["a","b"],"infinite":true,"delay_between":5}"#, true, "client_gone", "1"),
        (#"{"text":["a","b"],"usage_at":"every","infinite":true,"delay_between":5}"#, true, "client_gone", "0"),
        (#"{"text":["a","b","c"],"die":{"at":700,"how":"reset"},"delay_between":5}"#, false, "upstream_error", "1"),
        (#"{"text":["a"],"late_events":["no JSON"]}"#, false, "upstream_error", "1"),
    ]

    @Test("27. Whatever way a stream ends, what it used is booked exactly once")
    func everyEndIsBooked() async throws {
        try await Stand.run { stand in
            for (step, leaves, _, _) in Self.ends {
                try await stand.upstream.script("{\"default\":\(step)}")
                let (probe, head) = try await stand.gateway.stream(
                    Gateway.body("what is it?", model: "default", members: #""stream":true"#)
                )
                #expect(head.status == 200, "\(step)")
                if leaves {
                    for _ in 0..<3 { _ = try await probe.eventData() }
                    await probe.close()
                    try await stand.isIdle()
                } else {
                    _ = try await probe.events()
                }
            }
            let rows = try await stand.gateway.usage(atLeast: Self.ends.count)
            #expect(rows.count == Self.ends.count)
            for (row, end) in zip(rows, Self.ends) {
                #expect(row["outcome"] == end.outcome, "\(end.step)")
                #expect(row["is_estimated"] == end.isEstimated, "\(end.step)")
                #expect((Int(row["prompt_tokens"] ?? "") ?? 0) > 0, "\(end.step)")
                #expect((Int(row["completion_tokens"] ?? "") ?? 0) > 0, "\(end.step)")
                if end.isEstimated == "0" { #expect(row["prompt_tokens"] == "12", "\(end.step)") }
            }
            #expect(Set(rows.compactMap { $0["request_id"] }).count == rows.count)
        }
    }

    @Test("27. … also in the last moment before the server stops")
    func theLastRowsAreWritten() async throws {
        try await Stand.turnstile.pass {
            let upstream = try await ScriptedUpstream.start()
            try await upstream.script(#"{"default":{"text":["a","b"],"infinite":true,"delay_between":10}}"#)
            let gateway = try await Gateway.start(
                upstream: upstream.baseURL,
                environment: ["OPSGATE_DRAIN_SECONDS": "1"]
            )
            var probes: [HTTPProbe] = []
            for _ in 0..<10 {
                let (probe, _) = try await gateway.stream(
                    Gateway.body("x", model: "default", members: #""stream":true"#)
                )
                _ = try await probe.eventData()
                probes.append(probe)
            }
            for probe in probes.prefix(5) { await probe.close(reset: true) }
            #expect(try await gateway.stop().isSuccess)
            let rows = try await gateway.usage(atLeast: 10)
            #expect(rows.count == 10)
            #expect(rows.count { $0["outcome"] == "client_gone" } == 5)
            #expect(rows.count { $0["outcome"] == "shut_down" } == 5)
            try await upstream.stop()
        }
    }

    @Test("28. Under a budget nobody is asked whose price is not known", arguments: [false, true])
    func noPriceNoBudget(_ isAllowed: Bool) async throws {
        try await Stand.turnstile.pass {
            let (free, paid) = (try await ScriptedUpstream.start(), try await ScriptedUpstream.start())
            for upstream in [free, paid] { try await upstream.script(#"{"default":"hello"}"#) }
            let folder = try TemporaryFolder("unpriced")
            let file = try folder.write(
                """
                providers:
                  - {name: free, kind: openai-compatible, base_url: "\(free.baseURL)"}
                  - {name: paid, kind: openai-compatible, base_url: "\(paid.baseURL)"}
                models: [{name: paid/m, price: {input: 1, output: 1}}]
                routes:
                  default: {targets: [{model: free/m}, {model: offline/ops, order: 9}], retries: 0}
                  first: {targets: [{model: free/m}, {model: paid/m, order: 2}], retries: 0}
                  last: {targets: [{model: paid/m}, {model: free/m, order: 2}], retries: 0}
                """,
                to: "providers.yaml"
            )
            var environment = ["OPSGATE_PROVIDERS": file]
            if isAllowed { environment["OPSGATE_UNPRICED_MODELS"] = "allow" }
            let gateway = try await Gateway.start(environment: environment)
            #expect(try await gateway.chat("hi", model: "free/m").status == 200, "without a budget anybody may")
            let asked = try await free.stats().requests
            let limit = #"{"scope":"user","subject":"*","budget_month":5}"#
            #expect(try await gateway.post("/api/v1/opspilot/limit_mgmt/limit/", limit).status == 200)
            // The offline model, which is another, does not answer in the place of one that may not be asked.
            for (body, path) in [
                (Gateway.body("hi", model: "free/m"), "/v1/chat/completions"),
                (Gateway.body("hi", model: "free/m", members: #""stream":true"#), "/v1/chat/completions"),
                (Gateway.body("hi"), "/v1/chat/completions"),
                (#"{"model":"free/m","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}"#, "/v1/messages"),
                (#"{"model":"free/m","input":"hi"}"#, "/v1/responses"),
                (#"{"model":"free/m","input":"hi"}"#, "/v1/embeddings"),
            ] {
                let answer = try await gateway.post(path, body)
                #expect(answer.status == (isAllowed ? 200 : 403), "\(path): \(answer.text)")
                if isAllowed { continue }
                #expect(answer.text.contains("`free/m` has no price, and this user has a budget"), "\(answer.text)")
            }
            #expect(
                try await gateway.chat("hi", model: "first").head["x-opsgate-provider"] == (isAllowed ? "free" : "paid")
            )
            #expect(try await gateway.chat("hi", model: "offline/ops").status == 200)
            #expect(try await gateway.chat("hi", model: "last").head["x-opsgate-provider"] == "paid")
            // When the one that has a price fails, the one that has none is still not asked.
            try await paid.script(#"{"default":{"status":500}}"#)
            #expect(try await gateway.chat("hi", model: "last").status == (isAllowed ? 200 : 502))
            if !isAllowed {
                #expect(try await free.stats().requests == asked)
                let rows = try await gateway.usage(atLeast: 11).filter { $0["outcome"] == "model_without_price" }
                #expect(rows.count == 6 && rows.allSatisfy { $0["error_type"] == "policy_access_denied" })
                let metrics = try await gateway.get("/metrics").text
                #expect(metrics.contains(#"opsgate_limit_refused_total{scope="user",kind="budget_month"} 6"#))
            }
            try await gateway.stop()
            for upstream in [free, paid] { try await upstream.stop() }
        }
    }

    @Test("29. Retry-After is passed on, and told by the gateway itself while it holds back", arguments: ["7", "0.25"])
    func retryAfter(_ given: String) async throws {
        let step = #"{"status":429,"headers":{"Retry-After":"\#(given)"}}"#
        try await Stand.run("{\"default\":\(step)}") { stand in
            for _ in 0..<2 {
                let answer = try await stand.gateway.chat("x", model: "default")
                #expect(answer.status == 429)
                let seconds = try #require(answer.head["retry-after"].flatMap { Int($0) })
                let milliseconds = try #require(answer.head["retry-after-ms"].flatMap { Int($0) })
                #expect((1...7).contains(seconds))
                #expect(milliseconds > 0 && milliseconds <= 7000)
                #expect(answer.head["llm_provider-retry-after"] == nil)
            }
        }
    }

    @Test("30. Errors have JSON null and words for machines, never \"None\" or numbers in quotes")
    func errorBodies() async throws {
        try await Stand.run { stand in
            let gateway = stand.gateway
            func expect(_ answer: ProbeAnswer, _ status: Int, _ code: String?, _ type: String) throws {
                #expect(answer.status == status, "\(answer.text)")
                #expect(answer.head["content-type"]?.hasPrefix("application/json") == true)
                #expect(answer.head["x-request-id"]?.isEmpty == false)
                let json = try answer.json
                #expect(json.errorFaults == [], "\(answer.text)")
                #expect(json["error"]?["code"]?.string == code, "\(answer.text)")
                #expect(json["error"]?["type"]?.string == type, "\(answer.text)")
            }
            try expect(
                try await gateway.chat("x", model: "no-such-model"),
                404,
                "model_not_found",
                "invalid_request_error"
            )
            try expect(
                try await gateway.post("/v1/chat/completions", Gateway.body("x"), headers: []),
                401,
                "invalid_api_key",
                "invalid_request_error"
            )
            try expect(try await gateway.post("/v1/chat/completions", "{"), 400, nil, "invalid_request_error")
            let steps: [(step: String, status: Int, code: String, type: String)] = [
                (#"{"status":429}"#, 429, "rate_limit_exceeded", "rate_limit_error"),
                (
                    #"{"status":429,"body":{"error":{"message":"no","type":"None","param":"None","code":"429"}}}"#, 429,
                    "rate_limit_exceeded", "rate_limit_error"
                ),
                (
                    #"{"status":400,"body":{"error":{"message":"bad","type":"None","param":"None","code":"400"}}}"#,
                    400,
                    "invalid_value", "invalid_request_error"
                ),
                (
                    #"{"status":402,"body":{"error":{"message":"pay","code":"insufficient_quota"}}}"#, 429,
                    "insufficient_quota", "rate_limit_error"
                ),
                (#"{"status":500}"#, 502, "upstream_error", "upstream_error"),
                (#"{"status":503}"#, 503, "overloaded", "overloaded_error"),
            ]
            for (index, (step, status, code, type)) in steps.enumerated() {
                try await stand.upstream.script("{\"default\":\(step)}")
                let answer = try await gateway.chat("x", model: "openai/m\(index)")
                #expect(answer.status == status, "\(step): \(answer.text)")
                let json = try answer.json
                #expect(json.errorFaults == [], "\(step): \(answer.text)")
                #expect(json["error"]?["type"]?.string == type, "\(step)")
                if status != 400 { #expect(json["error"]?["code"]?.string == code, "\(step)") }
            }
        }
    }
}
