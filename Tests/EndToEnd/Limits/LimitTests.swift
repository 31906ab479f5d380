// Limits as clients and administrators meet them: set over HTTP or in files, told in headers, exact on two nodes.

import Foundation
import JSON
import Support
import Testing

@Suite struct LimitTests {
    private static let limits = "/api/v1/opspilot/limit_mgmt/limit/"
    private static let status = "/api/v1/opspilot/limit_mgmt/status/"

    /// Two gateways on one PostgreSQL admit exactly as many requests as the limit allows.
    @Test("26. Two nodes together admit no more than the limit") func twoNodesTogetherAdmitNoMoreThanTheLimit()
        async throws
    {
        let url = try await PostgreSQLServer.shared().makeDatabase() + "?connections=4"
        let one = try await Gateway.start(environment: ["OPSGATE_DATABASE_URL": url])
        let two = try await Gateway.start(environment: ["OPSGATE_DATABASE_URL": url])
        let made = try await one.post(
            Self.limits,
            #"{"scope":"user","subject":"admin","requests_per_minute":25,"concurrent":100}"#
        )
        #expect(made.status == 200, "\(made.text)")
        try await eventually("the other node knows") {
            try await two.get(Self.status).json["data"]?["count"]?.int == 1
        }
        func used(_ kind: String) async throws -> Int? {
            try await two.get(Self.status).json["data"]?["results"]?[0]?[kind]?["used"]?.int
        }
        // What takes longer than the minute that the limit is about says nothing, and is done again after it.
        var (attempts, refusals) = (0, 0)
        var refused: [ProbeAnswer] = []
        var start: ContinuousClock.Instant
        repeat {
            try await eventually("the minute is over") { try await used("requests") == 0 }
            start = .now
            let answers = try await withThrowingTaskGroup(of: ProbeAnswer.self) { group in
                for number in 0..<80 {
                    group.addTask { try await (number % 2 == 0 ? one : two).chat("hello") }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            try await eventually("no slot is taken") { try await used("concurrent") == 0 }
            let counted = try await used("requests")
            attempts += 1
            refused = answers.filter { $0.status == 429 }
            refusals += refused.count
            guard ContinuousClock.now - start < .seconds(50) else { continue }
            #expect(answers.count { $0.status == 200 } == 25)
            #expect(refused.count == 55)
            #expect(counted == 25)
            break
        } while attempts < 3
        #expect(ContinuousClock.now - start < .seconds(50))
        for answer in refused {
            #expect(try answer.json["error"]?["code"]?.string == "rate_limit_exceeded")
            let milliseconds = try #require(answer.head["retry-after-ms"].flatMap { Int($0) })
            #expect((1...60_250).contains(milliseconds))
            #expect(answer.head["retry-after"] == String((milliseconds + 999) / 1000))
            #expect(answer.head["x-ratelimit-remaining-requests"] == "0")
        }
        // Every call is in the books.
        try await eventually("a row for each") { [attempts] in
            try await one.get("/api/v1/opspilot/usage/?page_size=1").json["data"]?["count"]?.int == 80 * attempts
        }
        #expect(
            try await one.get("/api/v1/opspilot/usage/?error_type=policy_rate_limited&page_size=1")
                .json["data"]?["count"]?.int == refusals
        )
        try await one.stop()
        try await two.stop()
    }

    @Test func openAIPythonReadsTheHeadersAndWaits() async throws {
        let gateway = try await Gateway.start()
        let made = try await gateway.post(
            Self.limits,
            #"{"scope":"bot","subject":"ops-assistant-bot","requests_per_minute":3,"tokens_per_minute":100000}"#
        )
        #expect(made.status == 200, "\(made.text)")
        #expect(try made.json["data"]?["subject"]?.string == "ops-bot-001")
        let result = try await PythonEnvironment.shared().run(
            """
            import sys, re, openai
            from openai import OpenAI
            client = OpenAI(base_url=sys.argv[1], api_key=sys.argv[2], max_retries=0)
            ask = dict(model="ops-assistant-bot", messages=[{"role": "user", "content": "hello"}])
            raw = client.chat.completions.with_raw_response.create(**ask)
            h = raw.headers
            assert h["x-ratelimit-limit-requests"] == "3", h
            assert h["x-ratelimit-remaining-requests"] == "2", h
            assert re.fullmatch(r"(\\d+m)?\\d+(\\.\\d+)?s", h["x-ratelimit-reset-requests"]), h
            assert h["x-ratelimit-limit-tokens"] == "100000", h
            assert 0 < int(h["x-ratelimit-remaining-tokens"]) < 100000, h
            assert "x-ratelimit-reset-tokens" in h
            raw = client.chat.completions.with_raw_response.create(stream=True, **ask)
            assert raw.headers["x-ratelimit-remaining-requests"] == "1", raw.headers
            for chunk in raw.parse():
                pass
            client.chat.completions.create(**ask)
            try:
                client.chat.completions.create(**ask)
                assert False, "not refused"
            except openai.RateLimitError as e:
                assert e.code == "rate_limit_exceeded" and e.type == "rate_limit_error", e.body
                assert 0 < float(e.response.headers["retry-after-ms"]) <= 60250
                assert 0 < int(e.response.headers["retry-after"]) <= 61
                assert "try again in" in e.message, e.message
            print("all good")
            """,
            ["http://127.0.0.1:\(gateway.port)/v1", gateway.secret]
        )
        #expect(result.output.contains("all good"), "\(result.output)\(result.errors)")
        let metrics = try await gateway.get("/metrics").text
        #expect(metrics.contains(#"opsgate_limit_refused_total{scope="bot",kind="requests"} 1"#))
        #expect(metrics.contains("opsgate_limit_holds 0\n"))
        // Deleted, it holds no more.
        let id = try #require(try made.json["data"]?["id"]?.int)
        #expect(
            try await HTTPProbe.ask(
                "DELETE",
                port: gateway.port,
                "\(Self.limits)\(id)/",
                headers: [gateway.authorization]
            ).status == 200
        )
        #expect(try await gateway.chat("hello").status == 200)
        try await gateway.stop()
    }

