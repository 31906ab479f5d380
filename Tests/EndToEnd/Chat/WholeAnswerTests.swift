// Answers in one piece, errors with their status, and what is passed on.

import JSON
import Support
import Testing

@Suite struct WholeAnswerTests {
    @Test func theOfflineModelAnswersFromSampleAlerts() async throws {
        let gateway = try await Gateway.start(arguments: ["--demo"])
        let answer = try await gateway.chat("what is firing right now?")
        let json = try answer.json
        #expect(answer.status == 200)
        #expect(json["object"]?.string == "chat.completion")
        let message = json["choices"]?[0]?["message"]
        #expect(message?["role"]?.string == "assistant")
        #expect(message?["refusal"] == .null)
        let text = message?["content"]?.string ?? ""
        #expect(text.contains("offline model"))
        #expect(text.contains("web-01"))
        let listed = try await gateway.get("/api/v1/alerts/api/alerts/?status=firing")
        let count = try listed.json["data"]?["count"]?.int ?? -1
        #expect(text.contains("**\(count) alerts"))
        #expect(json["choices"]?[0]?["finish_reason"]?.string == "stop")
        #expect((json["usage"]?["total_tokens"]?.int ?? 0) > 0)
        #expect(answer.head["x-opsgate-provider"] == "offline")
        let chinese = try await gateway.chat("有多少个告警?")
        #expect(try chinese.json["choices"]?[0]?["message"]?["content"]?.string?.contains("离线模型") == true)
        try await gateway.stop()
    }

    @Test func whatTheUpstreamGotWrongHasItsStatus() async throws {
        let upstream = try await ScriptedUpstream.start()
        let gateway = try await Gateway.start(upstream: upstream.baseURL)
        let cases: [(step: String, status: Int, code: String)] = [
            (
                #"{"status":429,"headers":{"Retry-After":"7"},"body":"{\"error\":{\"message\":\"slow down\"}}"}"#, 429,
                "rate_limit_exceeded"
            ),
            (#"{"status":500,"body":""}"#, 502, "upstream_error"),
            (#"{"status":503,"body":"{}"}"#, 503, "overloaded"),
            (#"{"status":502,"body":"<html>Bad Gateway</html>","content_type":"text/html"}"#, 502, "upstream_error"),
            (
                #"{"status":400,"body":"{\"error\":{\"message\":\"maximum context length is 10\",\"code\":\"context_length_exceeded\"}}"}"#,
                400, "context_length_exceeded"
            ),
            (#"{"die":{"at":"before_head","how":"close"}}"#, 502, "upstream_error"),
            (#"{"first_events":[{"error":{"message":"overloaded"}}]}"#, 502, "upstream_error"),
        ]
        // The key is not tried again once it is refused, so that comes last.
        let refused = (#"{"status":401,"body":"{\"error\":{\"message\":\"bad key sk-123\"}}"}"#, 502, "upstream_error")
        for (index, (step, status, code)) in (cases + [refused]).enumerated() {
            for stream in ["false", "true"] {
                if step.contains("first_events"), stream == "false" { continue }
                try await upstream.script("{\"default\":\(step)}")
                // A model of its own for each: a limit or a breaker of one says nothing of the next.
                let model = "openai/model-\(index)-\(stream)"
                let answer = try await gateway.chat("x", model: model, members: "\"stream\":\(stream)")
                #expect(answer.status == status, "\(step), stream \(stream): \(answer.text)")
                let error = try answer.json["error"]
                #expect(error?["code"]?.string == code, "\(step), stream \(stream)")
                #expect(error?.object?.keys.sorted() == ["code", "message", "param", "type"])
                #expect(!answer.text.contains("sk-123"))
                if status == 429 { #expect(answer.head["retry-after"] == "7") }
            }
        }
        try await gateway.stop()
        try await upstream.stop()
    }

    @Test func aBotFallsBackToTheOfflineModelWhenTheUpstreamIsDown() async throws {
        let gateway = try await Gateway.start(
            upstream: "http://127.0.0.1:\(try FreePort.take())/v1",
            arguments: ["--demo"]
        )
        let answer = try await gateway.chat("how many alerts are firing?")
        #expect(answer.status == 200)
        #expect(answer.head["x-opsgate-provider"] == "offline")
        // The upstream twice, then the stand-in.
        #expect(answer.head["x-opsgate-attempts"] == "3")
        // Whoever addresses the upstream itself hears that it is down.
        #expect(try await gateway.chat("x", model: "default").status == 502)
        try await gateway.stop()
    }

    @Test func parametersPassAndUnknownOnesAreNamed() async throws {
        let upstream = try await ScriptedUpstream.start()
        try await upstream.queue(#"{"text":"ok"}"#)
        let gateway = try await Gateway.start(upstream: upstream.baseURL)
        let answer = try await gateway.chat(
            "x",
            model: "openai/special",
            members: #""temperature":0.30,"seed":7,"stop":["a"],"enabledSearch":true,"thinkingBudget":3,"top_k":5"#
        )
        #expect(answer.status == 200)
        // A vendor's member goes up, and is left out for an upstream that refuses what OpenAI does not know.
        #expect(answer.head["x-opsgate-ignored"] == "enabledSearch, thinkingBudget, top_k")
        let sent = String(decoding: try await upstream.requests(), as: UTF8.self)
        #expect(sent.contains("0.30") || sent.contains("0.3"))
        #expect(sent.contains("special"))
        #expect(!sent.contains("enabledSearch"))
        #expect(sent.contains("top_k"))
        try await gateway.stop()
        try await upstream.stop()
    }

    @Test func modelsAreListedBesideEachChatRoute() async throws {
        let gateway = try await Gateway.start()
        for prefix in ["/v1", "/api/v1/opspilot/bot_mgmt/v1", "/api/v1/opspilot/bot_mgmt/lobe_chat/v1"] {
            let list = try await gateway.get("\(prefix)/models").json
            #expect(list["object"]?.string == "list")
            let entries = list["data"]?.array ?? []
            let bot = try #require(entries.first { $0["id"]?.string == "ops-assistant-bot" })
            #expect(bot["type"]?.string == "chat")
            #expect(bot["functionCall"]?.bool == true)
            #expect(bot["displayName"]?.string == "Ops assistant")
            #expect((bot["contextWindowTokens"]?.int ?? 0) > 0)
            #expect(entries.contains { $0["id"]?.string == "default" })
            #expect(try await gateway.get("\(prefix)/models/ops-bot-001").json["id"]?.string == "ops-bot-001")
            let missing = try await gateway.get("\(prefix)/models/nobody")
            #expect(missing.status == 404)
            #expect(try missing.json["error"]?["code"]?.string == "model_not_found")
        }
        try await gateway.stop()
    }
}
