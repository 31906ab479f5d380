// Sources: who may send, by which secret, and what happens when that changes.

import Alerts
import Identity
import JSON
import Resources
import Storage
import Testing

@Suite struct SourceTests {
    private static let body: JSONValue = ["source_id": "s1", "events": [event("a", start: 1000)]]
    private static let nameless: JSONValue = ["events": [event("a", start: 1000)]]

    @Test("Declarations and tables agree", arguments: Engine.allCases)
    func schema(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            for resource in AlertsService.resources {
                let problems = try await resource.schemaProblems(fixture.database)
                #expect(problems == [])
            }
        }
    }

    @Test("Who is let in", arguments: Engine.allCases)
    func doors(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            let cases: [(JSONValue, [String], [(String, String)], Int, String)] = [
                (Self.body, [], [], 401, "Missing secret"),
                (Self.body, [""], [], 401, "Missing secret"),
                (Self.body, ["wrong"], [], 403, "Invalid secret"),
                (Self.body, ["wrong", Fixture.secret], [], 200, "success"),
                (Self.body, [], [("secret", Fixture.secret)], 200, "success"),
                (Self.nameless, [Fixture.secret], [], 200, "success"),
                (Self.nameless, [Fixture.secret], [("source_id", "s1")], 200, "success"),
                (Self.nameless, ["wrong"], [("source_id", "s1")], 403, "Invalid secret"),
                (Self.nameless, ["wrong"], [], 403, "Invalid secret"),
                (["source_id": "nobody", "events": []], [Fixture.secret], [], 403, "Invalid secret"),
                (Self.body, [Fixture.secret], [("source_id", "other")], 400, "source_id mismatch"),
                (Self.body, ["bkls_aaaaaaaaaaaaaaaaaaaaaaaaaaaa"], [], 403, "Invalid secret"),
                (Self.body, [String(repeating: "x", count: 100_000)], [], 401, "Missing secret"),
            ]
            for (index, (body, secrets, query, status, message)) in cases.enumerated() {
                let reply = await fixture.post(body, secrets: secrets, query: query)
                #expect(reply.status == status, "case \(index)")
                #expect(reply.body["message"]?.string == message, "case \(index)")
                if status != 200 { #expect(reply.body["code"]?.int == status, "case \(index)") }
            }
            try await fixture.expect("alert", has: 1)
        }
    }

    @Test("A secret that two sources have needs a name beside it", arguments: Engine.allCases)
    func sharedSecret(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            try await fixture.makeSource("s2", secret: Fixture.secret)
            let ambiguous = await fixture.post(Self.nameless)
            #expect(ambiguous.status == 400)
            #expect(ambiguous.body["errors"]?[0]?["field"] == "source_id")
            #expect(await fixture.post(Self.body).status == 200)
        }
    }

    @Test("Secrets are hashed, shown once, and never again", arguments: Engine.allCases)
    func secrets(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            let made = try await fixture.alerts.sources.create(
                ["name": "made", "source_type": "prometheus"],
                caller: .team(1)
            )
            let secret = made["secret"]?.string ?? ""
            #expect(secret.hasPrefix("whs_"))
            #expect(secret.count == 48)
            let sourceID = made["source_id"]?.string ?? ""
            #expect(sourceID.hasPrefix("source_"))
            let id = Int64(made["id"]?.int ?? 0)
            let shown = try await fixture.alerts.sources.get(id: id, caller: .team(1))
            #expect(shown["secret"] == nil)
            let rows = try await fixture.everything()
            #expect(!rows.contains { $0.contains(secret) || $0.contains(Fixture.secret) })
            #expect(await fixture.post(Self.nameless, secrets: [secret]).status == 200)
        }
    }

    @Test("A rotated secret replaces the old one, at once or after an overlap", arguments: Engine.allCases)
    func rotation(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            func status(_ secret: String) async -> Int { await fixture.post(Self.body, secrets: [secret]).status }
            #expect(await status(Fixture.secret) == 200)
            let first = try await fixture.alerts.rotateSecret(
                id: 1,
                body: ["overlap_minutes": 60],
                caller: .team(1)
            )
            let second = first["secret"]?.string ?? ""
            #expect(first["previous_secret_until"] == "2025-10-21T11:00:00Z")
            #expect(await status(second) == 200)
            #expect(await status(Fixture.secret) == 200)
            fixture.clock.set(fixture.clock.now + 3_600_000)
            #expect(await status(Fixture.secret) == 403)
            #expect(await status(second) == 200)
            _ = try await fixture.alerts.rotateSecret(id: 1, body: ["secret": "chosen-one"], caller: .team(1))
            #expect(await status(second) == 403)
            #expect(await status("chosen-one") == 200)
            // Setting it by PATCH ends an overlap.
            _ = try await fixture.alerts.rotateSecret(id: 1, body: ["overlap_minutes": 60], caller: .team(1))
            _ = try await fixture.alerts.sources.patch(id: 1, ["secret": "chosen-two"], caller: .team(1))
            #expect(await status("chosen-one") == 403)
            #expect(await status("chosen-two") == 200)
        }
    }

    @Test("Rotation needs rights, a visible source and sense", arguments: Engine.allCases)
    func rotationRefused(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            await #expect(throws: ResourceError.forbidden(.alertsManage)) {
                try await fixture.alerts.rotateSecret(id: 1, body: [:], caller: .team(1, role: .viewer))
            }
            await #expect(throws: ResourceError.notFound) {
                try await fixture.alerts.rotateSecret(id: 1, body: [:], caller: .team(2))
            }
            for body: JSONObject in [["secret": "short"], ["overlap_minutes": -1], ["nonsense": 1]] {
                await #expect(throws: ResourceError.self) {
                    try await fixture.alerts.rotateSecret(id: 1, body: body, caller: .team(1))
                }
            }
            #expect(await fixture.post(Self.body).status == 200)
            try await fixture.expect("alert", has: 1)
        }
    }

    @Test("An inactive or deleted source is refused at once, whoever changed it", arguments: Engine.allCases)
    func changes(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            #expect(await fixture.post(Self.body).status == 200)
            // Another node, whose memory this one does not share.
            let other = try AlertsService(database: fixture.database, clock: fixture.clock.clock)
            _ = try await other.sources.patch(id: 1, ["is_active": false], caller: .team(1))
            let inactive = await fixture.post(Self.body)
            #expect(inactive.status == 403)
            #expect(inactive.body["message"] == "The alert source is not active")
            _ = try await other.sources.patch(id: 1, ["is_active": true], caller: .team(1))
            #expect(await fixture.post(Self.body).status == 200)

            // A source with alerts stays; one without goes.
            await #expect(throws: ResourceError.self) { try await other.sources.delete(id: 1, caller: .team(1)) }
            let made = try await fixture.makeSource("s2", secret: "secret-two")
            let body: JSONValue = ["source_id": "s2", "events": [["level": "info"]]]
            #expect(await fixture.post(body, secrets: ["secret-two"]).status == 400)
            try await other.sources.delete(id: Int64(made["id"]?.int ?? 0), caller: .team(1))
            let late: JSONValue = ["source_id": "s2", "events": [event("a", start: 1000)]]
            let refused = await fixture.post(late, secrets: ["secret-two"])
            #expect(refused.status == 403)
            try await fixture.expect("alert", has: 1)
        }
    }

    @Test("A source chooses the status of success", arguments: Engine.allCases)
    func successStatus(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            try await fixture.makeSource("z", secret: "secret-z", more: ["success_status": 202])
            let reply = await fixture.post(["events": [event("a", start: 1)]], secrets: ["secret-z"])
            #expect(reply.status == 202)
            #expect(reply.body["code"] == 0)
        }
    }

    @Test("A source's level map comes first", arguments: Engine.allCases)
    func levelMap(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            try await fixture.makeSource("m", secret: "secret-m", more: ["level_map": ["P1": "info", "blau": "error"]])
            let body: JSONValue = [
                "events": [
                    event("a", start: 1, level: "p1"), event("b", start: 1, level: "BLAU"),
                    event("c", start: 1, level: "critical"),
                ]
            ]
            #expect(await fixture.post(body, secrets: ["secret-m"]).number("created") == 3)
            try await fixture.expect(
                ["a firing info 1…", "b firing error 1…", "c firing critical 1…"],
                source: "m"
            )
        }
    }

    private static let nonsense: [(String, JSONValue)] = [
        ("source_type", "carrier-pigeon"), ("time_zone", "Mars/Olympus"), ("level_map", ["x": "y"]),
        ("success_status", 404), ("source_id", "with space"), ("secret", "short"), ("is_active", "yes"),
    ]

    @Test("What makes no sense is refused when a source is saved", arguments: nonsense)
    func refused(field: String, value: JSONValue) async throws {
        try await Fixture.run(.sqlite) { fixture in
            let error = await #expect(throws: ResourceError.self) {
                var body: JSONObject = ["name": "x", "source_type": "monitor"]
                body[field] = value
                _ = try await fixture.alerts.sources.create(body, caller: .team(1))
            }
            #expect(error?.errors.first?.field == field)
            try await fixture.expect("alert_source", has: 1)
        }
    }

    @Test("The default source is made once", arguments: Engine.allCases)
    func defaultSource(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            let none = try await fixture.alerts.ensureDefaultSource()
            #expect(none == nil)
            try await fixture.alerts.sources.delete(id: 1, caller: .team(1))
            let made = try await fixture.alerts.ensureDefaultSource()
            #expect(made?.sourceID == "default")
            let secret = made?.secret.reveal() ?? ""
            #expect(await fixture.post(Self.nameless, secrets: [secret]).status == 200)
            let again = try await fixture.alerts.ensureDefaultSource()
            #expect(again == nil)
        }
    }

    @Test("Demo alerts come once and look real", arguments: Engine.allCases)
    func demo(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            let created = try await fixture.alerts.loadDemo()
            #expect(created == 12)
            let before = try await fixture.everything()
            fixture.clock.set(fixture.clock.now + 3_600_000)
            let again = try await fixture.alerts.loadDemo()
            #expect(again == 0)
            let after = try await fixture.everything()
            #expect(after == before)
            let firing = try await fixture.alerts.list(
                query: [("status", "firing"), ("label.demo", "true")],
                caller: .team(1)
            )
            #expect(firing["count"] == 9)
            let levels = Set((firing["results"]?.array ?? []).compactMap { $0["level"]?.string })
            #expect(levels == ["critical", "error", "warning", "info"])
            let resolved = try await fixture.alerts.list(query: [("status", "resolved")], caller: .team(1))
            #expect(resolved["count"] == 3)
        }
    }
}
