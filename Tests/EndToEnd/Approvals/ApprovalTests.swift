// Write tools behind approval, through the built program with the offline model and real clients.

import Foundation
import JSON
import Support
import Testing

@Suite struct ApprovalTests {
    /// A gateway with sample alerts and a bot that may change them.
    private func start() async throws -> Gateway {
        let gateway = try await Gateway.start(arguments: ["--demo"])
        let file = """
            id: writer
            prompt: ops-assistant
            tools: [alerts_*, alert_*, alert_assign, alert_acknowledge, alert_close]
            skills:
              - {id: act, prompt: alert-triage, tools: [alert_assign, alert_acknowledge]}
              - {id: robot, prompt: alert-triage, tools: [alert_assign], without_approval: [alert_assign]}
            """
        try file.write(toFile: gateway.folder.file("bots") + "/writer.yaml", atomically: true, encoding: .utf8)
        try await eventually("the bot is there") {
            try await gateway.get("/v1/models/writer").status == 200 ? true : nil
        }
        return gateway
    }

    /// An alert that goes on, by its id.
    private func firing(_ gateway: Gateway, place: Int = 0) async throws -> Int {
        let list = try await gateway.get("/api/v1/alerts/api/alerts/?status=firing").json
        return try #require(list["data"]?["results"]?[place]?["id"]?.int)
    }

    private func alert(_ id: Int, _ gateway: Gateway) async throws -> JSONValue {
        try #require(try await gateway.get("/api/v1/alerts/api/alerts/\(id)/").json["data"])
    }

    private func say(_ text: String, _ gateway: Gateway) async throws -> String {
        let answer = try await gateway.chat(text, model: "writer")
        #expect(answer.status == 200, "\(answer.text)")
        return try answer.json["choices"]?[0]?["message"]?["content"]?.string ?? ""
    }

    private func code(in answer: String) throws -> String {
        let start = try #require(answer.firstRange(of: "`confirm "), "\(answer)")
        return String(answer[start.upperBound...].prefix { $0 != "`" })
    }

    private static let approvals = "/api/v1/opspilot/approvals/"

