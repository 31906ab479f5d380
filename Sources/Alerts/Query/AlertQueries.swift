// The questions that the tools ask the store.

import Identity
import Resources
import Storage

enum AlertQueries {
    static func count(
        _ conditions: SQLFragment,
        path: AccessPath = AccessPath(),
        _ connection: any SQLConnection
    ) throws -> Int64 {
        let access = path.counting(connection.dialect)
        let restriction: SQLFragment = conditions == "1 = 1" ? "" : " WHERE \(conditions)"
        return try connection.query(
            fragment: "SELECT COUNT(*) AS total FROM alert\(raw: access)\(restriction)"
        ).first?.int("total") ?? 0
    }

    /// Alerts in the order of `AlertCursor`.
    /// - Parameter path: with the number of matches, by which index they are read.
    static func page(
        _ conditions: SQLFragment,
        after cursor: AlertCursor?,
        limit: Int,
        place: AlertCursor.Place = AlertCursor.Place(),
        path: (AccessPath, matches: Int64)? = nil,
        _ connection: any SQLConnection
    ) throws -> [Alert] {
        let after = cursor?.condition ?? "1 = 1"
        let access = path.map { $0.0.reading(matches: $0.matches, connection.dialect) } ?? ""
        return try connection.query(
            fragment: """
                SELECT * FROM alert\(raw: access) WHERE \(conditions) AND \(place.condition) AND \(after)
                ORDER BY \(raw: place.order) LIMIT \(limit)
                """
        ).map(AlertRows.alert)
    }

    static func alert(id: Int64, _ caller: Caller, _ connection: any SQLConnection) throws -> Alert? {
        let scope = caller.teamCondition(column: "alert.team") ?? "1 = 1"
        return try connection.query(fragment: "SELECT * FROM alert WHERE alert.id = \(id) AND \(scope)").first
            .map(AlertRows.alert)
    }

    /// Those of these alerts that the caller may know of, by number.
    static func alerts(ids: [Int64], _ caller: Caller, _ connection: any SQLConnection) throws -> [Alert] {
        let scope = caller.teamCondition(column: "alert.team") ?? "1 = 1"
        return try connection.query(
            fragment: """
                SELECT * FROM alert WHERE alert.id IN (\(list: ids.map { .integer($0) })) AND \(scope) ORDER BY alert.id
                """
        ).map(AlertRows.alert)
    }

    /// The newest episode of a fingerprint.
    static func newest(fingerprint: String, source: Int64, _ connection: any SQLConnection) throws -> Int64? {
        try connection.query(
            "SELECT id FROM alert WHERE fingerprint = $1 AND source = $2 AND is_latest = 1",
            [.text(fingerprint), .integer(source)]
        ).first?.int("id")
    }

    /// Newest first.
    static func events(ofAlert id: Int64, limit: Int, _ connection: any SQLConnection) throws -> [StoredEvent] {
        try connection.query(
            fragment: """
                SELECT * FROM alert_event WHERE alert_id = \(id) ORDER BY occurred_at DESC, id DESC LIMIT \(limit)
                """
        ).map(EventRows.stored)
    }

    /// What senders call the sources.
    static func sourceNames(_ ids: Set<Int64>, _ connection: any SQLConnection) throws -> [Int64: String] {
        var names: [Int64: String] = [:]
        let rows = try connection.query(
            fragment: "SELECT id, source_id FROM alert_source WHERE id IN (\(list: ids.map { .integer($0) }))"
        )
        for row in rows { names[try row.int("id")] = try row.text("source_id") }
        return names
    }

    /// Counts by a term, largest first; all groups are counted, `limit` of them are returned.
    static func groups(
        by term: SQLFragment,
        joining join: SQLFragment = "",
        _ conditions: SQLFragment,
        limit: Int,
        _ connection: any SQLConnection
    ) throws -> [(key: String, count: Int64)] {
        try connection.query(
            fragment: """
                SELECT \(term) AS grp, COUNT(*) AS total FROM alert \(join) WHERE \(conditions)
                GROUP BY \(term) ORDER BY total DESC, grp LIMIT \(limit)
                """
        ).map { (try $0.text("grp"), try $0.int("total")) }
    }

    /// Counts by the value of a label, largest first. Alerts without the label are the group "", so that the groups add
    /// up to the total.
    static func groups(
        byLabel name: String,
        _ conditions: SQLFragment,
        total: Int64,
        limit: Int,
        _ connection: any SQLConnection
    ) throws -> [(key: String, count: Int64)] {
        let labelled: SQLFragment = "(\(conditions)) AND lab.name = \(name) AND lab.value <> ''"
        var groups = try groups(
            by: "lab.value",
            joining: "JOIN alert_label lab ON lab.alert_id = alert.id",
            labelled,
            limit: limit,
            connection
        )
        let with = try count(
            """
            (\(conditions)) AND alert.id IN \
            (SELECT l.alert_id FROM alert_label l WHERE l.name = \(name) AND l.value <> '')
            """,
            connection
        )
        if total > with {
            groups.append(("", total - with))
            groups.sort { ($1.count, $0.key) < ($0.count, $1.key) }
        }
        return Array(groups.prefix(limit))
    }

    /// Hosts whose name contains the text, for suggestions.
    static func hosts(
        containing text: String,
        _ caller: Caller,
        _ connection: any SQLConnection
    ) throws -> [String] {
        let scope = caller.teamCondition(column: "alert.team") ?? "1 = 1"
        let like = AlertConditions.hostContaining(text)
        return try connection.query(
            fragment: """
                SELECT DISTINCT alert.host AS host FROM alert WHERE \(scope) AND alert.host <> '' AND \(like)
                ORDER BY host LIMIT 5
                """
        ).map { try $0.text("host") }
    }

    /// How much there is at all, and when something was last heard: by these, silence is told from health.
    static func overview(_ caller: Caller, _ connection: any SQLConnection) throws -> Overview {
        let scope = caller.teamCondition(column: "alert.team") ?? "1 = 1"
        let row = try connection.query(
            fragment: """
                SELECT COUNT(*) AS total, MAX(alert.updated_at) AS heard,
                    COALESCE(SUM(CASE WHEN alert.status IN ('firing', 'acknowledged') THEN 1 ELSE 0 END), 0) AS firing
                FROM alert WHERE \(scope)
                """
        ).first
        guard let row else { return Overview(total: 0, open: 0, heard: nil) }
        return Overview(
            total: try row.int("total"),
            open: try row.int("firing"),
            heard: try row.optionalInt("heard").map { Timestamp(milliseconds: $0) }
        )
    }

    struct Overview: Sendable {
        var total: Int64
        var open: Int64
        var heard: Timestamp?
    }
}
