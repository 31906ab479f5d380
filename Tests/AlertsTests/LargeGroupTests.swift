// Groups of any size: what is laid out by looking at a part of them is what looking at all of them gives.

import Foundation
import JSON
import Storage
import Testing

@testable import Alerts

@Suite struct LargeGroupTests {
    private static let windows: [[String: SQLValue]] = [
        ["window_type": "fixed", "window_size": "10min", "threshold": 2],
        ["window_type": "sliding", "window_size": "2min", "threshold": 2],
        ["window_type": "session", "session_timeout": "1min", "max_window_size": "6min", "threshold": 3],
        ["window_type": "sliding", "window_size": "1hour", "threshold": 1],
        ["window_type": "session", "session_timeout": "5min", "max_window_size": "20min", "threshold": 1],
        ["window_type": "sliding", "window_size": "30min", "threshold": 4],
    ]

    private struct Style {
        /// Of ten events, those that tell of an end.
        var ends: Int
        /// How far back events may lie behind the newest, in steps of 20 seconds.
        var lateness: Int64
        var things: Int
        var longest: Int64
    }

    private static let styles = [
        Style(ends: 5, lateness: 4, things: 40, longest: 6), Style(ends: 4, lateness: 60, things: 20, longest: 20),
        Style(ends: 7, lateness: 2, things: 60, longest: 2), Style(ends: 2, lateness: 10, things: 60, longest: 60),
    ]

    /// Events mostly in the order of time, some late, and now and then one that changes a level or a cluster.
    private static func history(seed: UInt64, events: Int, _ style: Style) -> [JSONValue] {
        var random = SeededNumbers(seed: seed)
        let levels = ["critical", "error", "warning", "info"]
        var begun: [(thing: Int, start: Int64)] = []
        return (0..<events).map { step in
            let now = 3600 + 20 * Int64(step / 2)
            let end = now - 20 * Int64.random(in: 0...style.lateness, using: &random)
            let cluster = Int.random(in: 0..<20, using: &random) == 0 ? "db" : "web"
            let level = levels[Int.random(in: 0..<4, using: &random)]
            if Int.random(in: 0..<10, using: &random) < style.ends, let one = begun.randomElement(using: &random) {
                let last = max(one.start, min(end, one.start + 20 * style.longest))
                return event(
                    "f\(one.thing)",
                    "resolved",
                    start: one.start,
                    end: last,
                    level: level,
                    title: "f",
                    labels: ["cluster": .string(cluster)]
                )
            }
            let thing = Int.random(in: 0..<style.things, using: &random)
            begun.append((thing, end))
            return event("f\(thing)", start: end, level: level, title: "f", labels: ["cluster": .string(cluster)])
        }
    }

    /// Everything that groups come to, and who was told what.
    private static func outcome(_ fixture: Fixture) async throws -> [String] {
        try await fixture.aggregates() + fixture.incidents()
            + fixture.rows(
                """
                SELECT 'aggregate ' || status || ' ' || level || ' ' || started_at || ' ' || last_firing_at || ' '
                    || COALESCE(ended_at, 0) || ' ' || member_count || ' ' || event_count || ' ' || last_event_at || ' '
                    || last_seen_at || ' ' || title || ' ' || COALESCE(closed_by, '') AS line
                FROM alert WHERE kind = 'aggregate' ORDER BY started_at, member_count, last_firing_at, line
                """
            )
            + fixture.rows(
                """
                SELECT 'incident ' || i.status || ' ' || i.level || ' ' || i.started_at || ' ' || i.last_alert_at || ' '
                    || COALESCE(i.ended_at, 0) || ' ' || COALESCE(a.fingerprint, '') || ' ' || COALESCE(i.closed_by, '')
                    AS line
                FROM alert_incident i LEFT JOIN alert a ON a.id = i.root_alert AND a.kind = 'single'
                ORDER BY i.started_at, i.id
                """
            )
            + fixture.rows(
                """
                SELECT n.transition || ' ' || n.topic_type || ' ' || CAST(COUNT(*) AS TEXT) AS line FROM notification n
                GROUP BY n.transition, n.topic_type ORDER BY n.transition, n.topic_type
                """
            )
    }

    /// The sums of members, counted.
    private static func wrongSums(_ fixture: Fixture) async throws -> Int64 {
        try await fixture.number(
            """
            SELECT COUNT(*) AS number FROM alert g JOIN (
                SELECT aggregate, COUNT(*) AS members, SUM(event_count) AS events, MAX(last_event_at) AS said
                FROM alert WHERE aggregate IS NOT NULL GROUP BY aggregate) m ON m.aggregate = g.id
            WHERE g.member_count <> m.members OR g.event_count <> m.events OR g.last_event_at <> m.said
            """
        )
    }