    /// A budget is spent, refuses, and is spent still after the program has started anew.
    @Test("28. Budgets count what was really spent, across a restart") func budgetsOutliveTheProgram() async throws {
        let upstream = try await ScriptedUpstream.start(key: "upstream-key")
        try await upstream.queue(
            #"{"text":"One.","usage":{"prompt_tokens":1000,"completion_tokens":500,"total_tokens":1500}}"#
        )
        let folder = try TemporaryFolder("limits")
        let prices = try folder.write(
            "currency: EUR\nas_of: 2026-01-01\nmodels:\n  - {model: scripted, input: 1000, output: 2000}\n",
            to: "prices.yaml"
        )
        let first = try await Gateway.start(
            upstream: upstream.baseURL,
            environment: ["OPSGATE_PRICES": prices]
        )
        #expect(
            try await first.post(Self.limits, #"{"scope":"user","subject":"*","budget_month":5.5}"#).status == 200
        )
        #expect(try await first.chat("hello", members: #""max_tokens":100"#).status == 200)
        let row = try await first.get(Self.status + "?scope=user").json["data"]?["results"]?[0]
        #expect(row?["budget_month"]?["used"]?.double == 2)
        #expect(row?["budget_month"]?["remaining"]?.double == 3.5)
        #expect(row?["currency"]?.string == "EUR")
        _ = try await first.usage(atLeast: 1)
        try await first.stop()
        let second = try await first.startAgain()
        let refused = try await second.chat("hello", members: #""max_tokens":2000"#)
        #expect(refused.status == 429, "\(refused.text)")
        #expect(refused.head["x-should-retry"] == "false")
        #expect(refused.head["retry-after"] == nil)
        #expect(try refused.json["error"]?["code"]?.string == "insufficient_quota")
        #expect(try refused.json["error"]?["message"]?.string?.contains("5.5 EUR a month") == true)
        #expect(try await second.usage(atLeast: 2).last?["error_type"] == "policy_budget_exceeded")
        try await second.stop()
        try await upstream.stop()
    }

    @Test func botAndProviderFilesLimitToo() async throws {
        let folder = try TemporaryFolder("limits")
        let providers = try folder.write(
            """
            routes:
              small:
                targets: [{model: offline/ops}]
                limits: {requests_per_minute: 1}
            """,
            to: "providers.yaml"
        )
        let gateway = try await Gateway.start(environment: ["OPSGATE_PROVIDERS": providers])
        #expect(try await gateway.chat("hello", model: "small").status == 200)
        let refused = try await gateway.chat("hello", model: "small")
        #expect(refused.status == 429)
        #expect(try refused.json["error"]?["message"]?.string?.contains("this route") == true)
        // A bot's file, while the program runs; the stored number is larger and changes nothing.
        let file = gateway.folder.file("bots") + "/alert-triage-bot.yaml"
        let bots = try FileManager.default.contentsOfDirectory(atPath: gateway.folder.file("bots"))
        let path = bots.first { $0.contains("triage") }.map { gateway.folder.file("bots") + "/" + $0 } ?? file
        let text = try String(contentsOfFile: path, encoding: .utf8)
        try text.replacingOccurrences(of: "limits: {rounds: 6}", with: "limits: {rounds: 6, requests_per_minute: 2}")
            .write(toFile: path, atomically: true, encoding: .utf8)
        #expect(
            try await gateway.post(Self.limits, #"{"scope":"bot","subject":"ops-bot-002","requests_per_minute":9}"#)
                .status == 200
        )
        try await eventually("the file is in force") {
            let row = try await gateway.get(Self.status + "?scope=bot").json["data"]?["results"]?[0]
            return row?["requests"]?["limit"]?.int == 2
        }
        var statuses: [Int] = []
        for _ in 0..<3 { statuses.append(try await gateway.chat("hello", model: "alert-triage-bot").status) }
        #expect(statuses == [200, 200, 429])
        let skill = try await gateway.post(
            "/api/v1/opspilot/bot_mgmt/skill_execute/",
            #"{"bot_id":"ops-bot-002","skill_id":"triage","user_message":"hello"}"#
        )
        #expect(skill.status == 429)
        #expect(skill.head["retry-after-ms"] != nil)
        #expect(skill.head["x-ratelimit-limit-requests"] == "2")
        try await gateway.stop()
    }

    @Test func namesWithControlCharactersNameTheField() async throws {
        let gateway = try await Gateway.start()
        for model in ["offline/a\\u0000", "ops-assistant-bot\\n"] {
            let answer = try await gateway.chat("hello", model: model)
            #expect(answer.status == 400, "\(answer.text)")
            #expect(try answer.json["error"]?["param"]?.string == "model")
        }
        try await gateway.stop()
    }

    @Test func wrongLimitsNameTheField() async throws {
        let gateway = try await Gateway.start()
        let wrong = [
            (#"{"subject":"*","concurrent":1}"#, "scope"), (#"{"scope":"team","subject":"*"}"#, "scope"),
            (#"{"scope":"user","concurrent":1}"#, "subject"),
            (#"{"scope":"user","subject":"nobody"}"#, "subject"), (#"{"scope":"secret","subject":"999"}"#, "subject"),
            (#"{"scope":"secret","subject":"x"}"#, "subject"), (#"{"scope":"bot","subject":"nobody"}"#, "subject"),
            (#"{"scope":"route","subject":"nowhere"}"#, "subject"),
            (#"{"scope":"user","subject":"admin","requests_per_minute":-1}"#, "requests_per_minute"),
            (#"{"scope":"user","subject":"admin","tokens_per_minute":0}"#, "tokens_per_minute"),
            (#"{"scope":"user","subject":"admin","concurrent":1.5}"#, "concurrent"),
            (#"{"scope":"user","subject":"admin","budget_day":-0.01}"#, "budget_day"),
            (#"{"scope":"user","subject":"admin","budget_month":"much"}"#, "budget_month"),
            (#"{"scope":"user","subject":"admin","budget_year":1}"#, "budget_year"),
        ]
        for (body, field) in wrong {
            let answer = try await gateway.post(Self.limits, body)
            #expect(answer.status == 400, "\(body): \(answer.text)")
            #expect(try answer.json["errors"]?[0]?["field"]?.string == field, "\(body): \(answer.text)")
        }
        #expect(try await gateway.get(Self.limits).json["data"]?["count"]?.int == 0)
        for (query, field) in [
            ("scope=team", "scope"), ("colour=red", "colour"), ("page=0", "page"), ("page=1&page=2", "page"),
        ] {
            let answer = try await gateway.get("\(Self.status)?\(query)")
            #expect(answer.status == 400)
            #expect(try answer.json["errors"]?[0]?["field"]?.string == field)
        }
        #expect(
            try await gateway.post(Self.limits, #"{"scope":"user","subject":"admin","concurrent":3}"#).status == 200
        )
        #expect(try await gateway.post(Self.limits, #"{"scope":"user","subject":"1","concurrent":4}"#).status == 409)
        try await gateway.stop()
    }
}
