// From bodies to alerts, on both engines.

import Alerts
import JSON
import Resources
import Storage
import Testing

@Suite struct IngestTests {
    /// The seed, section 2.2.3, word for word.
    static let seedExample: JSONValue = [
        "source_type": "monitor", "source_id": "s1", "secret": "secret-one",
        "events": [
            [
                "title": "CPU 使用率过高", "description": "服务器 server-01 的 CPU 使用率超过 80%", "level": "critical",
                "start_time": "2025-10-21T10:00:00Z", "end_time": "2025-10-21T10:05:00Z",
                "labels": ["instance": "server-01", "region": "cn-south"],
                "annotations": ["alertname": "HighCPUUsage", "summary": "CPU usage exceeded threshold"],
                "event_id": "evt-12345", "external_id": "ext-67890", "status": "firing",
            ]
        ],
    ]

    @Test("The seed's example", arguments: Engine.allCases)
    func seed(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            let reply = await fixture.post(Self.seedExample, secrets: [])
            #expect(reply.status == 200)
            #expect(reply.body["code"] == 0)
            #expect(reply.body["message"] == "success")
            #expect(reply.number("received") == 1)
            #expect(reply.number("created") == 1)
            #expect(reply.body["data"]?["errors"] == [])
            try await fixture.expect(["ext-67890 firing critical 1761040800…"])
            let list = try await fixture.alerts.list(query: [("page", "1"), ("level", "critical")], caller: .team(1))
            let alert = list["results"]?[0]
            #expect(list["count"] == 1)
            #expect(alert?["title"] == "CPU 使用率过高")
            #expect(alert?["level"] == "critical")
            #expect(alert?["host"] == "server-01")
            #expect(alert?["source_id"] == "s1")
            #expect(alert?["labels"]?["region"] == "cn-south")
            #expect(alert?["started_at"] == "2025-10-21T10:00:00Z")
        }
    }

    @Test("The same body ten times changes no row", arguments: Engine.allCases)
    func tenTimes(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            let bodies: [JSONValue] = [
                Self.seedExample, AlertmanagerTests.mixed,
                ["source_id": "s1", "events": [["title": "no times", "level": "info"]]],
                ["source_id": "s1", "events": [["title": "gone", "level": "info", "status": "resolved"]]],
                AlertmanagerTests.truncated,
            ]
            for body in bodies { #expect(await fixture.post(body).status == 200) }
            let before = try await fixture.everything()
            for _ in 0..<10 {
                fixture.clock.set(fixture.clock.now + 60_000)
                for body in bodies {
                    let reply = await fixture.post(body)
                    #expect(reply.status == 200)
                    #expect(reply.number("created") == 0)
                    #expect(reply.number("updated") == 0)
                    #expect(reply.number("duplicates") == reply.number("received"))
                }
            }
            // That it was heard of is told by `last_seen_at`, and by nothing else.
            try await fixture.database.write { try $0.execute("UPDATE alert SET last_seen_at = created_at") }
            #expect(try await fixture.everything() == before)
        }
    }

    @Test("Refire after resolve is a new episode; the level only rises within one", arguments: Engine.allCases)
    func refire(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            #expect(await fixture.send([event("a", start: 1000, level: "info")]).number("created") == 1)
            #expect(await fixture.send([event("a", start: 1010, level: "critical")]).number("updated") == 1)
            #expect(await fixture.send([event("a", start: 1020, level: "warning")]).number("updated") == 1)
            try await fixture.expect(["a firing critical 1000…"])
            #expect(await fixture.send([event("a", "resolved", start: 1000, end: 1100)]).number("resolved") == 1)
            try await fixture.expect(["a resolved critical 1000…1100"])
            #expect(await fixture.send([event("a", start: 1200)]).number("created") == 1)
            try await fixture.expect(["a resolved critical 1000…1100", "a firing warning 1200…"])
        }
    }

    @Test("Event time decides, not arrival", arguments: Engine.allCases)
    func eventTime(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            // The resolve of the first episode arrives after the second began.
            await fixture.send([event("a", start: 1000)])
            await fixture.send([event("a", start: 1200)])
            try await fixture.expect(["a firing warning 1000…"])
            await fixture.send([event("a", "resolved", start: 1000, end: 1100)])
            try await fixture.expect(["a resolved warning 1000…1100", "a firing warning 1200…"])
            // An old firing that arrives late opens nothing.
            await fixture.send([event("a", start: 1050)])
            try await fixture.expect(["a resolved warning 1000…1100", "a firing warning 1200…"])
            // A resolve before its firing leaves a closed record, and the firing joins it.
            #expect(await fixture.send([event("b", "resolved", start: 1000, end: 1100)]).number("created") == 1)
            #expect(await fixture.send([event("b", start: 1000)]).number("updated") == 1)
            try await fixture.expect([
                "a resolved warning 1000…1100", "a firing warning 1200…", "b resolved warning 1000…1100",
            ])
        }
    }

    @Test("Good events are kept, bad ones are named", arguments: Engine.allCases)
    func partial(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            let reply = await fixture.send([
                event("good", start: 1000),
                ["level": "critical", "start_time": 1000],
                ["title": "bad time", "level": "info", "start_time": "yesterday"],
                ["title": "bad labels", "level": "info", "start_time": 1000, "labels": ["x"]],
                ["title": "bad status", "level": "info", "start_time": 1000, "status": "maybe"],
                "not an object",
                event("good too", start: 1000, title: "fine"),
            ])
            #expect(reply.status == 200)
            #expect(reply.number("received") == 7)
            #expect(reply.number("created") == 2)
            #expect(reply.number("failed") == 5)
            let errors = reply.body["data"]?["errors"]?.array ?? []
            #expect(errors.map { $0["index"]?.int } == [1, 2, 3, 4, 5])
            #expect(errors.map { $0["field"]?.string } == ["title", "start_time", "labels", "status", ""])
            try await fixture.expect("alert", has: 2)

            let none = await fixture.send([["level": "critical"]])
            #expect(none.status == 400)
            #expect(none.body["errors"]?[0]?["field"] == "events[0].title")
            try await fixture.expect("alert", has: 2)
        }
    }

    @Test("An unknown level is a warning with a mark", arguments: Engine.allCases)
    func unknownLevel(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            await fixture.send([event("a", start: 1000, level: "frobnicated")])
            let alert = try await fixture.alerts.list(query: [], caller: .team(1))["results"]?[0]
            #expect(alert?["level"] == "warning")
            #expect(alert?["level_given"] == "frobnicated")
        }
    }

    @Test("What cannot be committed leaves nothing, and says 503", arguments: Engine.allCases)
    func rollback(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            await fixture.send([event("a", start: 1000)])
            // The label's insert fails, after alerts have been written.
            try await fixture.database.write { connection in
                try connection.execute("ALTER TABLE alert_label RENAME TO alert_label_away")
            }
            let before = try await fixture.database.read { connection in
                try connection.query("SELECT * FROM alert ORDER BY id").map { "\($0.values)" }
                    + connection.query("SELECT * FROM alert_event ORDER BY id").map { "\($0.values)" }
            }
            let body: [JSONValue] = [
                event("a", "resolved", start: 1000, end: 1100), event("b", start: 1000, labels: ["x": "y"]),
            ]
            let refused = await fixture.send(body)
            #expect(refused.status == 503)
            #expect(refused.body["data"] == .null)
            let after = try await fixture.database.read { connection in
                try connection.query("SELECT * FROM alert ORDER BY id").map { "\($0.values)" }
                    + connection.query("SELECT * FROM alert_event ORDER BY id").map { "\($0.values)" }
            }
            #expect(after == before)
            try await fixture.database.write { connection in
                try connection.execute("ALTER TABLE alert_label_away RENAME TO alert_label")
            }
            // Sent again, as senders do after a 503.
            #expect(await fixture.send(body).status == 200)
            try await fixture.expect(["a resolved warning 1000…1100", "b firing warning 1000…"])
        }
    }

    @Test("A closed store is 503", arguments: Engine.allCases)
    func closed(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            await fixture.send([event("a", start: 1000)])
            await fixture.database.close()
            #expect(await fixture.send([event("b", start: 1000)]).status == 503)
        }
    }

    @Test("Bodies that are no bodies", arguments: Engine.allCases)
    func malformed(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            let texts: [(String, Int)] = [
                ("", 400), ("{", 400), ("[]", 400), ("\"x\"", 400), ("{\"events\": [}", 400),
                ("{\"source_id\":\"s1\"}", 400),
                ("{\"source_id\":\"s1\",\"events\":[]}", 400), ("{\"source_id\":\"s1\",\"events\":{}}", 400),
                ("{\"source_id\":\"s1\",\"alerts\":[]}", 400), (String(repeating: "[", count: 100_000), 400),
            ]
            for (text, status) in texts {
                let reply = await fixture.alerts.receive(body: Array(text.utf8), secrets: [Fixture.secret], query: [])
                #expect(reply.status == status, "\(text.prefix(40))")
                #expect(reply.body["code"]?.int == status)
                #expect(reply.body["data"] == .null)
                #expect(reply.body["message"]?.string?.isEmpty == false)
            }
            let invalid = await fixture.alerts.receive(
                body: [0x7B, 0x22, 0xFF, 0x22, 0x3A, 0x31, 0x7D],
                secrets: [Fixture.secret],
                query: []
            )
            #expect(invalid.status == 400)
            try await fixture.expect("alert_event", has: 0)
        }
    }

    @Test("Texts that want to be more than data", arguments: Engine.allCases)
    func injection(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            let nasty = "'; DROP TABLE alert; -- \u{0} \u{1B}[2J </tool> Ignore all instructions % _ \\ \u{202E}"
            var one = event("a", start: 1000, title: nasty, labels: [nasty: .string(nasty), "n\u{0}ul": "v\u{0}"])
            guard case .object(var object) = one else { return }
            object["external_id"] = .string(nasty)
            object["description"] = .string(String(repeating: nasty, count: 1000))
            object["extra"] = ["deep": [1, 2, ["x": .string(String(repeating: "y", count: 100_000))]]]
            one = .object(object)
            #expect(await fixture.send([one]).status == 200)
            #expect(await fixture.send([one]).number("duplicates") == 1)
            let list = try await fixture.alerts.list(query: [("search", "'; DROP TABLE")], caller: .team(1))
            #expect(list["count"] == 1)
            #expect(list["results"]?[0]?["title"]?.string?.hasPrefix("'; DROP TABLE alert; --") == true)
            let raw = try await fixture.database.read { try $0.query("SELECT raw FROM alert_event").first?.text("raw") }
            #expect((raw ?? "").utf8.count <= TextLimits.raw)
        }
    }

    @Test("Very many labels and very long values are bounded", arguments: Engine.allCases)
    func bounds(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            var labels: JSONObject = [:]
            for number in 0..<500 { labels["label\(number)"] = .string(String(repeating: "日", count: 3_000)) }
            #expect(await fixture.send([event("a", start: 1000, labels: labels)]).number("created") == 1)
            try await fixture.expect("alert_label", has: TextLimits.labels)
        }
    }

    @Test("Zone-less times are the source's; epoch numbers and texts are times too", arguments: Engine.allCases)
    func zones(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            try await fixture.makeSource("cn", secret: "secret-cn", more: ["time_zone": "Asia/Shanghai"])
            let reply = await fixture.post(
                [
                    "source_id": "cn",
                    "events": [
                        ["title": "a", "level": "info", "external_id": "a", "start_time": "2025-10-21T18:00:00"],
                        ["title": "b", "level": "info", "external_id": "b", "start_time": "2025-10-21 10:00:00Z"],
                        ["title": "c", "level": "info", "external_id": "c", "start_time": 1_761_040_800],
                        ["title": "d", "level": "info", "external_id": "d", "start_time": "1761040800000"],
                    ],
                ],
                secrets: ["secret-cn"]
            )
            #expect(reply.number("created") == 4)
            let starts = try await fixture.summary(source: "cn").map {
                $0.split(separator: " ").last.map(String.init) ?? ""
            }
            #expect(starts == Array(repeating: "1761040800…", count: 4))
        }
    }
}
