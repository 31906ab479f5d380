// `POST /v1/responses` over the wire: with bots and models, streamed and whole, kept and gone on from.

import JSON
import Support
import Testing

@Suite struct ResponseTests {
    private func ask(_ gateway: Gateway, _ members: String, model: String = "default") async throws -> ProbeAnswer {
        try await gateway.post("/v1/responses", "{\"model\":\"\(model)\",\(members)}")
    }

    private static func text(_ answer: JSONValue) -> String {
        (answer["output"]?.array ?? []).compactMap { $0["content"]?[0]?["text"]?.string }.joined()
    }

    @Test func aBotAnswersWithFactsInEveryPlace() async throws {
        let gateway = try await Gateway.start(arguments: ["--demo"])
        let body = #"{"model":"ops-assistant-bot","input":"what is firing?"}"#
        for prefix in ["/v1", "/api/v1/opspilot/bot_mgmt/v1", "/api/v1/opspilot/bot_mgmt/lobe_chat/v1"] {
            let answer = try await gateway.post("\(prefix)/responses", body)
            #expect(answer.status == 200)
            #expect(try Self.text(answer.json).contains("web-01"), "\(answer.text)")
            let types = try answer.json["output"]?.array?.compactMap { $0["type"]?.string } ?? []
            // Our tools run inside: nobody is asked to run them, and Lobe Chat shows the steps.
            #expect(!types.contains("function_call"))
            #expect(types.contains("reasoning") == prefix.contains("lobe_chat"))
            #expect(try answer.json["usage"]?["total_tokens"]?.int ?? 0 > 0)
        }
        let rows = try await gateway.usage(atLeast: 3)
        #expect(rows.map { $0["surface"] } == ["responses", "responses", "lobe_chat"])
        #expect(rows.allSatisfy { $0["outcome"] == "finished" })
        try await gateway.stop()
    }

