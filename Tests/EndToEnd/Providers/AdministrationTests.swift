// Providers, models, routes and bots set up over HTTP: from the first POST to a chat, a restart, and the second node.

import Foundation
import JSON
import Support
import Testing

@Suite struct AdministrationTests {
    private static let models = "/api/v1/opspilot/model_provider_mgmt/"
    private static let bots = "/api/v1/opspilot/bot_mgmt/bot/"
    private static let key = "sk-endtoend-hidden-0123456789"

    private static func provider(_ name: String, _ url: String, key: String = key) -> String {
        """
        {"name":"\(name)","kind":"openai-compatible","base_url":"\(url)","api_keys":["\(key)"],
         "headers":{"X-Team":"hidden-header-value"}}
        """
    }

    @Test func fromTheFirstPostToAChat() async throws {
        let upstream = try await ScriptedUpstream.start(key: Self.key)
        try await upstream.script(#"{"default":"hello from the stored one"}"#)
        let gateway = try await Gateway.start()
        var seen = ""
        func post(_ path: String, _ json: String) async throws -> ProbeAnswer {
            let answer = try await gateway.post(path, json)
            seen += answer.text
            return answer
        }
        let made = try await post(Self.models, Self.provider("up", upstream.baseURL))
        #expect(made.status == 200, "\(made.text)")
        #expect(try made.json["data"]?["keys"] == ["…6789"])
        let model = try await post(
            Self.models + "model/",
            #"{"name":"up/m","context":8000,"price":{"input":1,"output":2}}"#
        )
        #expect(model.status == 200, "\(model.text)")
        let route = try await post(Self.models + "route/", #"{"name":"stored","targets":[{"model":"up/m"}]}"#)
        #expect(route.status == 200, "\(route.text)")

        let python = try await PythonEnvironment.shared()
        let chat = try await python.run(
            """
            import sys
            from openai import OpenAI
            client = OpenAI(base_url=sys.argv[1], api_key=sys.argv[2])
            ask = [{"role": "user", "content": "hi"}]
            whole = client.chat.completions.create(model="stored", messages=ask)
            assert whole.choices[0].message.content == "hello from the stored one", whole
            text = "".join(
                chunk.choices[0].delta.content or ""
                for chunk in client.chat.completions.create(model="up/m", messages=ask, stream=True) if chunk.choices
            )
            assert text == "hello from the stored one", text
            assert "stored" in [m.id for m in client.models.list()]
            print("all good")
            """,
            ["http://127.0.0.1:\(gateway.port)/v1", gateway.secret]
        )
        #expect(chat.output.contains("all good"), "\(chat.output)\(chat.errors)")
        let rows = try await gateway.usage(atLeast: 2)
        #expect(rows.allSatisfy { $0["is_cost_known"] == "1" && $0["provider"] == "up" })

        for path in ["", "model/", "route/", "up/", "model/up%2Fm/", "route/stored/"] {
            let answer = try await gateway.get(Self.models + path)
            #expect(answer.status == 200, "\(path): \(answer.text)")
            seen += answer.text
        }
        let list = try await gateway.command(["provider", "list"])
        #expect(list.output.contains("provider\tup\topenai-compatible\t\(upstream.baseURL)\t1 keys\tstore"))
        #expect(list.output.contains("route\tstored\tup/m") && list.output.contains("\tstore\n"))
        let used = try await HTTPProbe.ask(
            "DELETE",
            port: gateway.port,
            Self.models + "up/",
            headers: [gateway.authorization]
        )
        #expect(used.status == 409 && used.text.contains("routes.stored"), "\(used.text)")

        #expect(try await gateway.stop().isSuccess)
        let again = try await gateway.startAgain()
        #expect(try await again.chat("hi", model: "stored").status == 200)
        for path in ["route/stored/", "model/up%2Fm/", "up/"] {
            let gone = try await HTTPProbe.ask(
                "DELETE",
                port: again.port,
                Self.models + path,
                headers: [again.authorization]
            )
            #expect(gone.status == 200, "\(path): \(gone.text)")
        }
        let missing = try await again.chat("hi", model: "stored")
        #expect(missing.status == 404)
        #expect(try missing.json["error"]?["code"] == "model_not_found")
        #expect(try await again.chat("hi", model: "up/m").status == 404)
        try await again.stop()

        seen += list.output + gateway.process.output + again.process.output
        for file in try FileManager.default.contentsOfDirectory(atPath: gateway.folder.file("data")) {
            let data = try Data(contentsOf: URL(fileURLWithPath: gateway.folder.file("data") + "/" + file))
            seen += String(decoding: data, as: UTF8.self)
        }
        for secret in [Self.key, "hidden-header-value"] {
            let isSeen = seen.contains(secret)
            #expect(!isSeen, "\(secret) can be read")
        }
    }

    @Test func trialsSayWhatCameBack() async throws {
        let upstream = try await ScriptedUpstream.start(key: Self.key)
        try await upstream.script(#"{"default":"pong"}"#)
        let gateway = try await Gateway.start()
        let dead = try FreePort.take()
        for (name, url, key) in [
            ("good", upstream.baseURL, Self.key), ("wrong", upstream.baseURL, "sk-hidden-wrong-key"),
            ("dead", "http://127.0.0.1:\(dead)/v1", Self.key),
        ] {
            #expect(try await gateway.post(Self.models, Self.provider(name, url, key: key)).status == 200)
        }
        func trial(_ path: String, _ json: String) async throws -> JSONValue {
            let answer = try await gateway.post(Self.models + path, json)
            #expect(!answer.text.contains("hidden"))
            #expect(answer.status == 200, "\(answer.text)")
            return try answer.json["data"] ?? .null
        }
        let good = try await trial("good/test/", #"{"model":"m","message":"ping"}"#)
        #expect(good["status"] == "ok" && good["text"] == "pong" && good["provider"] == "good" && good["model"] == "m")
        #expect((good["usage"]?["total_tokens"]?.int ?? 0) > 0 && good["error"] == .null)
        #expect((good["latency_ms"]?.int ?? -1) >= 0)
        let wrong = try await trial("test/", #"{"model":"wrong/m"}"#)
        #expect(wrong["status"] == "error" && wrong["error"]?["type"] == "provider_auth_failed", "\(wrong.text)")
        #expect(wrong["error"]?["kind"] == "unauthorized" && wrong["error"]?["status"] == 401)
        #expect(wrong["attempts"] == 1)
        // A dead port fails each time anew: no breaker opens, and none stands in the way.
        for _ in 0..<8 {
            let failed = try await trial("dead/test/", #"{"model":"m"}"#)
            #expect(failed["error"]?["type"] == "provider_connection_failed", "\(failed.text)")
            #expect(failed["error"]?["message"]?.string?.isEmpty == false)
        }
        // What is not active can be tried, too; a route and the offline model as well.
        let off = try await HTTPProbe.ask(
            "PATCH",
            port: gateway.port,
            Self.models + "good/",
            headers: [gateway.authorization, ("Content-Type", "application/json")],
            body: Array(#"{"is_active":false}"#.utf8)
        )
        #expect(off.status == 200, "\(off.text)")
        #expect(try await gateway.chat("hi", model: "good/m").status == 404)
        #expect(try await trial("good/test/", #"{"model":"m"}"#)["status"] == "ok")
        #expect(try await trial("test/", #"{"route":"default"}"#)["provider"] == "offline")
        #expect(try await trial("route/default/test/", "{}")["status"] == "ok")
        for (json, field) in [
            ("{}", "one of"), (#"{"provider":"nobody"}"#, "provider"), (#"{"provider":"dead"}"#, "model"),
            (#"{"route":"nobody"}"#, "route"), (#"{"model":"m"}"#, "model"), (#"{"modle":"x/m"}"#, "modle"),
            (#"{"model":"good/m","message":7}"#, "message"), (#"{"route":"default","model":"good/m"}"#, "route"),
        ] {
            let answer = try await gateway.post(Self.models + "test/", json)
            #expect(answer.status == 400 && answer.text.contains(field), "\(json): \(answer.text)")
        }
        #expect(try await gateway.post(Self.models + "nobody/test/", "{}").status == 404)
        let rows = try await gateway.usage(atLeast: 13).filter { $0["surface"] == "provider_test" }
        #expect(rows.count == 13)
        #expect(rows.count { $0["error_type"] == "provider_connection_failed" } == 8)
        #expect(rows.count { $0["error_type"] == "provider_auth_failed" } == 1)
        try await gateway.stop()
    }

    @Test func theFileGoesBeforeTheStore() async throws {
        let (stored, filed) = (try await ScriptedUpstream.start(), try await ScriptedUpstream.start())
        try await stored.script(#"{"default":"from the store"}"#)
        try await filed.script(#"{"default":"from the file"}"#)
        let folder = try TemporaryFolder("administered-file")
        let path = folder.file("providers.yaml")
        try "providers: []\n".write(toFile: path, atomically: true, encoding: .utf8)
        let gateway = try await Gateway.start(environment: ["OPSGATE_PROVIDERS": path])
        #expect(try await gateway.post(Self.models, Self.provider("up", stored.baseURL)).status == 200)
        #expect(try await gateway.chat("hi", model: "up/m").text.contains("from the store"))
        // A route of the file may lead to what is stored, also at the next start.
        try """
        providers:
          - {name: up, kind: openai-compatible, base_url: "\(filed.baseURL)"}
        """.write(toFile: path, atomically: true, encoding: .utf8)
        _ = try await eventually("the file's provider answers") {
            try await gateway.chat("hi", model: "up/m").text.contains("from the file") ? true : nil
        }
        let list = try await gateway.get(Self.models + "?name=up&ordering=origin").json["data"]?["results"]
        #expect(list?[0]?["origin"] == "file" && list?[1]?["origin"] == "store" && list?[1]?["in_force"] == false)
        let refused = try await HTTPProbe.ask(
            "DELETE",
            port: gateway.port,
            Self.models + "\(list?[0]?["id"]?.text ?? "")/",
            headers: [gateway.authorization]
        )
        #expect(refused.status == 409 && refused.text.contains("providers.yaml"), "\(refused.text)")
        try "routes:\n  both: {targets: [{model: up/m}]}\n".write(toFile: path, atomically: true, encoding: .utf8)
        _ = try await eventually("the file's route leads to the stored provider") {
            try await gateway.chat("hi", model: "both").text.contains("from the store") ? true : nil
        }
        try await gateway.stop()
        let again = try await gateway.startAgain()
        #expect(try await again.chat("hi", model: "both").text.contains("from the store"))
        try await again.stop()
    }

    @Test func theSecondNodeSeesIt() async throws {
        let upstream = try await ScriptedUpstream.start()
        try await upstream.script(#"{"default":"hello"}"#)
        let url = try await PostgreSQLServer.shared().makeDatabase() + "?connections=4"
        let shared = try TemporaryFolder("two-nodes")
        // Nodes of one installation share their keys.
        let environment = ["OPSGATE_DATABASE_URL": url, "OPSGATE_DATA": shared.file("data")]
        let one = try await Gateway.start(environment: environment)
        let two = try await Gateway.start(environment: environment)
        #expect(try await one.post(Self.models, Self.provider("up", upstream.baseURL)).status == 200)
        #expect(try await one.post(Self.bots, #"{"bot_id":"b","prompt_text":"Hi.","model":"up/m"}"#).status == 200)
        for model in ["up/m", "b"] {
            #expect(try await one.chat("hi", model: model).status == 200)
            _ = try await eventually("the other node has \(model)") {
                try await two.chat("hi", model: model).status == 200 ? true : nil
            }
        }
        try await one.stop()
        try await two.stop()
    }

    @Test func aBotIsThereAtOnce() async throws {
        let upstream = try await ScriptedUpstream.start()
        try await upstream.script(#"{"default":"at your service"}"#)
        let gateway = try await Gateway.start(upstream: upstream.baseURL)
        let made = try await gateway.post(
            Self.bots,
            """
            {"bot_id":"night-1","name":"night-bot","prompt_text":"You are {{bot}}, on duty at {{date}}.",
             "tools":["alerts_*"],"skills":[{"id":"look","prompt":"ops-assistant","tools":["alerts_list"]}]}
            """
        )
        #expect(made.status == 200, "\(made.text)")
        let id = try made.json["data"]?["id"]?.int ?? 0
        for model in ["night-1", "night-bot"] {
            let answer = try await gateway.chat("hi", model: model)
            #expect(answer.text.contains("at your service"), "\(answer.text)")
        }
        let asked = String(decoding: try await upstream.requests(), as: UTF8.self)
        #expect(asked.contains("You are night-bot, on duty"))
        for bot in ["\"night-bot\"", "\(id)"] {
            let run = try await gateway.post(
                "/api/v1/opspilot/bot_mgmt/skill_execute/",
                "{\"bot_id\":\(bot),\"skill_id\":\"look\",\"user_message\":\"hi\"}"
            )
            #expect(run.status == 200, "\(run.text)")
        }
        for path in ["night-bot", "night-1", "\(id)", "ops-bot-001"] {
            let detail = try await gateway.get(Self.bots + path + "/get_detail/")
            #expect(detail.status == 200, "\(path): \(detail.text)")
            #expect(try await gateway.get(Self.bots + path + "/").status == 200)
        }
        let listed = try await gateway.command(["bot", "list"])
        #expect(listed.output.contains("night-1\tnight-bot\tdefault"))
        let file = try await HTTPProbe.ask(
            "DELETE",
            port: gateway.port,
            Self.bots + "ops-bot-001/",
            headers: [gateway.authorization]
        )
        #expect(file.status == 409 && file.text.contains(".yaml"), "\(file.text)")
        let gone = try await HTTPProbe.ask(
            "DELETE",
            port: gateway.port,
            Self.bots + "night-bot/",
            headers: [gateway.authorization]
        )
        #expect(gone.status == 200, "\(gone.text)")
        let missing = try await gateway.chat("hi", model: "night-bot")
        #expect(missing.status == 404)
        #expect(try missing.json["error"]?["code"] == "model_not_found")
        try await gateway.stop()
    }
}
