// Incidents as rules see them, and what their alerts come to.

import JSON
import Storage

/// A row of `alert_incident`, as far as rules look at it. Epoch milliseconds.
struct StoredIncident: Sendable, Hashable {
    var id: Int64
    var team: Int64
    var title: String
    var level: AlertLevel
    /// `pending`, `processing`, `resolved`, `closed`.
    var status: String
    var operators: [String]
    var root: Int64?
    var rule: Int64?
    var groupKey: String?
    var start: Int64
    var end: Int64?
    var lastAlertAt: Int64
    var closedBy: String?

    var isOpen: Bool { status == "pending" || status == "processing" }
    /// Rules leave it as it is: people made it or ended it.
    var isFrozen: Bool { rule == nil || (!isOpen && closedBy != nil) }
}

/// An alert of an incident, as notices show it.
struct IncidentAlert: Sendable {
    var title: String
    var level: AlertLevel
    var start: Int64
    var isOpen: Bool
}

enum RuleIncidentRows {
    private static let select = """
        SELECT id, team, title, level, status, operators, root_alert, rule, group_key, started_at, ended_at,
            last_alert_at, closed_by FROM alert_incident
        """

    static func with(
        ids: some Sequence<Int64>,
        locking: Bool = true,
        _ connection: any SQLConnection
    ) throws -> [StoredIncident] {
        let ids = Array(ids)
        guard !ids.isEmpty else { return [] }
        let list = JSONValue.array(ids.sorted().map { JSONValue.integer($0) }).text
        let among = connection.dialect.isAmongIntegers("id", "$1")
        let lock = locking ? connection.dialect.forUpdate() : ""
        return try connection.query("\(select) WHERE \(among) ORDER BY id\(lock)", [.text(list)]).map(incident)
    }

    /// The first alerts of an incident by start, and how many it has.
    static func alerts(
        of incident: Int64,
        limit: Int,
        _ connection: any SQLConnection
    ) throws -> (first: [IncidentAlert], count: Int64) {
        let first = try connection.query(
            """
            SELECT title, level, started_at, status FROM alert WHERE incident = $1
            ORDER BY started_at, fingerprint, id LIMIT $2
            """,
            [.integer(incident), .int(limit)]
        ).map { row in
            IncidentAlert(
                title: try row.text("title"),
                level: try AlertRows.level(row),
                start: try row.int("started_at"),
                isOpen: AlertStatus(rawValue: try row.text("status"))?.isOpen ?? false
            )
        }
        let count = try connection.query(
            "SELECT COUNT(*) AS total FROM alert WHERE incident = $1",
            [.integer(incident)]
        ).first?.int("total")
        return (first, count ?? 0)
    }

    /// The title of an incident's root.
    static func rootTitle(of incident: StoredIncident, _ connection: any SQLConnection) throws -> String? {
        guard let root = incident.root else { return nil }
        return try connection.query(
            "SELECT title FROM alert WHERE id = $1 AND incident = $2",
            [.integer(root), .integer(incident.id)]
        ).first?.text("title")
    }

    /// Adds an incident; its id.
    static func insert(_ incident: StoredIncident, now: Int64, _ connection: any SQLConnection) throws -> Int64 {
        let rows = try connection.query(
            """
            INSERT INTO alert_incident (title, description, level, status, operators, root_alert, rule, group_key,
                started_at, ended_at, last_alert_at, team, created_by, created_at, updated_at)
            VALUES ($1, '', $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'system', $12, $12) RETURNING id
            """,
            [
                .text(incident.title), .text(incident.level.name), .text(incident.status),
                .text(JSONValue.array(incident.operators.map { .string($0) }).text), .optional(incident.root),
                .optional(incident.rule), .optional(incident.groupKey), .integer(incident.start),
                .optional(incident.end), .integer(incident.lastAlertAt), .integer(incident.team), .integer(now),
            ]
        )
        guard let row = rows.first else { throw DatabaseError(.decoding, "an inserted incident was not returned") }
        return try row.int("id")
    }

    static func update(_ incident: StoredIncident, now: Int64, _ connection: any SQLConnection) throws {
        try connection.execute(
            """
            UPDATE alert_incident SET level = $2, status = $3, operators = $4, root_alert = $5, started_at = $6,
                ended_at = $7, last_alert_at = $8, closed_by = $9, updated_at = $10 WHERE id = $1
            """,
            [
                .integer(incident.id), .text(incident.level.name), .text(incident.status),
                .text(JSONValue.array(incident.operators.map { .string($0) }).text), .optional(incident.root),
                .integer(incident.start), .optional(incident.end), .integer(incident.lastAlertAt),
                .optional(incident.closedBy), .integer(now),
            ]
        )
    }

    private static func incident(_ row: SQLRow) throws -> StoredIncident {
        let operators = try? JSONValue(parsing: try row.text("operators"))
        return StoredIncident(
            id: try row.int("id"),
            team: try row.int("team"),
            title: try row.text("title"),
            level: try AlertRows.level(row),
            status: try row.text("status"),
            operators: (operators?.array ?? []).compactMap(\.string),
            root: try row.optionalInt("root_alert"),
            rule: try row.optionalInt("rule"),
            groupKey: try row.optionalText("group_key"),
            start: try row.int("started_at"),
            end: try row.optionalInt("ended_at"),
            lastAlertAt: try row.int("last_alert_at"),
            closedBy: try row.optionalText("closed_by")
        )
    }
}