    @Test("A small page gives what an endless one gives", arguments: Engine.allCases, 0..<24)
    func equality(_ engine: Engine, _ round: Int) async throws {
        // The store of SQLite is quick enough for more.
        if engine == .postgresql, round >= 8 { return }
        let seed = UInt64.random(in: 0..<1_000_000)
        let style = Self.styles[round / 6 % 4]
        let history = Self.history(seed: seed, events: 160, style)
        var outcomes: [[String]] = []
        for page in [Int.max, 5, 1] {
            try await Fixture.run(engine) { fixture in
                let service = try AlertsService(
                    database: fixture.database,
                    clock: fixture.clock.clock,
                    shelf: RuleShelf(groupPage: page)
                )
                try await fixture.assignToAnn()
                try await fixture.makeRule("alert_aggregation_rule", "clusters", Self.windows[round % 6])
                let within: SQLValue = round % 2 == 0 ? "2min" : "20min"
                try await fixture.makeRule(
                    "alert_correlation_rule",
                    "clusters",
                    ["min_alerts": .int(round % 3 + 1), "within": within, "priority": 1]
                )
                // Half of the rounds go without aggregates, so that incidents have many alerts.
                if round % 4 >= 2 { try await fixture.changeRules("UPDATE alert_aggregation_rule SET is_active = 0") }
                try await fixture.changeRules("UPDATE alert_source SET flap_count = 0")
                var random = SeededNumbers(seed: seed)
                var rest = history[...]
                while !rest.isEmpty {
                    let body = Array(rest.prefix(Int.random(in: 1...6, using: &random)))
                    rest = rest.dropFirst(body.count)
                    let json: JSONValue = ["source_id": "s1", "events": .array(body)]
                    let reply = await service.receive(body: json.bytes, secrets: [Fixture.secret], query: [])
                    try #require(reply.status == 200, "seed \(seed) page \(page) \(reply.body.text)")
                }
                outcomes.append(try await Self.outcome(fixture))
                let wrong = try await Self.wrongSums(fixture)
                #expect(wrong == 0, "seed \(seed) page \(page)")
            }
        }
        for outcome in outcomes {
            let (missing, more) = (Set(outcomes[0]).subtracting(outcome), Set(outcome).subtracting(outcomes[0]))
            if missing.isEmpty, more.isEmpty { continue }
            Issue.record("seed \(seed) missing \(missing.sorted()) more \(more.sorted())")
        }
    }

    private static let measured = ProcessInfo.processInfo.environment["OPSGATE_MEASURE_GROUPS"].flatMap { Int($0) }

    /// Prints what a body of ten new alerts, and one of ten ends, costs while one group grows; measures nothing else.
    @Test("Growth", .enabled(if: measured != nil), arguments: Engine.allCases, ["aggregate", "incident"])
    func growth(_ engine: Engine, _ kind: String) async throws {
        let total = Self.measured ?? 0
        try await Fixture.run(engine) { fixture in
            if kind == "aggregate" {
                try await fixture.makeRule(
                    "alert_aggregation_rule",
                    "all",
                    ["group_by": "[]", "window_type": "sliding", "window_size": "1day", "threshold": 2]
                )
            } else {
                try await fixture.makeRule("alert_correlation_rule", "all", ["within": "1day"])
            }
            var sent = 0
            while sent < total {
                let isMark = sent % (total / 10) < 1000
                let size = isMark ? 10 : 1000
                var spans: [Duration] = []
                for _ in 0..<(1000 / size) {
                    let news = (sent..<(sent + size)).map {
                        event("g\($0)", start: 3600 + Int64($0), labels: ["cluster": "web"])
                    }
                    spans.append(await ContinuousClock().measure { await fixture.send(news) })
                    sent += size
                }
                guard isMark else { continue }
                let ends = await ContinuousClock().measure {
                    for place in 0..<10 {
                        let number = sent - 500 + place
                        await fixture.send([
                            event("g\(number)", "resolved", start: 3600 + Int64(number), end: 3600 + Int64(sent))
                        ])
                    }
                }
                let late = await ContinuousClock().measure {
                    for place in 0..<10 {
                        let start = 3600 + Int64(sent / 2 + place)
                        await fixture.send([event("l\(sent)-\(place)", start: start, labels: ["cluster": "web"])])
                    }
                }
                let median = spans.sorted()[spans.count / 2]
                print("\(engine) \(kind) \(sent): ten new \(median), one end \(ends / 10), one late \(late / 10)")
            }
        }
    }
}
