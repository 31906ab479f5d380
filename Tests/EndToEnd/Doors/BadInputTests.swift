// What is wrong has a status, a message and the field; the server goes on.

import JSON
import Support
import Testing

@Suite struct BadInputTests {
    @Test func bodiesOfTheChatRoute() async throws {
        let gateway = try await Gateway.start()
        let deep = String(repeating: "[", count: 5000)
        let cases: [(body: String, status: Int, param: String?)] = [
            ("", 400, nil),
            ("{", 400, nil),
            ("[1]", 400, nil),
            (#"{"messages":[]}"#, 400, "model"),
            (#"{"model":"default"}"#, 400, "messages"),
            (#"{"model":"default","messages":[]}"#, 400, "messages"),
            (#"{"model":7,"messages":[]}"#, 400, "model"),
            (#"{"model":"nobody","messages":[{"role":"user","content":"x"}]}"#, 404, "model"),
            (#"{"model":"default","messages":[{"role":"king","content":"x"}]}"#, 400, "messages[0].role"),
            (
                #"{"model":"default","messages":[{"role":"user","content":"x"},{"role":"user","content":5}]}"#, 400,
                "messages[1].content"
            ),
            (
                #"{"model":"default","messages":[{"role":"user","content":[{"type":"text","text":1}]}]}"#, 400,
                "messages[0].content[0].text"
            ),
            (#"{"model":"default","messages":[{"role":"user","content":"x"}],"temperature":9}"#, 400, "temperature"),
            (#"{"model":"default","messages":[{"role":"user","content":"x"}],"stream":"yes"}"#, 400, "stream"),
            (#"{"model":"default","messages":[{"role":"user","content":"x"}],"functions":[]}"#, 400, "functions"),
            (#"{"model":"ops-bot-001","messages":[{"role":"user","content":"x"}],"n":2}"#, 400, "n"),
            (
                #"{"model":"default","messages":[{"role":"user","content":"x"}],"tools":[{"type":"x"}]}"#, 400,
                "tools[0].type"
            ),
            ("{\"model\":\"default\",\"messages\":\(deep)", 400, nil),
        ]
        for (body, status, param) in cases {
            let answer = try await gateway.post("/v1/chat/completions", body)
            #expect(answer.status == status, "\(body.prefix(100)): \(answer.text)")
            let error = try answer.json["error"]
            #expect(error?.object?.keys.sorted() == ["code", "message", "param", "type"])
            if let param { #expect(error?["param"]?.string == param, "\(body.prefix(100))") }
            #expect(answer.head["x-request-id"]?.isEmpty == false)
        }
        var invalid = Array(#"{"model":"default","messages":[{"role":"user","content":""#.utf8)
        invalid += [0xC3, 0x28] + Array(#""}]}"#.utf8)
        let utf8 = try await HTTPProbe.ask(
            "POST",
            port: gateway.port,
            "/v1/chat/completions",
            headers: [gateway.authorization],
            body: invalid
        )
        #expect(utf8.status == 400)
        let huge = [UInt8](repeating: 0x20, count: 20 << 20)
        let tooLarge = try await HTTPProbe.ask(
            "POST",
            port: gateway.port,
            "/v1/chat/completions",
            headers: [gateway.authorization],
            body: huge
        )
        #expect(tooLarge.status == 413)
        #expect(try tooLarge.json["error"]?["code"]?.string == "request_too_large")
        #expect(try await gateway.chat("hello").status == 200)
        try await gateway.stop()
    }

    @Test func whatTheClientsOfOldSendIsAccepted() async throws {
        let upstream = try await ScriptedUpstream.start()
        try await upstream.script(#"{"default":{"text":"fine"}}"#)
        let gateway = try await Gateway.start(upstream: upstream.baseURL)
        for messages in [
            #"[{"role":"developer","content":"be brief"},{"role":"user","content":"x"}]"#,
            #"[{"role":"user","content":"x"},{"role":"assistant","content":[]},{"role":"user","content":"y"}]"#,
            #"[{"role":"user","content":"x"},{"role":"assistant","content":null},{"role":"user","content":"y"}]"#,
            #"[{"role":"user","content":[{"type":"text","text":"see"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AA=="}}]}]"#,
        ] {
            let answer = try await gateway.post(
                "/v1/chat/completions",
                "{\"model\":\"ops-bot-001\",\"messages\":\(messages)}"
            )
            #expect(answer.status == 200, "\(messages): \(answer.text)")
        }
        #expect(try await upstream.stats().refused == 0)
        try await gateway.stop()
        try await upstream.stop()
    }

    @Test func theEdgesOfHTTP() async throws {
        let gateway = try await Gateway.start()
        let headers = try await HTTPProbe(port: gateway.port)
        try await headers.send(
            "GET /v1/models HTTP/1.1\r\nHost: x\r\nX-Big: \(String(repeating: "a", count: 200_000))\r\n\r\n"
        )
        #expect(try await headers.head().status == 431)
        let garbage = try await HTTPProbe(port: gateway.port)
        try await garbage.send("this is not HTTP\r\n\r\n")
        #expect(try await garbage.head().status == 400)
        let missing = try await gateway.get("/nowhere")
        #expect(missing.status == 404)
        #expect(try missing.json["code"]?.int == 404)
        let method = try await HTTPProbe.ask("PUT", port: gateway.port, "/v1/models", headers: [gateway.authorization])
        #expect(method.status == 405)
        #expect(method.head["allow"] == "GET")
        let unknown = try await gateway.get("/api/v1/alerts/api/alerts/?page_size=1001&colour=red")
        #expect(unknown.status == 400)
        #expect(unknown.text.contains("page_size") && unknown.text.contains("colour"))
        #expect(try await gateway.get("/api/v1/core/health/", headers: []).status == 200)
        try await gateway.stop()
    }

    @Test func slowSendersAreToldSoAndDropped() async throws {
        let gateway = try await Gateway.start(environment: ["OPSGATE_REQUEST_SECONDS": "1"])
        // The test may be a slow sender of heads, too, which are not answered.
        let body = try await eventually("who is slow with a body is told") {
            let body = try await HTTPProbe(port: gateway.port)
            try await body.send(
                "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(gateway.secret)\r\n"
                    + "Content-Length: 100\r\n\r\n{\"model\""
            )
            #expect(try await body.head().status == 408)
            return body
        }
        _ = try await body.waitForClose()
        let head = try await HTTPProbe(port: gateway.port)
        try await head.send("GET /v1/models HTTP/1.1\r\nHost:")
        _ = try await head.waitForClose()
        try await eventually("others are answered") {
            try await gateway.get("/api/v1/core/health/", headers: []).status == 200
        }
        try await gateway.stop()
    }

    @Test func credentialsAreAskedForBeforeTheBody() async throws {
        let gateway = try await Gateway.start()
        let probe = try await HTTPProbe(port: gateway.port)
        // The body never comes; the answer does.
        try await probe.send("POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n")
        #expect(try await probe.head().status == 401)
        await probe.close()
        let wrong = try await gateway.get("/v1/models", headers: [("Authorization", "Bearer whs_notforthisdoor")])
        #expect(wrong.status == 401)
        try await gateway.stop()
    }

    @Test func browsersAreAnsweredBeforeTheyAsk() async throws {
        let gateway = try await Gateway.start()
        let asked = "authorization,content-type,x-stainless-lang,x-stainless-retry-count"
        let preflight = try await HTTPProbe.ask(
            "OPTIONS",
            port: gateway.port,
            "/v1/chat/completions",
            headers: [
                ("Origin", "https://chat.example"), ("Access-Control-Request-Method", "POST"),
                ("Access-Control-Request-Headers", asked),
            ]
        )
        #expect(preflight.status == 204)
        #expect(preflight.head["access-control-allow-headers"] == asked)
        #expect(preflight.head["access-control-allow-origin"] == "*")
        let refused = try await gateway.get("/v1/models", headers: [("Origin", "https://chat.example")])
        #expect(refused.status == 401)
        #expect(refused.head["access-control-allow-origin"] == "*")
        #expect(refused.head["access-control-expose-headers"]?.contains("x-request-id") == true)
        try await gateway.stop()
    }
}
