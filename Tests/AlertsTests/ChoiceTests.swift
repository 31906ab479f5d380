// Which adapter reads a body, doors by path, and what the log hears of sources that went.

import Alerts
import JSON
import Resources
import Synchronization
import Testing

@Suite struct ChoiceTests {
    /// What Prometheus posts to Alertmanager's own API.
    static let array: JSONValue = [
        [
            "labels": ["alertname": "Up", "instance": "a:9100", "severity": "warning"],
            "annotations": ["summary": "a is down"], "startsAt": "2025-10-21T10:00:00Z",
            "endsAt": "2099-01-01T00:00:00Z", "generatorURL": "http://prometheus/graph",
        ],
        [
            "labels": ["alertname": "Up", "instance": "b:9100"], "annotations": [:],
            "startsAt": "2025-10-21T09:00:00Z", "endsAt": "2025-10-21T09:30:00Z",
            "status": ["state": "active", "silencedBy": []], "fingerprint": "aaaa",
        ],
    ]

    @Test("Alertmanager's array of alerts", arguments: ["prometheus", "webhook", "monitor", "grafana"])
    func array(_ type: String) async throws {
        try await Fixture.run(.sqlite) { fixture in
            try await fixture.makeSource("p", type: type, secret: "secret-p")
            let reply = await fixture.post(Self.array, secrets: ["secret-p"])
            #expect(reply.body["data"]?["format"] == "alertmanager", "\(reply.body.text)")
            #expect(reply.number("created") == 2)
            let summary = try await fixture.summary(source: "p")
            #expect(summary.contains("aaaa resolved warning 1761037200…1761039000"))
            #expect(summary.contains { $0.hasSuffix(" firing warning 1761040800…") })
            for body in ["[]", "[1]", "7", "null", "\"alerts\""] {
                let reply = await fixture.alerts.receive(body: Array(body.utf8), secrets: ["secret-p"], query: [])
                #expect(reply.status == 400, "\(body)")
            }
        }
    }

