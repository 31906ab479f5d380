// Start, first start, restart, reload, drain, and PostgreSQL in SQLite's place.

import Foundation
import JSON
import Support
import Testing

@Suite struct LifeCycleTests {
    @Test func theBannerTellsSecretsOnceAndItsLineWorks() async throws {
        let gateway = try await Gateway.start(
            environment: ["OPSGATE_ADMIN_SECRET": "", "OPSGATE_ADMIN_PASSWORD": ""],
            arguments: ["--demo"]
        )
        let banner = gateway.process.output
        let curl = try #require(banner.split(separator: "\n").first { $0.hasPrefix("curl ") })
        #expect(banner.contains("bkls_") && banner.contains("admin password"))
        let pasted = try await Command.run("bash", ["-c", String(curl)], environment: ["NO_PROXY": "127.0.0.1"])
        #expect(pasted.output.contains("web-01"), "\(pasted.output)\(pasted.errors)")
        #expect(pasted.output.contains("data: [DONE]"))
        let secret = try #require(curl.split(separator: " ").first { $0.hasPrefix("bkls_") }?.dropLast())
        #expect(try await gateway.stop().isSuccess)
        let again = try await gateway.startAgain()
        #expect(!again.process.output.contains("bkls_"))
        #expect(!again.process.output.contains("admin password"))
        #expect(try await again.get("/v1/models", headers: [("Authorization", "Bearer \(secret)")]).status == 200)
        #expect(
            try await again.get("/api/v1/alerts/api/alerts/", headers: [("x-api-key", String(secret))]).json["data"]?[
                "count"
            ]?.int == 12
        )
        try await again.stop()
    }

    @Test func aStopLetsRunningStreamsFinishAndTakesNoMore() async throws {
        let upstream = try await ScriptedUpstream.start()
        try await upstream.queue(#"{"text":["a","b","c","d"],"delay_between":300}"#)
        let gateway = try await Gateway.start(upstream: upstream.baseURL)
        let (probe, _) = try await gateway.stream(Gateway.body("x", model: "default", members: #""stream":true"#))
        _ = try await probe.eventData()
        gateway.process.signal(SIGTERM)
        try await eventually("no new connection is taken") {
            do {
                _ = try await gateway.get("/api/v1/core/health/", headers: [])
                return false
            } catch {
                return true
            }
        }
        let answer = try Assembled(try await probe.events())
        #expect(answer.isDone)
        #expect(answer.finishes == ["stop"])
        #expect(try await gateway.process.wait() == .exited(0))
        let row = try #require(try await gateway.usage(atLeast: 1).first)
        #expect(row["outcome"] == "finished")
        try await upstream.stop()
    }

    @Test(arguments: [true, false]) func whatOutlastsTheDrainIsCutAndTold(_ reads: Bool) async throws {
        let upstream = try await ScriptedUpstream.start()
        try await upstream.queue(
            #"{"text":["\#(String(repeating: "x", count: 5000))"],"infinite":true,"delay_between":\#(reads ? 20 : 1)}"#
        )
        let gateway = try await Gateway.start(
            upstream: upstream.baseURL,
            environment: ["OPSGATE_DRAIN_SECONDS": "1"]
        )
        let (probe, _) = try await gateway.stream(Gateway.body("x", model: "default", members: #""stream":true"#))
        _ = try await probe.eventData()
        gateway.process.signal(SIGTERM)
        if reads {
            let answer = try Assembled(try await probe.events())
            #expect(answer.error?["code"]?.string == "overloaded")
            #expect(!answer.isDone && answer.finishes.isEmpty)
        }
        // A client that reads no more must not keep the program alive.
        #expect(try await gateway.process.wait() == .exited(0))
        let row = try #require(try await gateway.usage(atLeast: 1).first)
        #expect(row["outcome"] == "shut_down")
        try await upstream.stop()
    }

    @Test func botFilesAreReadAgainAndABadOneKeepsTheLastGoodVersion() async throws {
        let gateway = try await Gateway.start()
        let file = gateway.folder.file("bots/alert-triage-bot.yaml")
        let good = try String(contentsOfFile: file, encoding: .utf8)
        try good.replacingOccurrences(of: "title: Alert triage", with: "title: Renamed")
            .write(toFile: file, atomically: true, encoding: .utf8)
        try await eventually("the new title is in force", every: .milliseconds(50)) {
            try await gateway.get("/v1/models/alert-triage-bot").json["displayName"]?.string == "Renamed"
        }
        try good.replacingOccurrences(of: "limits: {rounds: 6}", with: "limits: {rounds: 600}")
            .write(toFile: file, atomically: true, encoding: .utf8)
        try await eventually("the fault is in the log", every: .milliseconds(50)) {
            gateway.process.output.contains("alert-triage-bot.yaml:13")
        }
        #expect(try await gateway.get("/v1/models/alert-triage-bot").json["displayName"]?.string == "Renamed")
        let check = try await gateway.command(["bot", "check"])
        #expect(check.status == .exited(1))
        #expect(
            check.output.contains("alert-triage-bot.yaml:13") && check.output.contains("limits.rounds"),
            "\(check.output)"
        )
        try await gateway.stop()
    }

    @Test func skillsAndDetails() async throws {
        let gateway = try await Gateway.start(arguments: ["--demo"])
        let detail = try await gateway.get("/api/v1/opspilot/bot_mgmt/bot/ops-bot-001/get_detail/").json["data"]
        #expect(detail?["name"]?.string == "ops-assistant-bot")
        #expect(detail?["tools"]?.array?.contains("alerts_list") == true)
        #expect(try await gateway.get("/api/v1/opspilot/bot_mgmt/bot/nobody/get_detail/").status == 404)
        let run = try await gateway.post(
            "/api/v1/opspilot/bot_mgmt/skill_execute/",
            """
            {"bot_id":"ops-bot-001","skill_id":"triage","user_message":"what is firing?","sender_id":"u1",
             "chat_history":[{"event":"user","text":"hi"},{"event":"bot","text":"hello"}],"channel":"web"}
            """
        )
        let data = try run.json["data"]
        #expect(run.status == 200, "\(run.text)")
        #expect(data?["content"]?.string?.contains("web-01") == true)
        #expect(data?["tool_calls"]?[0]?["name"]?.string == "alerts_list")
        #expect(data?["citing_knowledge"]?.array?.isEmpty == true)
        #expect((data?["usage"]?["total_tokens"]?.int ?? 0) > 0)
        let wrong = try await gateway.post("/api/v1/opspilot/bot_mgmt/skill_execute/", #"{"bot_id":"ops-bot-001"}"#)
        #expect(wrong.status == 400)
        #expect(wrong.text.contains("skill_id") && wrong.text.contains("user_message"))
        try await gateway.stop()
    }

    @Test func theSameOnPostgreSQL() async throws {
        let server = try await PostgreSQLServer.shared()
        let url = try await server.makeDatabase()
        let gateway = try await Gateway.start(environment: ["OPSGATE_DATABASE_URL": url], arguments: ["--demo"])
        let answer = try await gateway.chat("how many alerts are firing by level?")
        #expect(answer.status == 200, "\(answer.text)")
        #expect(try answer.json["choices"]?[0]?["message"]?["content"]?.string?.contains("critical") == true)
        #expect(
            try await gateway.get("/api/v1/alerts/api/alerts/?label.instance=web-01:8080").json["data"]?["count"]?.int
                == 1
        )
        #expect(!gateway.process.output.contains(server.password))
        #expect(try await gateway.stop().isSuccess)
        let again = try await gateway.startAgain()
        #expect(try await again.get("/api/v1/alerts/api/alerts/").json["data"]?["count"]?.int == 12)
        try await again.stop()
    }

    @Test func aWrongSettingIsNamedAndATakenPortToo() async throws {
        let wrong = try await Command.run(
            try BuiltProducts.path("opsgate"),
            ["serve"],
            environment: ["OPSGATE_PORT": "many"]
        )
        #expect(!wrong.status.isSuccess)
        #expect(wrong.errors.contains("port") && wrong.errors.contains("many"))
        let gateway = try await Gateway.start()
        let folder = try TemporaryFolder("second")
        let second = try await Command.run(
            try BuiltProducts.path("opsgate"),
            ["serve", "--port", "\(gateway.port)", "--data", folder.file("data")],
            environment: ["OPENAI_API_KEY": "", "OPENAI_BASE_URL": ""]
        )
        #expect(second.status == .exited(1))
        #expect(second.errors.contains("\(gateway.port)"), "\(second.errors)")
        try await gateway.stop()
    }

    @Test func theCommandLineChats() async throws {
        let gateway = try await Gateway.start(arguments: ["--demo"])
        let asked = try await gateway.command(["chat", "what", "is", "firing?"])
        #expect(asked.status.isSuccess, "\(asked.output)\(asked.errors)")
        #expect(asked.output.contains("web-01") && asked.output.contains("alerts_list"))
        let conversation = try await gateway.command(
            ["chat"],
            input: "what is firing?\nand how many of them are critical?\n\n"
        )
        #expect(conversation.status.isSuccess)
        #expect(conversation.output.contains("critical"))
        let doctor = try await gateway.command(["doctor"])
        #expect(doctor.status.isSuccess, "\(doctor.output)")
        #expect(doctor.output.contains("offline model"))
        #expect(doctor.output.contains(/memory: mimalloc \d/))
        try await gateway.stop()
    }
}
