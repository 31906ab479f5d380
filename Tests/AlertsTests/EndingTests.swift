// What people end: an end point of the episode, and what belongs to it ends with it.

import JSON
import Storage
import Testing

@testable import Alerts

@Suite struct EndingTests {
    /// Ends the open alerts of a fingerprint as actions do; the moment in seconds.
    private static func end(
        _ fixture: Fixture,
        _ fingerprint: String,
        as status: AlertStatus = .closed,
        at moment: Int64
    ) async throws {
        let shelf = RuleShelf()
        try await fixture.database.write { connection in
            let rules = try AlertEffects.begin(shelf, connection)
            let ids = try connection.query(
                "SELECT id FROM alert WHERE fingerprint LIKE $1 AND status IN ('firing', 'acknowledged')",
                [.text(fingerprint)]
            ).map { try $0.int("id") }
            var alerts = try AlertRows.with(ids: ids, locking: true, connection)
            for place in alerts.indices { alerts[place].end(as: status, by: "ann", reason: "", now: moment * 1000) }
            try AlertRows.updateTimes(alerts, connection)
            try HandlingRows.update(alerts, connection)
            try AlertEffects.ended(alerts, rules: rules, now: moment * 1000, connection)
        }
    }

    @Test("Old starts stay in the ended episode, a later one begins another", arguments: Engine.allCases)
    func ended(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            await fixture.send([event("a", start: 1000)])
            try await Self.end(fixture, "a", at: 1500)
            try await fixture.expect(["a closed warning 1000…1500"])
            await fixture.send([event("a", start: 1200)])
            try await fixture.expect(["a closed warning 1000…1500"])
            await fixture.send([event("a", start: 1600)])
            try await fixture.expect(["a closed warning 1000…1500", "a firing warning 1600…"])
            await fixture.send([event("a", "resolved", start: 1000, end: 1400)])
            try await fixture.expect(["a closed warning 1000…1500", "a firing warning 1600…"])
            // A whole episode that nobody had heard of: the act falls into it.
            await fixture.send([event("a", start: 1450)])
            try await fixture.expect([
                "a resolved warning 1000…1400", "a closed warning 1450…1500", "a firing warning 1600…",
            ])
        }
    }

    @Test("After an act the order of what arrives does not matter either", arguments: Engine.allCases, 0..<12)
    func order(_ engine: Engine, _ round: Int) async throws {
        let seed = UInt64.random(in: 0..<1_000_000)
        var random = SeededNumbers(seed: seed)
        let late = (0..<14).map { _ -> JSONValue in
            let start = 1000 + 10 * Int64.random(in: 0..<20, using: &random)
            let isFiring = Bool.random(using: &random)
            let end = start + 10 * Int64.random(in: 0..<6, using: &random)
            return event("a", isFiring ? "firing" : "resolved", start: start, end: isFiring ? nil : end, title: "t")
        }
        let act: Int64 = 1105
        var points: [TimelinePoint] = [.firing(1000), .resolved(act)]
        for event in late {
            points.append(.firing(Int64(event["start_time"]?.int ?? 0)))
            if let end = event["end_time"]?.int { points.append(.resolved(Int64(end))) }
        }
        let expected = Timeline.episodes(points).map { "\($0.start)…\($0.end.map { "\($0)" } ?? "")" }
        for _ in 0..<2 {
            let shuffled = late.shuffled(using: &random)
            try await Fixture.run(engine) { fixture in
                await fixture.send([event("a", start: 1000, title: "t")])
                try await Self.end(fixture, "a", at: act)
                for event in shuffled { await fixture.send([event]) }
                let summary = try await fixture.summary()
                #expect(summary.map { String($0.split(separator: " ")[3]) } == expected, "seed \(seed)")
                let closed = try await fixture.rows(
                    "SELECT CAST(started_at / 1000 AS TEXT) AS line FROM alert WHERE closed_by = 'ann'"
                )
                let bearer = Timeline.episodes(points).last { $0.start <= act }?.start ?? 0
                #expect(closed == ["\(bearer)"], "seed \(seed)")
            }
        }
    }

    @Test("Members end with their aggregate, and those who were told are told", arguments: Engine.allCases)
    func aggregate(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            try await fixture.assignToAnn()
            try await fixture.makeRule("alert_aggregation_rule", "clusters", [:])
            try await fixture.makeRule("alert_correlation_rule", "clusters", ["min_alerts": 1])
            let web: JSONObject = ["cluster": "web"]
            await fixture.send([event("a", start: 1200, labels: web), event("b", start: 1200, labels: web)])
            try await fixture.deliver()
            let pending = "SELECT COUNT(*) AS number FROM alert_incident WHERE status = 'pending'"
            #expect(try await fixture.number(pending) == 1)
            try await Self.end(fixture, "agg-%", as: .resolved, at: 1300)
            let left = "SELECT COUNT(*) AS number FROM alert WHERE status NOT IN ('resolved', 'closed')"
            #expect(try await fixture.number(left) == 0)
            #expect(try await fixture.number(pending) == 0)
            #expect(try await fixture.deliver() == ["recovered → resolved"])
            // What the person ended takes nobody in any more.
            await fixture.send([event("c", start: 1290, labels: web)])
            #expect(
                try await fixture.aggregates() == [
                    "[a@1200,b@1200] resolved warning 1200…1300", "[c@1290] firing warning 1290…", "held: ",
                ]
            )
        }
    }

    @Test("The last member ends the aggregate", arguments: Engine.allCases)
    func member(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            try await fixture.assignToAnn()
            try await fixture.makeRule("alert_aggregation_rule", "clusters", [:])
            let web: JSONObject = ["cluster": "web"]
            await fixture.send([event("a", start: 1200, labels: web), event("b", start: 1210, labels: web)])
            try await Self.end(fixture, "a", at: 1300)
            #expect(try await fixture.aggregates().first == "[a@1200,b@1210] firing warning 1200…")
            try await Self.end(fixture, "b", at: 1310)
            #expect(try await fixture.aggregates().first == "[a@1200,b@1210] resolved warning 1200…1310")
            #expect(try await fixture.notices().count == 2)
        }
    }
}
