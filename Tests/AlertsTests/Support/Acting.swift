// What tests of actions need: people, rules, channels, and a look into the audit log.

import Alerts
import Identity
import JSON
import Storage
import Testing

extension Caller {
    /// An operator of team 1, or of another, under a name of its own.
    static func named(_ name: String, team: Int64 = 1, role: Role = .operator) -> Caller {
        Caller(
            userID: 500 + Int64(name.utf8.reduce(0) { $0 + Int($1) }),
            username: name,
            role: role,
            teams: [team],
            credential: CredentialReference(kind: .token, name: "test")
        )
    }

    static let admin = Caller.named("admin", role: .administrator)
    static let ada = Caller.named("ada")
    static let bob = Caller.named("bob")
}

extension Fixture {
    /// The users ada, bob and admin of team 1, one who is not active, and eve of team 2.
    func makePeople() async throws {
        try await database.write { connection in
            try connection.execute("INSERT INTO teams (name, created_at) VALUES ('two', 0)")
            for (name, isActive, team) in [
                ("ada", 1, 1), ("bob", 1, 1), ("admin", 1, 1), ("gone", 0, 1), ("eve", 1, 2),
            ] {
                let rows = try connection.query(
                    """
                    INSERT INTO users (username, domain, password_hash, role, is_active, created_at, updated_at)
                    VALUES ($1, 'domain.com', '', 'operator', $2, 0, 0) RETURNING id
                    """,
                    [.text(name), .int(isActive)]
                )
                let id = try #require(rows.first).int("id")
                try connection.execute(
                    "INSERT INTO user_teams (user_id, team_id) VALUES ($1, $2)",
                    [.integer(id), .int(team)]
                )
            }
        }
    }

    /// A channel; its number.
    func makeChannel(_ name: String, team: Int64 = 1, isActive: Bool = true) async throws -> Int64 {
        try await database.write { connection in
            try #require(
                try connection.query(
                    """
                    INSERT INTO notification_channel (name, channel_type, config, templates, digest_threshold, is_active,
                        description, team, created_by, created_at, updated_at)
                    VALUES ($1, 'EMAIL', '{}', '{}', 10, $2, '', $3, 'test', 0, 0) RETURNING id
                    """,
                    [.text(name), .int(isActive ? 1 : 0), .integer(team)]
                ).first
            ).int("id")
        }
    }

    /// An assignment rule that matches nothing by itself; its number.
    func makeAssignment(people: [String], channels: [Int64], team: Int64 = 1) async throws -> Int64 {
        let personnel = JSONValue.array(people.map { .string($0) }).text
        let list = JSONValue.array(channels.map { .integer($0) }).text
        return try await database.write { connection in
            let row = try #require(
                try connection.query(
                    """
                    INSERT INTO alert_assignment (name, match_type, match_rules, personnel, notify_channels,
                        notification_scenario, notification_frequency, escalation, config, priority, is_active,
                        description, team, created_by, created_at, updated_at)
                    VALUES ('rule', 'filter', '[[{"key":"title","operator":"eq","value":"never"}]]', $1, $2,
                        '["assignment","recovered"]', '{"warning":{"interval_minutes":10,"max_count":3}}', '[]', '{}',
                        0, 1, '', $3, 'test', 0, 0) RETURNING id
                    """,
                    [.text(personnel), .text(list), .integer(team)]
                ).first
            )
            try connection.execute("UPDATE alert_rule_version SET version = version + 1")
            return try row.int("id")
        }
    }

    /// Sends firing events `e1` to `eN`, started a minute ago; the alerts have the numbers 1 to N on a fresh store.
    func makeAlerts(_ count: Int, level: String = "warning") async throws {
        let start = clock.now / 1000 - 60
        let reply = await send((1...count).map { event("e\($0)", start: start, level: level) })
        try #require(reply.number("created") == count)
    }

    @discardableResult
    func act(_ action: AlertAction, _ ids: [Int64], _ caller: Caller, _ more: JSONObject = [:]) async throws
        -> ActionReply
    {
        var body: JSONObject = ["alert_id": .array(ids.map { .integer($0) })]
        for (key, value) in more { body[key] = value }
        return try await alerts.act(action, body: body, caller: caller, requestID: "r-1")
    }

    /// Assigned to ada and taken by her.
    func makeProcessing(_ ids: [Int64]) async throws {
        let given = try await act(.assign, ids, .bob, ["assignee": ["ada"]])
        try #require(given.status == 200, "\(given.body.text)")
        let taken = try await act(.acknowledge, ids, .ada)
        try #require(taken.status == 200, "\(taken.body.text)")
    }

    /// `action by before.handling→after.handling` of an alert's or incident's entries, in order.
    func audit(_ type: String, _ id: Int64) async throws -> [String] {
        try await database.read { connection in
            try connection.query(
                "SELECT * FROM audit_log WHERE object_type = $1 AND object_id = $2 ORDER BY id",
                [.text(type), .text(String(id))]
            ).map { row in
                func state(_ column: String) throws -> String {
                    let json = try row.optionalText(column).flatMap { try? JSONValue(parsing: $0) }
                    return (json?["handling"] ?? json?["status"])?.string ?? ""
                }
                return try
                    "\(row.text("action")) \(row.text("username")) \(state("before_json"))→\(state("after_json"))"
            }
        }
    }

    /// `topic/id/transition channel receiver` of every notice.
    func noticeRows() async throws -> [String] {
        try await database.read { connection in
            try connection.query("SELECT * FROM notification ORDER BY id").map { row in
                try "\(row.text("topic_type"))/\(row.int("topic_id"))/\(row.text("transition")) \(row.int("channel")) "
                    + row.text("receiver")
            }
        }
    }

    func row(_ id: Int64, _ caller: Caller = .admin) async throws -> JSONValue {
        try await alerts.get(id: id, caller: caller)
    }
}
