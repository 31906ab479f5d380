// What the ticker looks at again: what was held, unassigned or hidden when rules and schedules change.

import Alerts
import JSON
import Storage
import Testing

private let web: JSONObject = ["cluster": "web"]
private let hidesWeb: SQLValue = "[[{\"key\":\"labels.cluster\",\"operator\":\"eq\",\"value\":\"web\"}]]"

@Suite struct TickerMemoryTests {
    @Test("A job that fails does not stop those after it", arguments: Engine.allCases)
    func failingJob(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            let pace: SQLValue = "{\"warning\":{\"interval_minutes\":1,\"max_count\":100}}"
            try await fixture.assignToAnn(["notification_frequency": pace])
            await fixture.send([event("a", start: 1000), event("b", start: 1000)])
            // A held alert that cannot be read.
            try await fixture.changeRules(
                "UPDATE alert SET is_held = 1, rule = 77, level = 'nonsense' WHERE fingerprint = 'b'"
            )
            let ticker = fixture.ticker
            fixture.clock.set(fixture.clock.now + 2 * 60_000)
            try await fixture.changeRules("UPDATE alert SET reminder_due_at = NULL WHERE fingerprint = 'b'")
            try await ticker.tick()
            #expect(try await fixture.notices().contains("a reminder ann"))
        }
    }

    @Test("Held by a rule that has gone, seen only after the rules were looked at", arguments: Engine.allCases)
    func heldLate(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            try await fixture.assignToAnn()
            try await fixture.makeRule("alert_aggregation_rule", "clusters", ["threshold": 5])
            await fixture.send([event("a", start: 1000, labels: web)])
            // Not to be seen until the ticker has looked at everything by the new rules.
            try await fixture.changeRules("UPDATE alert SET is_held = 0, assigned_at = 1")
            try await fixture.changeRules("DELETE FROM alert_aggregation_rule")
            let ticker = fixture.ticker
            try await ticker.tick()
            try await fixture.database.write { connection in
                _ = try connection.execute("UPDATE alert SET is_held = 1, assigned_at = NULL")
            }
            #expect(try await fixture.notices().isEmpty)
            try await ticker.tick()
            #expect(try await fixture.notices() == ["a assignment ann"])
            #expect(try await ticker.tick() == 0)
        }
    }

    @Test("A lower threshold, or a rule that takes it no more, lets go what was held", arguments: Engine.allCases)
    func changedRule(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            try await fixture.assignToAnn()
            try await fixture.makeRule("alert_aggregation_rule", "clusters", ["threshold": 5])
            await fixture.send([event("a", start: 1200, labels: web), event("b", start: 1210, labels: web)])
            let other: JSONObject = ["cluster": "db"]
            await fixture.send([event("c", start: 1200, labels: other)])
            let ticker = fixture.ticker
            try await ticker.tick()
            #expect(try await fixture.notices().isEmpty)
            try await fixture.changeRules("UPDATE alert_aggregation_rule SET threshold = 2")
            try await ticker.tick()
            #expect(try await fixture.aggregates() == ["[a@1200,b@1210] firing warning 1200…", "held: c@1200"])
            #expect(try await fixture.notices().count == 1)
            try await fixture.changeRules("UPDATE alert_aggregation_rule SET levels = '[\"critical\"]'")
            try await ticker.tick()
            #expect(try await fixture.notices().last == "c assignment ann")
        }
    }

    @Test(
        "Given when a rule comes, or its schedule begins; those nobody takes are passed by",
        arguments: Engine.allCases
    )
    func unassigned(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            await fixture.send([event("a", start: 1000), event("b", start: 1000, level: "info")])
            let ticker = fixture.ticker
            try await ticker.tick()
            try await fixture.assignToAnn([
                "match_type": "filter",
                "match_rules": "[[{\"key\":\"level\",\"operator\":\"eq\",\"value\":\"warning\"}]]",
            ])
            try await ticker.tick()
            #expect(try await fixture.notices() == ["a assignment ann"])
            #expect(try await ticker.tick() == 0)
            let config: SQLValue = """
                {"type":"one","start_time":"2025-10-21T11:00:00Z","end_time":"2025-10-21T12:00:00Z"}
                """
            try await fixture.database.write { connection in
                try connection.execute(
                    "UPDATE alert_assignment SET match_type = 'all', match_rules = '[]', config = $1",
                    [config]
                )
                try connection.execute("UPDATE alert_rule_version SET version = version + 1")
            }
            try await ticker.tick()
            #expect(try await fixture.count("notification") == 1)
            fixture.clock.set(fixture.clock.now + 61 * 60_000)
            try await ticker.tick()
            #expect(try await fixture.notices() == ["a assignment ann", "b assignment ann"])
        }
    }

    @Test("What rose while a shield hid it is told when the shield ends", arguments: Engine.allCases)
    func raisedWhileHidden(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            try await fixture.assignToAnn()
            await fixture.send([event("a", start: 1000, labels: web), event("b", start: 1000, labels: web)])
            try await fixture.deliver()
            try await fixture.makeRule("alert_shield", "web", ["match_rules": hidesWeb])
            await fixture.send([event("a", start: 1010, level: "critical", labels: web)])
            await fixture.send([event("b", start: 1010, labels: web)])
            #expect(try await fixture.count("notification") == 2)
            try await fixture.changeRules("DELETE FROM alert_shield")
            try await fixture.tick(minutes: 1)
            try await fixture.tick(minutes: 1)
            #expect(try await fixture.notices().dropFirst(2) == ["a raised ann"])
        }
    }

    @Test("What rose while it came and went is told when it is quiet", arguments: Engine.allCases)
    func raisedWhileFlapping(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            try await fixture.assignToAnn()
            for round in 0..<4 {
                let start = 1000 + Int64(round) * 60
                await fixture.send([event("a", start: start)])
                try await fixture.deliver()
                if round < 3 { await fixture.send([event("a", "resolved", start: start, end: start + 30)]) }
                try await fixture.deliver()
            }
            await fixture.send([event("a", start: 1190, level: "critical")])
            #expect(try await fixture.notices().filter { $0.contains("raised") }.isEmpty)
            try await fixture.tick(minutes: 31)
            #expect(try await fixture.notices().last == "a raised ann")
        }
    }
}
