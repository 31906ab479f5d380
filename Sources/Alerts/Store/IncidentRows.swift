// Incidents in the store: reading, changing, and their members.

import Identity
import JSON
import Resources
import Storage

enum IncidentRows {
    /// The incidents among these that the caller may know of, locked until the transaction ends, in the order of ids.
    static func locked(
        _ ids: [Int64],
        _ caller: Caller,
        _ connection: any SQLConnection
    ) throws -> [Int64: Incident] {
        guard !ids.isEmpty else { return [:] }
        let scope = caller.teamCondition(column: "i.team") ?? "1 = 1"
        let rows = try connection.query(
            fragment: """
                SELECT * FROM alert_incident i WHERE i.id IN (\(list: ids.map { .integer($0) })) AND \(scope)
                ORDER BY i.id\(raw: connection.dialect.forUpdate())
                """
        )
        return Dictionary(try rows.map(incident).map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    }

    static func incident(id: Int64, _ caller: Caller, _ connection: any SQLConnection) throws -> Incident? {
        let scope = caller.teamCondition(column: "i.team") ?? "1 = 1"
        return try connection.query(fragment: "SELECT * FROM alert_incident i WHERE i.id = \(id) AND \(scope)").first
            .map(incident)
    }

    /// Writes what acts change.
    static func updateHandling(_ incident: Incident, _ connection: any SQLConnection) throws {
        try connection.execute(
            """
            UPDATE alert_incident SET status = $2, operators = $3, ended_at = $4, acknowledged_by = $5,
                acknowledged_at = $6, closed_by = $7, closed_at = $8, close_reason = $9, updated_at = $10
            WHERE id = $1
            """,
            [
                .integer(incident.id), .text(incident.status.rawValue),
                .text(JSONValue.array(incident.operators.map { .string($0) }).text), .optional(incident.endedAt),
                .optional(incident.acknowledgedBy), .optional(incident.acknowledgedAt), .optional(incident.closedBy),
                .optional(incident.closedAt), .optional(incident.closeReason), .integer(incident.updatedAt),
            ]
        )
    }

    /// The numbers of an incident's alerts, oldest first.
    static func members(of id: Int64, _ connection: any SQLConnection) throws -> [Int64] {
        try connection.query(
            "SELECT id FROM alert WHERE incident = $1 ORDER BY started_at, id",
            [.integer(id)]
        ).map { try $0.int("id") }
    }

    /// Alerts, and those that go on, of each incident.
    static func memberCounts(
        _ ids: [Int64],
        _ connection: any SQLConnection
    ) throws -> [Int64: (alerts: Int64, open: Int64)] {
        guard !ids.isEmpty else { return [:] }
        var counts: [Int64: (alerts: Int64, open: Int64)] = [:]
        for row in try connection.query(
            fragment: """
                SELECT incident, COUNT(*) AS total,
                    SUM(CASE WHEN status IN ('firing', 'acknowledged') THEN 1 ELSE 0 END) AS open_total
                FROM alert WHERE incident IN (\(list: ids.map { .integer($0) })) GROUP BY incident
                """
        ) {
            counts[try row.int("incident")] = (try row.int("total"), try row.int("open_total"))
        }
        return counts
    }

    /// Puts alerts into an incident, or takes them out of theirs (nil).
    static func setMembers(
        _ alerts: [Int64],
        of incident: Int64?,
        now: Int64,
        _ connection: any SQLConnection
    ) throws {
        guard !alerts.isEmpty else { return }
        let list = JSONValue.array(alerts.sorted().map { .integer($0) }).text
        let among = connection.dialect.isAmongIntegers("id", "$3")
        try connection.execute(
            "UPDATE alert SET incident = $1, \(touch) WHERE \(among)",
            [.optional(incident), .integer(now), .text(list)]
        )
    }

    /// Takes all its alerts out of an incident, however many.
    static func release(_ incident: Int64, now: Int64, _ connection: any SQLConnection) throws {
        // Locked in the order of ids, as everywhere.
        let lock = connection.dialect.forUpdate()
        try connection.execute(
            """
            UPDATE alert SET incident = NULL, \(touch)
            WHERE id IN (SELECT id FROM alert WHERE incident = $1 ORDER BY id\(lock))
            """,
            [.integer(incident), .integer(now)]
        )
    }

    /// A row's time is later than before even when the clock stands still.
    private static let touch = "updated_at = CASE WHEN updated_at >= $2 THEN updated_at + 1 ELSE $2 END"

    static func incident(_ row: SQLRow) throws -> Incident {
        let status = try row.text("status")
        guard let known = IncidentStatus(rawValue: status) else {
            throw DatabaseError(.decoding, "column status: \(status.cut(to: 40)) is not a status")
        }
        let operators = try? JSONValue(parsing: try row.text("operators"))
        return Incident(
            id: try row.int("id"),
            team: try row.int("team"),
            title: try row.text("title"),
            details: try row.text("description"),
            level: try AlertRows.level(row),
            status: known,
            operators: (operators?.array ?? []).compactMap(\.string),
            rootAlert: try row.optionalInt("root_alert"),
            rule: try row.optionalInt("rule"),
            groupKey: try row.optionalText("group_key"),
            startedAt: try row.int("started_at"),
            endedAt: try row.optionalInt("ended_at"),
            lastAlertAt: try row.int("last_alert_at"),
            acknowledgedBy: try row.optionalText("acknowledged_by"),
            acknowledgedAt: try row.optionalInt("acknowledged_at"),
            closedBy: try row.optionalText("closed_by"),
            closedAt: try row.optionalInt("closed_at"),
            closeReason: try row.optionalText("close_reason"),
            createdBy: try row.text("created_by"),
            createdAt: try row.int("created_at"),
            updatedAt: try row.int("updated_at")
        )
    }
}