    @Test("What could be two forms is refused, unless the type decides", arguments: Engine.allCases)
    func ambiguous(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            guard case .object(var body) = AlertmanagerTests.mixed else { return }
            body["events"] = [event("a", start: 1000)]
            try await fixture.makeSource("w", type: "webhook", secret: "secret-w")
            let reply = await fixture.post(.object(body), secrets: ["secret-w"])
            #expect(reply.status == 400)
            #expect(reply.body["errors"]?[0]?["field"] == "source_type")
            #expect(reply.body["message"]?.string?.contains("alertmanager or events") == true)
            try await fixture.expect("alert", has: 0)
            #expect(await fixture.post(.object(body)).body["data"]?["format"] == "events")
            try await fixture.makeSource("p", type: "prometheus", secret: "secret-p")
            #expect(await fixture.post(.object(body), secrets: ["secret-p"]).number("created") == 2)
        }
    }

    @Test("The path names the source; nobody else may name another", arguments: Engine.allCases)
    func path(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            let nameless = (["events": [event("a", start: 1000)]] as JSONValue).bytes
            func post(
                _ path: String,
                _ body: [UInt8],
                secrets: [String] = [],
                query: [(String, String)] = []
            ) async -> Int {
                await fixture.alerts.receive(body: body, secrets: secrets, query: query, sourceID: path).status
            }
            #expect(await post("s1", nameless, secrets: [Fixture.secret]) == 200)
            #expect(await post("s1", nameless, query: [("secret", Fixture.secret)]) == 200)
            #expect(await post("s1", nameless, query: [("token", Fixture.secret)]) == 200)
            #expect(await post("s1", nameless) == 401)
            #expect(await post("s1", nameless, secrets: ["wrong"]) == 403)
            #expect(await post("nobody", nameless, secrets: [Fixture.secret]) == 403)
            let inBody: JSONValue = ["source_id": "s1", "secret": "secret-one", "events": [event("a", start: 1000)]]
            #expect(await post("s1", inBody.bytes) == 200)
            #expect(await post("other", inBody.bytes) == 400)
            #expect(await post("s1", nameless, secrets: [Fixture.secret], query: [("source_id", "other")]) == 400)
            try await fixture.expect("alert", has: 1)

            let known = fixture.alerts
            #expect(await known.isKnownSender(secrets: [Fixture.secret], query: [], sourceID: "s1"))
            #expect(await known.isKnownSender(secrets: [], query: [("token", Fixture.secret)], sourceID: "s1"))
            #expect(await known.isKnownSender(secrets: [Fixture.secret], query: []))
            #expect(await !known.isKnownSender(secrets: [Fixture.secret], query: [], sourceID: "other"))
            #expect(await !known.isKnownSender(secrets: ["wrong"], query: [], sourceID: "s1"))
        }
    }

    @Test("A source that goes while its sender goes on is refused, and the log names it", arguments: Engine.allCases)
    func departed(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            let lines = Mutex<[String]>([])
            let watched = try AlertsService(
                database: fixture.database,
                clock: fixture.clock.clock,
                warn: { line in lines.withLock { $0.append(line) } }
            )
            let made = try await fixture.makeSource("s2", type: "zabbix", secret: "secret-two")
            let id = Int64(made["id"]?.int ?? 0)
            // Known, but nothing is kept of an update: the source may go.
            let update: JSONValue = ["eventid": "1", "eventupdate": "1", "eventvalue": "1", "eventname": "x"]
            func post() async -> Int {
                await watched.receive(body: update.bytes, secrets: ["secret-two"], query: []).status
            }
            #expect(await post() == 200)
            #expect(lines.withLock { $0 } == [])
            _ = try await fixture.alerts.sources.patch(id: id, ["is_active": false], caller: .team(1))
            #expect(await post() == 403)
            #expect(await post() == 403)
            #expect(lines.withLock { $0.count } == 1)
            #expect(lines.withLock { $0.last }?.contains("\"s2\" (s2, \(id)) is not active") == true)

            fixture.clock.set(fixture.clock.now + 61_000)
            _ = try await fixture.alerts.sources.patch(
                id: id,
                ["is_active": true, "secret": "another-secret"],
                caller: .team(1)
            )
            #expect(await post() == 403)
            #expect(lines.withLock { $0.last }?.contains("has another secret now") == true)

            fixture.clock.set(fixture.clock.now + 61_000)
            try await fixture.alerts.sources.delete(id: id, caller: .team(1))
            for _ in 0..<5 { #expect(await post() == 403) }
            #expect(lines.withLock { $0.count } == 3)
            #expect(lines.withLock { $0.last }?.contains("was deleted") == true)
            #expect(!lines.withLock { $0.joined() }.contains("secret-two"))
            // A wrong secret alone is nobody's news.
            #expect(await watched.receive(body: update.bytes, secrets: ["never"], query: []).status == 403)
            #expect(lines.withLock { $0.count } == 3)
        }
    }

    @Test("A report for each event: always for small bodies, for large ones when asked", arguments: Engine.allCases)
    func report(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            let small = await fixture.send([
                event("a", start: 1000), event("b", start: 1000), event("a", start: 1000), ["level": "info"],
                event("b", "resolved", start: 1000, end: 1100), event("a", start: 1010),
            ])
            let entries = small.body["data"]?["report"]?.array ?? []
            #expect(
                entries.map { $0["result"]?.string }
                    == ["created", "created", "duplicate", "failed", "resolved", "updated"]
            )
            #expect(entries.map { $0["index"]?.int } == [0, 1, 2, 3, 4, 5])
            #expect(entries[0]["alert_id"]?.int ?? 0 > 0)
            #expect(entries[0]["alert_id"] == entries[5]["alert_id"])
            #expect(entries[1]["alert_id"] == entries[4]["alert_id"])
            #expect(entries[3]["message"]?.string?.contains("title") == true)

            let many = (0..<1_200).map { event("m\($0)", start: 1000) }
            let large = await fixture.send(many)
            #expect(large.number("created") == 1_200)
            #expect(large.body["data"]?["report"] == nil)
            let body: JSONValue = ["source_id": "s1", "events": .array(many)]
            let asked = await fixture.post(body, query: [("report", "1")])
            #expect(asked.body["data"]?["report"]?.array?.count == 1_000)
            #expect(asked.body["data"]?["report_truncated"] == true)
            #expect(asked.body["data"]?["report"]?[999]?["result"] == "duplicate")
        }
    }

    private static let nonsense: [(String, JSONValue)] = [
        ("auto_close_minutes", -1), ("auto_close_minutes", 525_601), ("flap_count", 1), ("flap_count", 101),
        ("flap_count", -1), ("flap_window_minutes", 0), ("flap_window_minutes", 10_081), ("mapping", "$.x"),
        ("mapping", []),
    ]

    @Test("Bounds of what a source may say", arguments: nonsense)
    func bounds(_ field: String, _ value: JSONValue) async throws {
        try await Fixture.run(.sqlite) { fixture in
            let error = await #expect(throws: ResourceError.self) {
                try await fixture.makeSource("x", more: [field: value])
            }
            #expect(error?.errors.first?.field == field)
        }
    }

    @Test("What a source says by itself", arguments: Engine.allCases)
    func defaults(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            let made = try await fixture.makeSource("x", type: "zabbix")
            #expect(made["mapping"] == [:])
            #expect(made["auto_close_minutes"] == 0)
            #expect(made["flap_count"] == 4)
            #expect(made["flap_window_minutes"] == 30)
            let more: JSONObject = ["flap_count": 0, "auto_close_minutes": 60, "flap_window_minutes": 1]
            let id = Int64(made["id"]?.int ?? 0)
            let patched = try await fixture.alerts.sources.patch(id: id, more, caller: .team(1))
            #expect(patched["flap_count"] == 0)
        }
    }
}
