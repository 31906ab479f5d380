// Several upstreams behind one name, as a client sees them: failover, limits, keys, breakers, reloads.

import Foundation
import JSON
import Support
import Testing

@Suite struct RoutingTests {
    /// A gateway with a provider file; `${A}` and `${B}` are the upstreams' addresses, `${KEY_…}` their keys.
    private func gateway(
        _ file: String,
        a: ScriptedUpstream,
        b: ScriptedUpstream? = nil
    ) async throws -> (Gateway, TemporaryFolder) {
        let folder = try TemporaryFolder("providers")
        let path = folder.file("providers.yaml")
        try file.write(toFile: path, atomically: true, encoding: .utf8)
        let gateway = try await Gateway.start(environment: [
            "OPSGATE_PROVIDERS": path, "A": a.baseURL, "B": b?.baseURL ?? a.baseURL, "KEY_GOOD": "good-key",
            "KEY_BAD": "bad-key", "OPSGATE_LOG_LEVEL": "debug",
        ])
        return (gateway, folder)
    }

    private let two = """
        providers:
          - {name: a, kind: openai-compatible, base_url: "${A}", api_keys: ["${KEY_GOOD}"]}
          - {name: b, kind: openai-compatible, base_url: "${B}/", api_keys: ["${KEY_GOOD}"]}
        models:
          - {name: a/m, context: 64000, images: false}
          - {name: b/m, context: 32000, images: false, price: {input: 0.15, output: 0.6}}
        routes:
          default:
            targets: [{model: a/m}, {model: b/m, order: 2}, {model: offline/ops, order: 9}]
            retries: 0
            timeouts: {connect: 2s, first_byte: 10s}
        """

    @Test func oneDiesBetweenRequestsAndTheOtherAnswers() async throws {
        let (a, b) = (
            try await ScriptedUpstream.start(key: "good-key"), try await ScriptedUpstream.start(key: "good-key")
        )
        for (upstream, text) in [(a, "first"), (b, "second")] { try await upstream.script("{\"default\":\"\(text)\"}") }
        let (gateway, _) = try await gateway(two, a: a, b: b)
        let before = try await gateway.chat("hi", model: "default")
        #expect(before.status == 200)
        #expect(before.text.contains("first"))
        #expect(before.head["x-opsgate-provider"] == "a" && before.head["x-opsgate-attempts"] == "1")
        try await a.stop()
        let after = try await gateway.chat("hi", model: "default")
        #expect(after.text.contains("second"))
        #expect(after.head["x-opsgate-provider"] == "b" && after.head["x-opsgate-model"] == "m")
        #expect(after.head["x-opsgate-attempts"] == "2")
        // A stream likewise, and the bot on the same route.
        let (probe, head) = try await gateway.stream(Gateway.body("hi", members: "\"stream\":true"))
        #expect(head["x-opsgate-provider"] == "b")
        #expect(try Assembled(try await probe.events()).content == "second")
        // What is known of the models stands in the card.
        let card = try await gateway.get("/v1/models/default").json
        #expect(card["contextWindowTokens"] == 64_000 && card["vision"] == false)
        try await gateway.stop()
    }

