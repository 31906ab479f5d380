// Rules and channels for tests, straight into their tables, and what came of them.

import Alerts
import Foundation
import JSON
import Notifications
import Storage
import Synchronization

extension Fixture {
    /// A channel of team 1; its number.
    @discardableResult
    func makeChannel(_ name: String, type: String = "EMAIL") async throws -> Int64 {
        try await database.write { connection in
            try connection.query(
                """
                INSERT INTO notification_channel (name, channel_type, config, templates, digest_threshold, is_active,
                    description, team, created_by, created_at, updated_at)
                VALUES ($1, $2, '{}', '{}', 10, 1, '', 1, 'test', 1, 1) RETURNING id
                """,
                [.text(name), .text(type)]
            )[0].int("id")
        }
    }

    /// A row of one of the tables of rules, team 1; its number.
    @discardableResult
    func makeRule(_ table: String, _ name: String, _ values: [String: SQLValue]) async throws -> Int64 {
        var all: [String: SQLValue] = [
            "name": .text(name), "match_type": "all", "match_rules": "[]", "is_active": 1, "description": "",
            "team": 1, "created_by": "test", "created_at": 1, "updated_at": 1,
        ]
        switch table {
        case "alert_assignment":
            all["personnel"] = "[\"ann\"]"
            all["notify_channels"] = "[]"
            all["notification_scenario"] = "[\"assignment\",\"recovered\",\"raised\"]"
            all["notification_frequency"] = "{}"
            all["escalation"] = "[]"
            all["config"] = "{}"
            all["priority"] = 1
        case "alert_aggregation_rule":
            all["levels"] = "[]"
            all["group_by"] = "[\"labels.cluster\"]"
            all["window_type"] = "fixed"
            all["window_size"] = "10min"
            all["alignment"] = "hour"
            all["session_timeout"] = "5min"
            all["max_window_size"] = "1hour"
            all["threshold"] = 1
            all["close_time"] = "0min"
            all["title"] = ""
            all["priority"] = 1
        case "alert_correlation_rule":
            all["group_by"] = "[\"labels.cluster\"]"
            all["within"] = "10min"
            all["min_alerts"] = 2
            all["root"] = "first"
            all["title"] = ""
            all["priority"] = 1
        default:
            all["match_type"] = "filter"
            all["suppression_time"] = "{\"type\":\"day\",\"start_time\":\"00:00\",\"end_time\":\"24:00\"}"
        }
        for (column, value) in values { all[column] = value }
        let columns = all.keys.sorted()
        let parameters = columns.map { all[$0] ?? .null }
        return try await database.write { connection in
            let id = try connection.query(
                """
                INSERT INTO \(table) (\(columns.joined(separator: ", ")))
                VALUES (\(SQLDialect.parameters(columns.count))) RETURNING id
                """,
                parameters
            )[0].int("id")
            try connection.execute("UPDATE alert_rule_version SET version = version + 1")
            return id
        }
    }

    func changeRules(_ statement: String) async throws {
        try await database.write { connection in
            try connection.execute(statement)
            try connection.execute("UPDATE alert_rule_version SET version = version + 1")
        }
    }

    /// Everybody's alerts go to ann by mail.
    @discardableResult
    func assignToAnn(_ values: [String: SQLValue] = [:]) async throws -> Int64 {
        let channel = try await makeChannel("mail")
        var all: [String: SQLValue] = ["notify_channels": .text("[\(channel)]")]
        for (column, value) in values { all[column] = value }
        try await makeRule("alert_assignment", "everything to ann", all)
        return channel
    }

    /// `fingerprint transition receiver` of each notice, in the order of enqueueing.
    func notices() async throws -> [String] {
        try await rows(
            """
            SELECT a.fingerprint || ' ' || n.transition || ' ' || n.receiver AS line
            FROM notification n JOIN alert a ON a.id = n.topic_id WHERE n.topic_type = 'alert' ORDER BY n.id
            """
        )
    }

    /// The column `line` of each row.
    func rows(_ statement: String) async throws -> [String] {
        try await database.read { connection in try connection.query(statement).map { try $0.text("line") } }
    }

    func number(_ statement: String) async throws -> Int64 {
        try await database.read { connection in
            try connection.query(statement).first?.optionalInt("number") ?? -1
        }
    }

