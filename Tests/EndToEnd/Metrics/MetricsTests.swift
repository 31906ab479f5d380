// /metrics and the books as a real Prometheus and a client see them.

import Foundation
import JSON
import Support
import Testing

@Suite struct MetricsTests {
    /// Debian's promtool finds nothing to complain of, and Debian's Prometheus scrapes it and answers from it.
    @Test func prometheusScrapesAndAnswers() async throws {
        let upstream = try await ScriptedUpstream.start(key: "upstream-key")
        try await upstream.queue(#"{"text":"One."}"#, #"{"text":"Two."}"#)
        let gateway = try await Gateway.start(
            upstream: upstream.baseURL,
            environment: ["OPSGATE_METRICS_TOKEN": "scrape-me"]
        )
        for _ in 0..<2 {
            let (probe, _) = try await gateway.stream(Gateway.body("hi", members: #""stream":true"#))
            _ = try await probe.events()
        }
        _ = try await gateway.get("/nowhere/\(UUID().uuidString)")
        _ = try await gateway.usage(atLeast: 2)

        let token = [("Authorization", "Bearer scrape-me")]
        let answer = try await gateway.get("/metrics", headers: token)
        #expect(answer.status == 200)
        #expect(answer.head["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
        let text = String(decoding: answer.body, as: UTF8.self)
        #expect(!text.contains("upstream-key") && !text.contains(gateway.secret))
        #expect(text.contains(#"opsgate_requests_total{method="_other",route="_other",status="404"} 1"#))
        #expect(text.contains("opsgate_streams_in_flight 0\n"))
        #expect(text.contains("process_resident_memory_bytes "))
        for line in [
            #"opsgate_outbox_notices{state="waiting"} 0"#, "opsgate_outbox_oldest_age_seconds 0",
            #"opsgate_store_jobs_waiting{queue="write"} "#, #"opsgate_store_threads{queue="read",state="idle"} "#,
            #"opsgate_http_client_transfers{state="running"} 0"#,
            #"opsgate_target_breaker_open{target="openai/scripted"} 0"#,
            #"opsgate_target_rounds_running{target="openai/scripted"} 0"#,
            #"opsgate_provider_keys_usable{provider="openai"} 1"#,
        ] {
            #expect(text.contains("\n\(line)"), "\(line)")
        }
        // Each loop keeps connections of its own, and the two streams may have come in on two.
        #expect(text.contains(/\nopsgate_http_client_connections [12]\n/))
        let folder = try TemporaryFolder("metrics")
        let file = try folder.write(text, to: "metrics.txt")
        let checked = try await Command.run("bash", ["-c", "promtool check metrics < '\(file)'"])
        #expect(checked.status.isSuccess, "\(checked.output)\(checked.errors)")

        // The token opens nothing else; a caller may look as well; nobody else may.
        #expect(try await gateway.get("/v1/models", headers: token).status == 401)
        #expect(try await gateway.get("/metrics").status == 200)
        #expect(try await gateway.get("/metrics", headers: []).status == 401)
        #expect(try await gateway.get("/metrics", headers: [("Authorization", "Bearer scrape-m")]).status == 401)

        let configuration = try folder.write(
            """
            scrape_configs:
              - job_name: opsgate
                scrape_interval: 1s
                authorization: {credentials: scrape-me}
                static_configs: [{targets: ["127.0.0.1:\(gateway.port)"]}]
            """,
            to: "prometheus.yml"
        )
        let port = try FreePort.take()
        let prometheus = try await ChildProcess.start(
            "prometheus",
            [
                "--config.file=\(configuration)", "--storage.tsdb.path=\(folder.file("prometheus"))",
                "--web.listen-address=127.0.0.1:\(port)",
            ]
        )
        try await prometheus.waitForPort(port)
        func ask(_ query: String) async throws -> String? {
            let encoded = query.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
            let answer = try await HTTPProbe.get(port: port, "/api/v1/query?query=\(encoded)", headers: [])
            return try answer.json["data"]?["result"]?[0]?["value"]?[1]?.string
        }
        try await eventually("the counter is there", every: .milliseconds(200)) {
            try await ask(#"opsgate_requests_total{route="/v1/chat/completions",status="200"}"#) == "2"
        }
        let labels = #"{gen_ai_operation_name="chat",gen_ai_provider_name="openai",gen_ai_request_model="scripted"}"#
        #expect(try await ask("gen_ai_server_request_duration_seconds_count" + labels) == "2")
        #expect(try await ask("gen_ai_server_time_to_first_token_seconds_count" + labels) == "2")
        #expect(try await ask("opsgate_overhead_seconds_count") == "2")
        #expect(try await ask("up") == "1")
        let rows = try await gateway.usage(atLeast: 2)
        let prompt = rows.compactMap { $0["prompt_tokens"].flatMap { Int($0) } }.reduce(0, +)
        #expect(try await ask(#"gen_ai_client_token_usage_sum{gen_ai_token_type="input"}"#) == "\(prompt)")
        _ = try await prometheus.terminate()
        try await gateway.stop()
        try await upstream.stop()
    }

    @Test func usageIsThereAsAPageAndAsAFile() async throws {
        let upstream = try await ScriptedUpstream.start(key: "upstream-key")
        try await upstream.queue(#"{"text":"One."}"#)
        let gateway = try await Gateway.start(upstream: upstream.baseURL)
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
        let answer = try await gateway.post(
            "/v1/chat/completions",
            Gateway.body("hi", model: "openai/scripted"),
            headers: [
                gateway.authorization, ("traceparent", "00-\(trace)-00f067aa0ba902b7-01"), ("tracestate", "rojo=1"),
                ("tracestate", "congo=t61rcWkgMzE"),
            ]
        )
        #expect(answer.status == 200)
        let usage = try answer.json["usage"]
        _ = try await gateway.usage(atLeast: 1)
        let page = try await gateway.get("/api/v1/opspilot/usage/?trace_id=\(trace)").json["data"]
        #expect(page?["count"]?.int == 1)
        let row = page?["results"]?[0]
        #expect(row?["prompt_tokens"] == usage?["prompt_tokens"])
        #expect(row?["completion_tokens"] == usage?["completion_tokens"])
        #expect(row?["route"]?.string == "openai/scripted")
        #expect(row?["is_cost_known"]?.bool == false)
        #expect(row?["error_type"] == .null)
        let sent = try JSONValue(parsing: try await upstream.requests()).text
        #expect(sent.contains("00-\(trace)-") && sent.contains("rojo=1, congo=t61rcWkgMzE"))
        #expect(gateway.process.output.contains(trace))

        let file = try await gateway.get(
            "/api/v1/opspilot/usage?format=csv&group_by=model,user&time_zone=Asia/Shanghai"
        )
        #expect(file.status == 200)
        #expect(file.head["content-type"] == "text/csv; charset=utf-8; header=present")
        #expect(String(decoding: file.body, as: UTF8.self).contains("\r\nscripted,admin,1,0,"))
        let wrong = try await gateway.get("/api/v1/opspilot/usage/?colour=red")
        #expect(wrong.status == 400)
        #expect(try wrong.json["errors"]?[0]?["field"]?.string == "colour")
        try await gateway.stop()
        try await upstream.stop()
    }
}