    /// Whoever asks why finds it in the answer and in the log.
    @Test func aFailureSaysWhoWasAskedAndHowOften() async throws {
        let (a, b) = (try await ScriptedUpstream.start(), try await ScriptedUpstream.start())
        try await a.script(#"{"default":{"status":500}}"#)
        try await b.script(#"{"default":"second"}"#)
        let (gateway, _) = try await gateway(
            """
            providers:
              - {name: a, kind: openai-compatible, base_url: "${A}"}
              - {name: b, kind: openai-compatible, base_url: "${B}"}
            routes: {default: {targets: [{model: a/m}, {model: b/n, order: 2}], retries: 1}}
            """,
            a: a,
            b: b
        )
        #expect(try await gateway.chat("hi", model: "default").status == 200)
        try await b.script(#"{"default":{"status":500}}"#)
        for (body, path) in [
            (Gateway.body("hi", model: "default"), "/v1/chat/completions"),
            (Gateway.body("hi", model: "default", members: #""stream":true"#), "/v1/chat/completions"),
            (#"{"model":"default","input":"hi"}"#, "/v1/embeddings"),
        ] {
            let before = try await a.stats().requests + b.stats().requests
            let answer = try await gateway.post(path, body)
            let asked = try await a.stats().requests + b.stats().requests - before
            #expect(answer.status == 502 && asked >= 1, "\(answer.text)")
            #expect(answer.head["x-opsgate-provider"] == "b" && answer.head["x-opsgate-model"] == "n", "\(path)")
            #expect(answer.head["x-opsgate-attempts"] == "\(asked)", "\(path)")
        }
        // Nobody is asked for a model that is not there.
        let unknown = try await gateway.chat("hi", model: "nobody")
        #expect(unknown.status == 404 && unknown.head["x-opsgate-provider"] == nil)
        try await gateway.stop()
        let lines = gateway.process.output.split(separator: "\n").filter { $0.contains(" request ") }
        for status in ["502", "200"] {
            let line = lines.first { $0.contains("status=\(status)") && $0.contains("/chat/completions") } ?? ""
            #expect(line.contains("provider=b") && line.contains("provider_model=n"), "\(line)")
            #expect(line.firstMatch(of: /attempts=[1-4]\b/) != nil, "\(line)")
        }
    }

    @Test("10. A 200 whose first event is an error fails over to the next target")
    func anErrorInPlaceOfTheFirstEventFailsOver() async throws {
        let (a, b) = (try await ScriptedUpstream.start(), try await ScriptedUpstream.start())
        try await a.script(#"{"default":{"first_events":[{"error":{"message":"no capacity","type":"server_error"}}]}}"#)
        try await b.script(#"{"default":"second"}"#)
        let (gateway, _) = try await gateway(two, a: a, b: b)
        let (probe, head) = try await gateway.stream(Gateway.body("hi", model: "default", members: "\"stream\":true"))
        #expect(head["x-opsgate-provider"] == "b" && head["x-opsgate-attempts"] == "2")
        #expect(try Assembled(try await probe.events()).content == "second")
        try await gateway.stop()
    }

    /// What is configured is there as far as callers can see; what only they name may not be.
    @Test func aModelThatTheUpstreamDoesNotHave() async throws {
        let (a, b) = (try await ScriptedUpstream.start(), try await ScriptedUpstream.start())
        let (gateway, _) = try await gateway(two, a: a, b: b)
        try await a.script(#"{"default":{"status":404}}"#)
        try await b.script(#"{"default":"second"}"#)
        #expect(try await gateway.chat("hi", model: "default").head["x-opsgate-provider"] == "b")
        try await b.script(#"{"default":{"status":404}}"#)
        for (model, provider) in [("default", "b"), ("a/m", "a")] {
            let body = "{\"model\":\"\(model)\",\"input\":\"hi\"}"
            for answer in [
                try await gateway.chat("hi", model: model), try await gateway.post("/v1/responses", body),
                try await gateway.post("/v1/embeddings", body),
            ] {
                #expect(answer.status == 502 && answer.text.contains("provider \(provider) "), "\(answer.text)")
            }
        }
        #expect(try await gateway.chat("hi", model: "a/other").status == 404)
        let own = #"{"model":"a/other","input":"hi"}"#
        #expect(try await gateway.post("/v1/embeddings", own).status == 404)
        try await gateway.stop()
    }

    /// One upstream's bound is not another's.
    @Test func aRequestThatIsTooLargeForOneGoesToTheNext() async throws {
        let (a, b) = (try await ScriptedUpstream.start(), try await ScriptedUpstream.start())
        let (gateway, _) = try await gateway(two, a: a, b: b)
        try await a.script(#"{"default":{"status":413}}"#)
        try await b.script(#"{"default":"second"}"#)
        #expect(try await gateway.chat("hi", model: "default").head["x-opsgate-provider"] == "b")
        try await b.script(#"{"default":{"status":413}}"#)
        let refused = try await gateway.chat("hi", model: "default")
        #expect(refused.status == 413)
        #expect(try refused.json["error"]?["code"] == "request_too_large")
        let message = #"{"model":"default","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}"#
        let told = try await gateway.post("/v1/messages", message)
        #expect(told.status == 413)
        #expect(try told.json["error"]?["type"] == "request_too_large")
        try await gateway.stop()
    }

    @Test("29. What the upstream says of waiting reaches the client, and is obeyed meanwhile")
    func aLimitReachesTheClientWithItsRetryAfter() async throws {
        let a = try await ScriptedUpstream.start()
        try await a.script(#"{"default":{"status":429,"headers":{"Retry-After":"40"}}}"#)
        let (gateway, _) = try await gateway(
            """
            providers: [{name: a, kind: openai-compatible, base_url: "${A}", api_keys: ["${KEY_GOOD}"]}]
            routes: {default: {targets: [{model: a/m}, {model: offline/ops, order: 9}], retries: 2}}
            """,
            a: a
        )
        for _ in 0..<3 {
            let answer = try await gateway.chat("hi", model: "default")
            #expect(answer.status == 429)
            let seconds = answer.head["retry-after"].flatMap { Int($0) } ?? 0
            #expect((1...40).contains(seconds))
        }
        #expect(try await a.stats().requests == 1)
        try await gateway.stop()
    }

    @Test func aRefusedKeyIsRetired() async throws {
        let a = try await ScriptedUpstream.start(key: "good-key")
        try await a.script(#"{"default":"hello"}"#)
        let (gateway, folder) = try await gateway(
            """
            providers: [{name: a, kind: openai-compatible, base_url: "${A}", api_keys: ["${KEY_BAD}", "${KEY_GOOD}"]}]
            routes: {r: {targets: [{model: a/m}], retries: 0}}
            """,
            a: a
        )
        var attempts: [String] = []
        for _ in 0..<3 {
            let answer = try await gateway.chat("hi", model: "r")
            #expect(answer.status == 200)
            attempts.append(answer.head["x-opsgate-attempts"] ?? "")
        }
        #expect(attempts == ["2", "1", "1"])
        // Only bad ones: 502, and after the first nobody is asked.
        try """
        providers: [{name: a, kind: openai-compatible, base_url: "${A}", api_keys: ["${KEY_BAD}"]}]
        routes: {s: {targets: [{model: a/m}], retries: 0}}
        """.write(toFile: folder.file("providers.yaml"), atomically: true, encoding: .utf8)
        _ = try await eventually("the file is read again") {
            try await gateway.get("/v1/models/s").status == 200 ? true : nil
        }
        let asked = try await a.stats().requests
        for _ in 0..<3 {
            let answer = try await gateway.chat("hi", model: "s")
            #expect(answer.status == 502)
            #expect(answer.head["x-should-retry"] == "false")
            #expect(!answer.text.contains("bad-key"))
        }
        #expect(try await a.stats().requests == asked + 1)
        #expect(!gateway.process.output.contains("bad-key") && !gateway.process.output.contains("good-key"))
        try await gateway.stop()
    }

    @Test func aBreakerOpensAndCloses() async throws {
        let (a, b) = (try await ScriptedUpstream.start(), try await ScriptedUpstream.start())
        try await a.script(#"{"default":{"status":500}}"#)
        try await b.script(#"{"default":"second"}"#)
        let (gateway, _) = try await gateway(two, a: a, b: b)
        let start = ContinuousClock.now
        for _ in 0..<8 { #expect(try await gateway.chat("hi", model: "default").head["x-opsgate-provider"] == "b") }
        let asked = try await a.stats().requests
        // After ten seconds one call finds out whether it is back.
        #expect(asked == 5 || asked > 5 && ContinuousClock.now - start > .seconds(10), "asked \(asked) times")
        try await a.script(#"{"default":"first"}"#)
        let back = try await eventually("the first target answers", every: .milliseconds(500)) {
            let answer = try await gateway.chat("hi", model: "default")
            return answer.head["x-opsgate-provider"] == "a" ? answer : nil
        }
        #expect(back.text.contains("first"))
        try await gateway.stop()
    }
}