    /// `[a,b] firing critical 1000…2000` of each aggregate that has members, in seconds; `held: …` last.
    func aggregates(source: String = "s1") async throws -> [String] {
        try await groups(
            "SELECT id, status, level, started_at, ended_at, member_count FROM alert WHERE kind = 'aggregate' "
                + "AND member_count > 0",
            pointer: "aggregate",
            source: source
        ) + [
            "held: "
                + rows(
                    """
                    SELECT a.fingerprint || '@' || CAST(a.started_at / 1000 AS TEXT) AS line FROM alert a
                    JOIN alert_source s ON s.id = a.source WHERE s.source_id = '\(source)' AND a.is_held = 1
                    ORDER BY a.fingerprint, a.started_at
                    """
                ).joined(separator: " ")
        ]
    }

    func incidents(source: String = "s1") async throws -> [String] {
        try await groups(
            "SELECT id, status, level, started_at, ended_at, 0 AS member_count FROM alert_incident",
            pointer: "incident",
            source: source
        )
    }

    private func groups(_ statement: String, pointer: String, source: String) async throws -> [String] {
        try await database.read { connection in
            try connection.query(statement).compactMap { row -> String? in
                let members = try connection.query(
                    """
                    SELECT a.fingerprint, a.started_at FROM alert a JOIN alert_source s ON s.id = a.source
                    WHERE a.\(pointer) = $1 AND s.source_id = $2 ORDER BY a.fingerprint, a.started_at
                    """,
                    [.integer(try row.int("id")), .text(source)]
                ).map { "\(try $0.text("fingerprint").prefix(20))@\(try $0.int("started_at") / 1000)" }.sorted()
                guard !members.isEmpty else { return nil }
                let end = try row.optionalInt("ended_at").map { String($0 / 1000) } ?? ""
                return "[\(members.joined(separator: ","))] \(try row.text("status")) \(try row.text("level")) "
                    + "\(try row.int("started_at") / 1000)…\(end)"
            }.sorted()
        }
    }

    /// Marks all waiting notices as sent, the way the delivery does, after asking the composer.
    ///
    /// - Returns: `transition → told` or `transition ✗ reason` or `transition …`.
    @discardableResult
    func deliver() async throws -> [String] {
        let composer = AlertComposer(publicURL: "http://og", shelf: RuleShelf())
        let now = clock.now
        return try await database.write { connection in
            let rows = try connection.query(
                """
                SELECT * FROM notification WHERE state = 'pending' AND due_at <= $1 AND topic_type = 'alert' ORDER BY id
                """,
                [.integer(now)]
            )
            let notices = try rows.map { row in
                StoredNotice(
                    id: try row.int("id"),
                    notice: Notice(
                        team: try row.int("team"),
                        channel: try row.int("channel"),
                        receiver: try row.text("receiver"),
                        topic: .alert(try row.int("topic_id")),
                        transition: NoticeTransition(rawValue: try row.text("transition")) ?? .assignment,
                        sequence: try row.int("sequence"),
                        level: try row.text("level"),
                        payload: (try? JSONValue(parsing: try row.text("payload")))?.object ?? [:]
                    ),
                    createdAt: try row.int("created_at"),
                    attempts: 0
                )
            }
            let verdicts = try composer.compose(notices, now: now, on: connection)
            return try notices.map { stored in
                let name = stored.notice.transition.rawValue
                switch verdicts[stored.id] {
                case .send(let content)?:
                    try connection.execute(
                        "UPDATE notification SET state = 'sent', told = $2, sent_at = $3 WHERE id = $1",
                        [.integer(stored.id), .text(content.told), .integer(now)]
                    )
                    return "\(name) → \(content.told)"
                case .drop(let reason)?:
                    try connection.execute(
                        "UPDATE notification SET state = 'dropped' WHERE id = $1",
                        [.integer(stored.id)]
                    )
                    return "\(name) ✗ \(reason)"
                case .postpone(let until)?:
                    try connection.execute(
                        "UPDATE notification SET due_at = $2 WHERE id = $1",
                        [.integer(stored.id), .integer(until)]
                    )
                    return "\(name) …"
                case nil: return "\(name) ?"
                }
            }
        }
    }

    var ticker: AlertTicker { AlertTicker(alerts, holder: "test") }

    /// Moves the clock and ticks once.
    func tick(minutes: Int64) async throws {
        clock.set(clock.now + minutes * 60_000)
        let ticker = ticker
        try await ticker.tick()
    }
}
