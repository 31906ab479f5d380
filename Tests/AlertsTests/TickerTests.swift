// What is due: reminders, escalation, silence; and that nobody does it twice.

import Alerts
import Identity
import JSON
import Storage
import Synchronization
import Testing

private final class Entries: AuditSink {
    private let actions = Mutex<[String]>([])
    var all: [String] { actions.withLock { $0 } }

    func record(_ entry: AuditEntry, on connection: any SQLConnection) throws {
        actions.withLock { $0.append("\(entry.action) \(entry.username)") }
    }
}

@Suite struct TickerTests {
    private static let pace: SQLValue = "{\"warning\":{\"interval_minutes\":10,\"max_count\":2}}"

    @Test("Reminded at the pace of the level, so often and no more", arguments: Engine.allCases)
    func reminders(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            try await fixture.assignToAnn(["notification_frequency": Self.pace])
            await fixture.send([event("a", start: 1000)])
            try await fixture.tick(minutes: 9)
            #expect(try await fixture.count("notification") == 1)
            try await fixture.tick(minutes: 1)
            try await fixture.tick(minutes: 1)
            #expect(try await fixture.notices() == ["a assignment ann", "a reminder ann"])
            for _ in 0..<5 { try await fixture.tick(minutes: 10) }
            #expect(try await fixture.count("notification") == 3)
        }
    }

    @Test("After a long standstill one reminder, not many; two nodes change nothing", arguments: Engine.allCases)
    func standstill(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            let pace: SQLValue = "{\"warning\":{\"interval_minutes\":1,\"max_count\":100}}"
            try await fixture.assignToAnn(["notification_frequency": pace])
            await fixture.send([event("a", start: 1000)])
            fixture.clock.set(fixture.clock.now + 60 * 60_000)
            let one = AlertTicker(fixture.alerts, holder: "one")
            let other = AlertTicker(fixture.alerts, holder: "other")
            #expect(try await one.tick() == 1)
            #expect(try await other.tick() == nil)
            #expect(try await one.tick() == 0)
            #expect(try await fixture.count("notification") == 2)
        }
    }

    @Test("Nobody is reminded of what somebody has taken, or of what is over", arguments: Engine.allCases)
    func taken(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            try await fixture.assignToAnn(["notification_frequency": Self.pace])
            await fixture.send([event("a", start: 1000), event("b", start: 1000)])
            await fixture.send([event("b", "resolved", start: 1000, end: 1100)])
            try await fixture.changeRules("UPDATE alert SET status = 'acknowledged' WHERE fingerprint = 'a'")
            try await fixture.tick(minutes: 60)
            #expect(try await fixture.notices().filter { $0.contains("reminder") }.isEmpty)
            #expect(try await fixture.number("SELECT COUNT(reminder_due_at) AS number FROM alert") == 0)
        }
    }

    @Test("Steps of escalation, each to its people", arguments: Engine.allCases)
    func escalation(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            let steps = """
                [{"after_minutes":15,"personnel":["boss"],"notify_channels":[]},
                 {"after_minutes":30,"personnel":["chief"],"notify_channels":[]}]
                """
            let pager = try await fixture.makeChannel("pager")
            let named = steps.replacing("[]", with: "[\(pager)]")
            try await fixture.assignToAnn(["escalation": .text(named)])
            await fixture.send([event("a", start: 1000)])
            try await fixture.tick(minutes: 16)
            #expect(try await fixture.notices() == ["a assignment ann", "a escalation boss"])
            try await fixture.tick(minutes: 10)
            #expect(try await fixture.count("notification") == 2)
            try await fixture.tick(minutes: 10)
            try await fixture.tick(minutes: 10)
            #expect(try await fixture.notices().dropFirst(2) == ["a escalation chief"])
        }
    }

    @Test("Closed after silence, by its rule; duplicates are signs of life", arguments: Engine.allCases)
    func silence(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            let entries = Entries()
            let alerts = try AlertsService(
                database: fixture.database,
                clock: fixture.clock.clock,
                auditSink: entries
            )
            let ticker = AlertTicker(alerts, holder: "test")
            try await fixture.changeRules("UPDATE alert_source SET auto_close_minutes = 10")
            try await fixture.assignToAnn()
            await fixture.send([event("a", start: 1000), event("b", start: 1000)])
            try await fixture.deliver()
            fixture.clock.set(fixture.clock.now + 8 * 60_000)
            await fixture.send([event("a", start: 1000)])
            fixture.clock.set(fixture.clock.now + 3 * 60_000)
            try await ticker.tick()
            let status =
                "SELECT fingerprint || ' ' || status || ' ' || COALESCE(closed_by, '') AS line FROM alert ORDER BY id"
            #expect(try await fixture.rows(status) == ["a firing ", "b closed rule:auto_close"])
            #expect(entries.all == ["alert.close system"])
            #expect(try await fixture.deliver() == ["recovered → resolved"])
            // What the source says of it later stays there; what begins later is another episode.
            await fixture.send([event("b", "resolved", start: 1000, end: 1100)])
            #expect(try await fixture.rows(status) == ["a firing ", "b closed rule:auto_close"])
            await fixture.send([event("b", start: fixture.clock.now / 1000 + 5)])
            #expect(try await fixture.rows(status) == ["a firing ", "b closed rule:auto_close", "b firing "])
        }
    }

    @Test("A silent aggregate is closed with its members, and a new one begins later", arguments: Engine.allCases)
    func silentAggregate(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            try await fixture.assignToAnn()
            try await fixture.makeRule("alert_aggregation_rule", "clusters", ["close_time": "10min"])
            let start = fixture.clock.now / 1000
            await fixture.send([event("a", start: start, labels: ["cluster": "web"])])
            await fixture.send([event("b", start: start + 1, labels: ["cluster": "web"])])
            fixture.clock.set(fixture.clock.now + 8 * 60_000)
            await fixture.send([event("b", start: start + 1, labels: ["cluster": "web"])])
            try await fixture.tick(minutes: 3)
            #expect(try await fixture.number("SELECT COUNT(*) AS number FROM alert WHERE status = 'closed'") == 0)
            try await fixture.tick(minutes: 8)
            #expect(try await fixture.number("SELECT COUNT(*) AS number FROM alert WHERE status = 'closed'") == 3)
            let later = fixture.clock.now / 1000 + 1
            await fixture.send([event("a", start: later, labels: ["cluster": "web"])])
            #expect(try await fixture.aggregates().filter { $0.contains("firing") }.count == 1)
            #expect(try await fixture.notices().filter { $0.contains("assignment") }.count == 2)
        }
    }

    @Test("Alerts that wait for a rule that was deleted go on without it", arguments: Engine.allCases)
    func held(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            try await fixture.assignToAnn()
            try await fixture.makeRule("alert_aggregation_rule", "clusters", ["threshold": 5])
            await fixture.send([event("a", start: 1000, labels: ["cluster": "web"])])
            #expect(try await fixture.notices().isEmpty)
            try await fixture.changeRules("DELETE FROM alert_aggregation_rule")
            try await fixture.tick(minutes: 1)
            #expect(try await fixture.notices() == ["a assignment ann"])
        }
    }
}
