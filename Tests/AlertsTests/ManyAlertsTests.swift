// Lists long enough that they are read in another way than short ones (`AccessPath.manyMatches`): the same answers.

import Alerts
import Identity
import JSON
import Resources
import Storage
import Testing
import Tools

@Suite struct ManyAlertsTests {
    /// 4,400 alerts of team 1, written straight into the table; every 11th of them resolved, every 5th given to ada.
    private static func fill(_ fixture: Fixture) async throws {
        let isPostgreSQL = fixture.database.dialect == .postgresql
        let numbers =
            isPostgreSQL
            ? "SELECT CAST(i AS BIGINT) AS i FROM generate_series(1, 4400) i"
            : "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4400) SELECT i FROM n"
        try await fixture.database.write { connection in
            try connection.execute(
                """
                INSERT INTO alert (team, source, fingerprint, status, level, title, description, labels, annotations,
                    host, link, external_id, event_id, started_at, ended_at, last_event_at, event_count, is_latest,
                    created_at, updated_at, operators)
                SELECT 1, 1, 'f' || i, CASE WHEN i % 11 = 0 THEN 'resolved' ELSE 'firing' END,
                    CASE i % 3 WHEN 0 THEN 'critical' WHEN 1 THEN 'warning' ELSE 'info' END, 'title ' || i, '', '{}',
                    '{}', 'host-' || (i % 7), '', '', '', 1000 * i, CASE WHEN i % 11 = 0 THEN 2000 * i END, 1000 * i, 1,
                    1, 0, 0, CASE WHEN i % 5 = 0 THEN '["ada"]' ELSE '[]' END
                FROM (\(numbers)) AS numbers
                """
            )
        }
    }

    @Test("Pages in order, counts exact, whichever index answers", arguments: Engine.allCases)
    func pages(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            try await Self.fill(fixture)
            let cases: [([(String, String)], Int, [Int])] = [
                ([], 4400, [4400, 4399, 4398]), ([("status", "firing")], 4000, [4399, 4398, 4397]),
                ([("status", "resolved")], 400, [4400, 4389, 4378]),
                ([("level", "info,warning,critical")], 4400, [4400, 4399, 4398]),
                ([("status", "firing"), ("level", "critical")], 1333, [4398, 4395, 4392]),
                ([("operator", "ada")], 880, [4400, 4395, 4390]), ([("host", "host-0")], 628, [4396, 4389, 4382]),
                ([("active", "true"), ("page", "2")], 4000, [4396, 4395, 4394]),
            ]
            for caller in [Caller.ada, .admin] {
                for (query, count, numbers) in cases {
                    let list = try await fixture.alerts.list(query: query + [("page_size", "3")], caller: caller)
                    let titles = (list["results"]?.array ?? []).compactMap { $0["title"]?.string }
                    #expect(list["count"]?.int == count, "\(query)")
                    #expect(titles == numbers.map { "title \($0)" }, "\(query)")
                }
            }
        }
    }

    @Test("Tools: worst first, newest first, by way of the order's index too", arguments: Engine.allCases)
    func tools(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            try await Self.fill(fixture)
            let tool = try #require(fixture.alerts.tools.first { $0.name == "alerts_list" })
            for (arguments, count, numbers): (JSONObject, Int, [Int]) in [
                ([:], 4400, [4398, 4395]), (["status": ["firing"]], 4000, [4398, 4395]),
                (["status": ["resolved", "closed"]], 400, [4389, 4356]),
                (["status": ["firing", "resolved"], "level": ["info"]], 1467, [4397, 4394]),
                (["host": "HOST-0"], 628, [4368, 4347]), (["handling": ["pending"]], 800, [4395, 4380]),
            ] {
                for caller in [Caller.ada, .admin] {
                    let result = try await tool.run(
                        arguments,
                        ToolCallContext(caller: caller, now: fixture.clock.now, rows: 2)
                    )
                    let titles = (result.data.array ?? []).compactMap { $0["title"]?.string }
                    #expect(result.total == count, "\(arguments)")
                    #expect(titles == numbers.map { "title \($0)" }, "\(arguments)")
                }
            }
        }
    }
}