    @Test func askedByChatConfirmedByOpenAIPython() async throws {
        let gateway = try await start()
        let id = try await firing(gateway)
        let script = """
            import re, sys
            from openai import OpenAI
            client = OpenAI(base_url=sys.argv[1], api_key=sys.argv[2])
            history = []
            def say(text, stream=False, parts=False):
                history.append({"role": "user", "content": [{"type": "text", "text": text}] if parts else text})
                if stream:
                    answer = "".join(
                        c.choices[0].delta.content or ""
                        for c in client.chat.completions.create(model="writer", messages=history, stream=True) if c.choices
                    )
                else:
                    whole = client.chat.completions.create(model="writer", messages=history)
                    assert whole.choices[0].finish_reason == "stop", whole
                    answer = whole.choices[0].message.content
                history.append({"role": "assistant", "content": answer})
                return answer
            def code(answer):
                found = re.findall(r"`confirm ([A-Z2-9]{6})`", answer)
                assert len(found) == 1, answer
                return found[0]
            first = say("assign alert \(id) to admin")
            assert "waits for a person's approval" in first and "ten minutes" in first, first
            done = say("confirm " + code(first))
            assert done.startswith("**Done:** Assign alert \(id)"), done
            second = say("acknowledge alert \(id)", stream=True)
            assert "Nothing has been done yet" in second, second
            done = say("`confirm " + code(second).lower() + "`", stream=True, parts=True)
            assert done.startswith("**Done:** Acknowledge alert \(id)"), done
            again = say("confirm " + code(second))
            assert "used already" in again, again
            unknown = say("confirm ABC234")
            assert "There is no approval" in unknown, unknown
            status = say("which alerts are acknowledged?")
            assert "alert:\(id)]" in status, status
            print("all good")
            """
        let python = try await PythonEnvironment.shared()
        let result = try await python.run(
            script,
            ["http://127.0.0.1:\(gateway.port)/v1", gateway.secret]
        )
        #expect(result.output.contains("all good"), "\(result.output)\(result.errors)")
        #expect(try await alert(id, gateway)["status"] == "acknowledged")
        let usage = try await gateway.usage(atLeast: 7)
        let confirmed = usage.filter { $0["rounds"] == "0" && $0["tools"] != "" }
        #expect(confirmed.map { $0["tools"] } == ["alert_assign", "alert_acknowledge"])
        #expect(confirmed.allSatisfy { $0["outcome"] == "finished" && $0["prompt_tokens"] == "0" })
        let calls = try await gateway.sql("SELECT * FROM audit_log WHERE action = 'tool.call' ORDER BY id")
        #expect(calls.count == 4)
        #expect(
            calls.allSatisfy { $0["username"] == "admin" && $0["after_json"]?.contains("arguments_sha256") == true }
        )
        #expect(gateway.process.output.contains("tool called"))
        try await gateway.stop()
    }

    @Test func byRequestAndNotForOthers() async throws {
        let gateway = try await start()
        let id = try await firing(gateway)
        let created = try await gateway.command(
            ["user", "create", "bob", "--role", "operator"],
            input: "another long password\n"
        )
        #expect(created.status.isSuccess, "\(created.output)")
        let login = try await gateway.post(
            "/api/v1/core/api/login/",
            #"{"username":"bob","password":"another long password"}"#,
            headers: []
        )
        let bob = [("Authorization", "Bearer \(try login.json["data"]?["token"]?.string ?? "")")]

        let code = try code(in: try await say("把告警 \(id) 分派给 admin", gateway))
        let listed = try await gateway.get(Self.approvals).json["data"]
        #expect(listed?["count"] == 1)
        #expect(listed?["results"]?[0]?["code"]?.string == code)
        #expect(listed?["results"]?[0]?["tool"] == "alert_assign")
        #expect(try await gateway.get(Self.approvals, headers: bob).json["data"]?["count"] == 0)

        // Somebody else's code is no code at all.
        #expect(try await gateway.post("\(Self.approvals)\(code)/", "{}", headers: bob).status == 404)
        let body = Gateway.body("confirm \(code)", model: "writer")
        let foreign = try await gateway.post("/v1/chat/completions", body, headers: bob)
        #expect(foreign.status == 200 && foreign.text.contains("There is no approval of yours"))
        #expect(try await alert(id, gateway)["operators"]?.array?.isEmpty ?? true)

        #expect(try await gateway.post("\(Self.approvals)\(code)/", #"{"decision":"maybe"}"#).status == 400)
        #expect(try await gateway.post("\(Self.approvals)\(code)/", #"{"arguments":{}}"#).status == 400)
        #expect(try await gateway.post("\(Self.approvals)nonsense/", "{}").status == 404)
        let done = try await gateway.post("\(Self.approvals)\(code.lowercased())/", "")
        #expect(done.status == 200, "\(done.text)")
        #expect(try done.json["data"]?["state"] == "done")
        #expect(try done.json["data"]?["result"]?["status"] == "ok")
        let again = try await gateway.post("\(Self.approvals)\(code)/", "{}")
        #expect(again.status == 409 && again.text.contains("used already"))
        #expect(try await gateway.get(Self.approvals).json["data"]?["count"] == 0)

        let second = try self.code(in: try await say("acknowledge alert \(id)", gateway))
        let rejected = try await gateway.post("\(Self.approvals)\(second)/", #"{"decision":"reject"}"#)
        #expect(try rejected.json["data"]?["state"] == "refused")
        #expect(try await alert(id, gateway)["status"] == "firing")
        let check = try await gateway.command(["bot", "check"])
        #expect(check.output.contains("writes after approval: alert_acknowledge, alert_assign, alert_close"))
        #expect(check.output.contains("skill robot writes WITHOUT approval: alert_assign"))
        try await gateway.stop()
    }

    @Test func skills() async throws {
        let gateway = try await start()
        let (id, other) = (try await firing(gateway), try await firing(gateway, place: 1))
        func execute(_ skill: String, _ message: String) async throws -> JSONValue {
            let body: JSONValue = [
                "bot_id": "writer", "skill_id": .string(skill), "user_message": .string(message),
            ]
            let answer = try await gateway.post("/api/v1/opspilot/bot_mgmt/skill_execute/", body.text)
            #expect(answer.status == 200, "\(answer.text)")
            return try #require(try answer.json["data"])
        }
        let asked = try await execute("act", "assign alert \(id) to admin")
        #expect(asked["tool_calls"]?[0]?["status"] == "approval_required")
        let code = try code(in: asked["content"]?.string ?? "")
        let done = try await execute("act", "confirm \(code)")
        #expect(done["content"]?.string?.hasPrefix("**Done:**") == true)
        #expect(done["tool_calls"]?[0]?["name"] == "alert_assign")
        #expect(done["tool_calls"]?[0]?["status"] == "ok")
        #expect(done["usage"]?["total_tokens"] == 0)
        // An automation that is granted it without approval does it at once.
        let robot = try await execute("robot", "assign alert \(other) to admin")
        #expect(robot["tool_calls"]?[0]?["status"] == "ok", "\(robot.text)")
        #expect(robot["content"]?.string?.contains("confirm") == false)
        try await gateway.stop()
    }
}
