// Traces and metrics as a collector gets them that is built on OpenTelemetry's own packages.

import Foundation
import JSON
import Support
import Testing

@Suite struct TelemetryTests {
    private static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    private static let parent = "00f067aa0ba902b7"

    /// A gateway that sends to the collector, quickly.
    private static func gateway(
        _ collector: TelemetryCollector,
        upstream: String?,
        _ more: [String: String] = [:]
    ) async throws -> Gateway {
        let settings = [
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "50",
            "OTEL_METRIC_EXPORT_INTERVAL": "200", "OTEL_SERVICE_NAME": "gate-1",
            "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment.name=test,team=a%20b",
        ]
        return try await Gateway.start(upstream: upstream, environment: settings.merging(more) { $1 })
    }

    private static func spans(_ collector: TelemetryCollector, atLeast count: Int) async throws -> [JSONValue] {
        try await eventually("there are \(count) spans", every: .milliseconds(50)) {
            let spans = try JSONValue(parsing: try await collector.received("spans")).array ?? []
            return spans.count >= count ? spans : nil
        }
    }

    /// Requests, rounds and tools of one turn: one tree under the client's span, in both encodings.
    @Test(arguments: ["http/protobuf", "http/json"])
    func aTurnIsATree(encoding: String) async throws {
        let collector = try await TelemetryCollector.start()
        let upstream = try await ScriptedUpstream.start(key: "upstream-key")
        try await upstream.queue(
            #"{"tool_calls":[{"id":"call_a","name":"alerts_count","arguments":{}}]}"#,
            #"{"text":"None of the top secrets."}"#
        )
        let gateway = try await Self.gateway(
            collector,
            upstream: upstream.baseURL,
            ["OTEL_EXPORTER_OTLP_PROTOCOL": encoding, "OTEL_EXPORTER_OTLP_HEADERS": "x-collector-key=abc%20def"]
        )
        let headers = [gateway.authorization, ("traceparent", "00-\(Self.trace)-\(Self.parent)-01")]
        let answer = try await gateway.post(
            "/v1/chat/completions",
            Gateway.body("how many top secrets?"),
            headers: headers
        )
        #expect(answer.status == 200)
        let usage = try answer.json["usage"]
        let spans = try await Self.spans(collector, atLeast: 4)
        #expect(spans.count == 4)
        #expect(spans.allSatisfy { $0["trace"]?.string == Self.trace })
        func named(_ name: String) -> [JSONValue] { spans.filter { $0["name"]?.string == name } }

        let server = try #require(named("POST /v1/chat/completions").first)
        #expect(server["parent"]?.string == Self.parent)
        #expect(server["kind"] == 2 && server["status"] == 0 && server["flags"] == 0x301)
        let said = try #require(server["attributes"])
        #expect(said["http.route"] == "/v1/chat/completions")
        #expect(said["http.response.status_code"] == 200)
        #expect(said["gen_ai.operation.name"] == "invoke_agent")
        #expect(said["gen_ai.agent.id"]?.string?.isEmpty == false)
        #expect(said["gen_ai.request.model"] == "ops-assistant-bot")
        #expect(said["gen_ai.usage.input_tokens"] == usage?["prompt_tokens"])
        #expect(said["opsgate.rounds"] == 2)

        let rounds = named("chat scripted")
        #expect(rounds.count == 2)
        for round in rounds {
            #expect(round["parent"] == server["id"])
            #expect(round["kind"] == 3)
            #expect(round["attributes"]?["gen_ai.provider.name"] == "openai")
            #expect(round["attributes"]?["gen_ai.response.model"]?.string == "scripted")
        }
        let reasons = rounds.compactMap { $0["attributes"]?["gen_ai.response.finish_reasons"]?.text }
        #expect(Set(reasons) == [#"["tool_calls"]"#, #"["stop"]"#])
        let tool = try #require(named("execute_tool alerts_count").first)
        #expect(tool["parent"] == server["id"])
        #expect(tool["attributes"]?["gen_ai.tool.name"] == "alerts_count")
        #expect(tool["attributes"]?["gen_ai.tool.call.id"]?.string?.hasPrefix("call_") == true)
        // The upstream was told the ids of the rounds.
        let asked = try JSONValue(parsing: try await upstream.requests()).text
        for round in rounds { #expect(asked.contains("00-\(Self.trace)-\(round["id"]?.string ?? "-")-01")) }
        for span in spans {
            #expect((span["start"]?.int ?? 0) <= (span["end"]?.int ?? 0))
            #expect((server["start"]?.int ?? 0) <= (span["start"]?.int ?? 0))
            #expect((span["end"]?.int ?? 0) <= (server["end"]?.int ?? 0))
            #expect(span["resource"]?["service.name"] == "gate-1")
            #expect(span["resource"]?["team"] == "a b")
        }
        let all = JSONValue.array(spans).text
        for secret in ["top secrets", "upstream-key", gateway.secret] { #expect(!all.contains(secret)) }
        let stats = try JSONValue(parsing: try await collector.received("stats")).array ?? []
        #expect(stats.allSatisfy { $0["error"] == nil && $0["key"] == "abc def" })
        try await gateway.stop()
        try await upstream.stop()
        try await collector.stop()
    }

    /// What `/metrics` says, under OpenTelemetry's names.
    @Test func metricsArrive() async throws {
        let collector = try await TelemetryCollector.start()
        let upstream = try await ScriptedUpstream.start(key: "upstream-key")
        try await upstream.queue(#"{"text":"One."}"#)
        let gateway = try await Self.gateway(collector, upstream: upstream.baseURL)
        _ = try await gateway.chat("hi")
        func metrics(_ name: String) async throws -> [JSONValue] {
            (try JSONValue(parsing: try await collector.received("metrics")).array ?? [])
                .filter { $0["name"]?.string == name }
        }
        let duration = try await eventually("the request is counted") {
            try await metrics("gen_ai.server.request.duration").last { ($0["points"]?[0]?["count"]?.int ?? 0) == 1 }
        }
        #expect(duration["unit"] == "s" && duration["kind"] == "histogram" && duration["temporality"] == 2)
        let point = try #require(duration["points"]?[0])
        #expect(point["buckets"]?.array?.count == (point["bounds"]?.array?.count ?? 0) + 1)
        #expect((point["buckets"]?.array ?? []).compactMap(\.int).reduce(0, +) == 1)
        #expect(point["attributes"]?["gen_ai.request.model"] == "scripted")
        #expect((point["start"]?.int ?? 0) > 0 && (point["start"]?.int ?? 0) < (point["time"]?.int ?? 0))
        let requests = try #require(try await metrics("opsgate_requests").last)
        #expect(requests["kind"] == "sum" && requests["monotonic"] == true)
        #expect(try await metrics("opsgate_streams_in_flight").last?["kind"] == "gauge")
        #expect(try await metrics("process_resident_memory").last?["unit"] == "By")
        try await gateway.stop()
        try await upstream.stop()
        try await collector.stop()
    }

    /// A client with OpenTelemetry's own SDK: its span is the parent, and its decision holds.
    @Test func aClientsSDKIsTheParent() async throws {
        let collector = try await TelemetryCollector.start()
        let gateway = try await Self.gateway(collector, upstream: nil)
        let script = """
            import json, sys
            import httpx
            from opentelemetry import trace
            from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
            from opentelemetry.sdk.trace import TracerProvider
            from opentelemetry.sdk.trace.export import SimpleSpanProcessor
            from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
            from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON
            url, secret = sys.argv[1:]
            found = []
            for sampler in (ALWAYS_OFF, ALWAYS_ON):
                memory = InMemorySpanExporter()
                provider = TracerProvider(sampler=sampler)
                provider.add_span_processor(SimpleSpanProcessor(memory))
                HTTPXClientInstrumentor().instrument(tracer_provider=provider)
                body = {"model": "ops-assistant-bot", "messages": [{"role": "user", "content": "hello"}]}
                with httpx.Client() as client:
                    answer = client.post(url, json=body, headers={"Authorization": "Bearer " + secret})
                    assert answer.status_code == 200, answer.text
                HTTPXClientInstrumentor().uninstrument()
                found += [[format(s.context.trace_id, "032x"), format(s.context.span_id, "016x")]
                          for s in memory.get_finished_spans()]
            print(json.dumps(found))
            """
        let result = try await PythonEnvironment.shared().run(
            script,
            ["http://127.0.0.1:\(gateway.port)/v1/chat/completions", gateway.secret]
        )
        #expect(result.status.isSuccess, "\(result.errors)")
        let client = try JSONValue(parsing: Array(result.output.utf8))
        #expect(client.array?.count == 1)
        let spans = try await Self.spans(collector, atLeast: 2)
        #expect(spans.count == 2)
        #expect(spans.allSatisfy { $0["trace"] == client[0]?[0] })
        #expect(spans.contains { $0["parent"] == client[0]?[1] && $0["kind"] == 2 })
        try await gateway.stop()
        try await collector.stop()
    }

    /// A collector that refuses, stalls and goes away: requests are answered, and what there is room for arrives.
    @Test func aBadCollectorHoldsNobodyUp() async throws {
        let first = try await TelemetryCollector.start()
        let gateway = try await Self.gateway(
            first,
            upstream: nil,
            ["OTEL_BSP_MAX_QUEUE_SIZE": "10", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "4"]
        )
        func ask() async throws {
            let answer = try await gateway.get("/v1/models")
            #expect(answer.status == 200)
        }
        try await first.behave(#"{"status": 503, "times": 2, "retry_after": "1"}"#)
        try await ask()
        _ = try await Self.spans(first, atLeast: 1)
        try await first.behave(#"{"stall": 30}"#)
        try await ask()
        try await first.stop()
        for _ in 0..<20 { try await ask() }
        let counts = String(decoding: try await gateway.get("/metrics").body, as: UTF8.self)
        let dropped = counts.split(separator: "\n").first {
            $0.hasPrefix(#"opsgate_otlp_spans_total{result="dropped"}"#)
        }
        #expect(dropped?.split(separator: " ").last == "11")
        #expect(counts.contains("opsgate_otlp_spans_waiting 10\n"))
        let second = try await TelemetryCollector.start(port: first.port)
        let spans = try await Self.spans(second, atLeast: 10)
        #expect(spans.count == 10)
        #expect(Set(spans.compactMap { $0["id"]?.string }).count == 10)
        try await gateway.stop()
        try await second.stop()
    }

    /// What has not been sent yet goes out at the end, and a collector that is not there does not hold the end up.
    @Test func whatIsLeftIsSentAtTheEnd() async throws {
        let collector = try await TelemetryCollector.start()
        let slow = ["OTEL_BSP_SCHEDULE_DELAY": "3600000", "OTEL_METRIC_EXPORT_INTERVAL": "3600000"]
        let gateway = try await Self.gateway(collector, upstream: nil, slow)
        _ = try await gateway.get("/v1/models")
        #expect(try await gateway.stop().isSuccess)
        #expect(try await Self.spans(collector, atLeast: 1).count == 1)
        #expect(try JSONValue(parsing: try await collector.received("metrics")).array?.isEmpty == false)
        let other = try await Self.gateway(collector, upstream: nil, slow)
        _ = try await other.get("/v1/models")
        try await collector.behave(#"{"stall": 600}"#)
        #expect(try await other.stop().isSuccess)
        try await collector.stop()
    }

    /// A turn that fails on its upstream says so, by whose fault it was; one that a client leaves says that.
    @Test func failuresAreTold() async throws {
        let collector = try await TelemetryCollector.start()
        let upstream = try await ScriptedUpstream.start(key: "upstream-key")
        try await upstream.script(#"{"default":{"status":500}}"#)
        let gateway = try await Self.gateway(collector, upstream: upstream.baseURL)
        #expect(try await gateway.chat("hi", model: "openai/scripted").status == 502)
        let spans = try await Self.spans(collector, atLeast: 2)
        for span in spans {
            #expect(span["status"] == 2)
            #expect(span["attributes"]?["error.type"] == "provider_server_error")
            #expect(span["attributes"]?["opsgate.attempts"] == 2)
        }
        #expect(try await gateway.usage(atLeast: 1)[0]["attempts"] == "2")
        #expect(try await gateway.chat("hi", model: "nobody").status == 404)
        let refused = try await Self.spans(collector, atLeast: 3).last
        #expect(refused?["status"] == 0)
        try await gateway.stop()
        try await upstream.stop()
        try await collector.stop()
    }

    @Test func nothingIsSentUnlessAsked() async throws {
        let collector = try await TelemetryCollector.start()
        for more in [
            ["OTEL_SDK_DISABLED": "true"], ["OTEL_TRACES_SAMPLER": "always_off", "OTEL_METRICS_EXPORTER": "none"],
        ] {
            let gateway = try await Self.gateway(collector, upstream: nil, more)
            _ = try await gateway.get("/v1/models")
            #expect(try await gateway.stop().isSuccess)
        }
        #expect(try JSONValue(parsing: try await collector.received("stats")).array?.isEmpty == true)
        let environment = ["OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"]
        let result = try await Command.run(try BuiltProducts.path("opsgate"), ["serve"], environment: environment)
        #expect(!result.status.isSuccess)
        #expect(result.errors.contains("OTEL_EXPORTER_OTLP_PROTOCOL is grpc"))
        try await collector.stop()
    }
}