    @Test func goneOnFromForgottenAndNobodyElses() async throws {
        let upstream = try await ScriptedUpstream.start()
        try await upstream.queue("\"One.\"", "\"Two.\"", "\"Three.\"", "\"Four.\"")
        let gateway = try await Gateway.start(upstream: upstream.baseURL)
        let first = try await ask(gateway, #""input":"first","instructions":"Be kind.""#).json
        let id = try #require(first["id"]?.string)
        #expect(id.hasPrefix("resp_") && first["store"] == true && first["previous_response_id"] == .null)
        let second = try await ask(gateway, "\"input\":\"second\",\"previous_response_id\":\"\(id)\"").json
        #expect(second["previous_response_id"]?.string == id)
        let sent = try JSONValue(parsing: try await upstream.requests())
        let bodies = (sent.array ?? sent["requests"]?.array ?? []).compactMap { $0["body"] }
        let last = try #require(bodies.last)
        let messages = (last.string.flatMap { try? JSONValue(parsing: $0) } ?? last)["messages"]?.array ?? []
        // The instructions of the one before are not taken over.
        #expect(messages.map { $0["content"]?.string } == ["first", "One.", "second"])

        let kept = try await gateway.get("/v1/responses/\(id)")
        #expect(try kept.json == first)
        let items = try await gateway.get("/v1/responses/\(id)/input_items").json
        #expect(items["data"]?[0]?["content"]?[0]?["text"] == "first" && items["has_more"] == false)

        // A reference by an item's id.
        let item = try #require(first["output"]?[0]?["id"]?.string)
        let third = try await ask(
            gateway,
            "\"input\":[{\"type\":\"item_reference\",\"id\":\"\(item)\"},{\"role\":\"user\",\"content\":\"again\"}]"
        )
        #expect(third.status == 200, "\(third.text)")

        let path = "/v1/responses/\(id)"
        #expect(
            try await HTTPProbe.ask("DELETE", port: gateway.port, path, headers: [gateway.authorization]).status == 200
        )
        #expect(try await gateway.get("/v1/responses/\(id)").status == 404)
        let lost = try await ask(gateway, "\"input\":\"x\",\"previous_response_id\":\"\(id)\"")
        #expect(lost.status == 400)
        #expect(try lost.json["error"]?["code"] == "previous_response_not_found")
        #expect(try lost.json["error"]?["param"] == "previous_response_id")

        let unkept = try await ask(gateway, #""input":"x","store":false"#).json
        #expect(unkept["store"] == false)
        let unknown = try await gateway.get("/v1/responses/\(unkept["id"]?.string ?? "")")
        #expect(unknown.status == 404)
        try await gateway.stop()
        try await upstream.stop()
    }

    @Test func withKeepingSwitchedOffNothingIsKept() async throws {
        let gateway = try await Gateway.start(environment: ["OPSGATE_RESPONSES_STORE": "off"])
        let answer = try await ask(gateway, #""input":"hi""#, model: "ops-assistant-bot").json
        #expect(answer["store"] == false)
        #expect(try await gateway.sql("SELECT * FROM conversation_response").isEmpty)
        try await gateway.stop()
    }

    @Test func ourToolsAndTheClientsInOneRound() async throws {
        let upstream = try await ScriptedUpstream.start()
        try await upstream.queue(
            #"{"text":"Looking.","tool_calls":[{"id":"o","name":"alerts_count","arguments":{}},{"id":"c","name":"weather","arguments":{"city":"Oslo"}}]}"#,
            #"{"text":"Cold."}"#,
            #"{"text":"Warm."}"#
        )
        let gateway = try await Gateway.start(upstream: upstream.baseURL)
        let tools = #""tools":[{"type":"function","name":"weather","parameters":{"type":"object"}}]"#
        let first = try await ask(gateway, "\"input\":\"q\",\(tools)", model: "ops-assistant-bot").json
        let calls = (first["output"]?.array ?? []).filter { $0["type"] == "function_call" }
        #expect(calls.map { $0["name"]?.string } == ["weather"])
        let call = try #require(calls.first?["call_id"]?.string)
        let id = try #require(first["id"]?.string)
        let result = "{\"type\":\"function_call_output\",\"call_id\":\"\(call)\",\"output\":\"cold\"}"
        // By the id of the one before, and with everything told again.
        let byID = try await ask(
            gateway,
            "\"input\":[\(result)],\"previous_response_id\":\"\(id)\",\(tools)",
            model: "ops-assistant-bot"
        )
        #expect(try Self.text(byID.json) == "Cold.", "\(byID.text)")
        let told = first["output"]?.array?.map(\.text).joined(separator: ",") ?? ""
        let whole = try await ask(
            gateway,
            "\"input\":[{\"role\":\"user\",\"content\":\"q\"},\(told),\(result)],\(tools)",
            model: "ops-assistant-bot"
        )
        #expect(try Self.text(whole.json) == "Warm.", "\(whole.text)")
        // Both times the upstream, which checks that every call is answered, got our tool's call and result, too.
        let sent = String(decoding: try await upstream.requests(), as: UTF8.self)
        #expect(sent.count(of: "alerts_count") > 4)
        #expect(try await upstream.stats().refused == 0)
        try await gateway.stop()
        try await upstream.stop()
    }

    @Test func errorsBeforeTheFirstByteHaveAStatusAndTheFieldsName() async throws {
        let gateway = try await Gateway.start()
        let cases = [
            (#"{"model":"nobody","input":"x"}"#, 404, "model"),
            (#"{"model":"ops-assistant-bot","input":"x","tools":[{"type":"web_search"}]}"#, 400, "tools[0].type"),
            (
                #"{"model":"ops-assistant-bot","input":"x","tool_choice":"required","temperature":9}"#, 400,
                "temperature"
            ),
            (#"{"model":"ops-assistant-bot","input":"x","background":true}"#, 400, "background"),
        ]
        for (body, status, field) in cases {
            let answer = try await gateway.post("/v1/responses", body)
            #expect(answer.status == status, "\(body)")
            #expect(try answer.json["error"]?["param"]?.string == field, "\(answer.text)")
        }
        let ignored = try await gateway.post("/v1/responses", #"{"model":"ops-assistant-bot","input":"x","foo":1}"#)
        #expect(ignored.head["x-opsgate-ignored"] == "foo")
        #expect(try await HTTPProbe.get(port: gateway.port, "/v1/responses/resp_x", headers: []).status == 401)
        try await gateway.stop()
    }

    // MARK: Ends (`gateways.md` (c) 1 to 8, on this route)

    @Test func anUpstreamThatDiesMidwayIsAFailedResponse() async throws {
        let upstream = try await ScriptedUpstream.start()
        try await upstream.queue(#"{"text":["one ","two ","three"],"die":{"at":700,"how":"close"},"delay_between":20}"#)
        let gateway = try await Gateway.start(upstream: upstream.baseURL)
        let (probe, head) = try await gateway.stream(
            #"{"model":"default","input":"x","stream":true}"#,
            path: "/v1/responses"
        )
        #expect(head.status == 200)
        let events = try await probe.events().map { try JSONValue(parsing: $0) }
        #expect(events.first?["type"] == "response.created")
        #expect(events.last?["type"] == "response.failed")
        #expect(events.last?["response"]?["status"] == "failed")
        #expect(events.last?["response"]?["error"]?["message"]?.string?.isEmpty == false)
        #expect(!events.contains { $0["type"] == "response.completed" })
        #expect(events.enumerated().allSatisfy { $1["sequence_number"]?.int == $0 })
        #expect(try await gateway.usage(atLeast: 1).first?["outcome"] == "upstream_error")
        #expect(try await gateway.sql("SELECT * FROM conversation_response").isEmpty)
        try await gateway.stop()
        try await upstream.stop()
    }

    @Test("2, 3. On /v1/responses a client that leaves before the first byte is noticed", arguments: [true, false])
    func aClientThatGoesBeforeTheFirstByteCancels(_ stream: Bool) async throws {
        try await leave(#"{"text":"late","delay_before_head":30000}"#, stream: stream, after: 0)
    }

    @Test("2. On /v1/responses a client that leaves midway ends the upstream's work")
    func aClientThatGoesMidwayCancels() async throws {
        try await leave(#"{"text":["a","b"],"infinite":true,"delay_between":10}"#, stream: true, after: 6)
    }

    private func leave(_ step: String, stream: Bool, after count: Int) async throws {
        let upstream = try await ScriptedUpstream.start()
        try await upstream.queue(step)
        let gateway = try await Gateway.start(upstream: upstream.baseURL)
        let probe = try await HTTPProbe(port: gateway.port)
        try await probe.request(
            "POST",
            "/v1/responses",
            headers: [gateway.authorization],
            body: Array("{\"model\":\"default\",\"input\":\"x\",\"stream\":\(stream)}".utf8)
        )
        try await eventually("the upstream works") {
            try await upstream.stats().requests > 0
        }
        if count > 0 { _ = try await probe.head() }
        for _ in 0..<count { _ = try await probe.eventData() }
        await probe.close()
        try await eventually("the upstream saw the close", every: .milliseconds(2)) {
            let stats = try await upstream.stats()
            return stats.streams_open + stats.answers_open == 0
                && stats.streams_cancelled + stats.answers_cancelled == 1
        }
        let rows = try await gateway.usage(atLeast: 1)
        #expect(rows.map { $0["outcome"] } == ["client_gone"])
        #expect(try await gateway.sql("SELECT * FROM conversation_response").isEmpty)
        try await gateway.stop()
        try await upstream.stop()
        #expect(try await gateway.sql("SELECT * FROM usage_record").count == 1)
    }
}

extension String {
    /// How often a text stands in it.
    fileprivate func count(of text: String) -> Int {
        split(separator: text, omittingEmptySubsequences: false).count - 1
    }
}
