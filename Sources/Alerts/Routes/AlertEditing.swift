// What happens beside an alert's row when a person edits or deletes it.

import JSON
import Resources
import Storage

enum AlertEditing {
    /// New alerts come in as events (`AlertsService.createAlert`), so that every rule applies.
    static let refuseCreation: @Sendable (inout ResourceRecord, WriteContext) throws -> Void = { _, context in
        if context.operation == .create { throw ResourceError.notAllowed(.create) }
    }

    /// A person's words are those of now: events that speak of earlier moments do not replace them.
    static let noteMoment: @Sendable (ResourceRecord, WriteContext) throws -> Void = { record, context in
        guard let before = context.before,
            ["title", "description", "level"].contains(where: { before[$0] != record[$0] })
        else { return }
        try context.connection.execute(
            "UPDATE alert SET content_fires = 1, content_at = CASE WHEN content_at > $2 THEN content_at ELSE $2 END "
                + "WHERE id = $1",
            [.integer(record.id), .integer(context.now.milliseconds)]
        )
    }

    /// Refuses what others stand on, and removes the labels. Events go with the row; notices stay.
    static let release: @Sendable (ResourceRecord, WriteContext) throws -> Void = { record, context in
        let obstacles = try obstacles(to: record, context.connection)
        guard obstacles.isEmpty else {
            throw ResourceError.conflict(
                message: "alert \(record.id) cannot be deleted: it is referred to",
                errors: obstacles
            )
        }
        let labels = [Label](jsonText: record.text("labels") ?? "{}")
        try LabelRows.delete([AlertLabels(alert: record.id, labels: labels)], context.connection)
        // Members of an aggregate that is over.
        try context.connection.execute(
            "UPDATE alert SET aggregate = NULL WHERE aggregate = $1",
            [.integer(record.id)]
        )
    }

    /// The episode before becomes the newest of its fingerprint, and the one after perhaps the first.
    static let relink: @Sendable (ResourceRecord, WriteContext) throws -> Void = { record, context in
        guard let fingerprint = record.text("fingerprint"), let source = record.integer("source") else { return }
        let key: [SQLValue] = [.text(fingerprint), .integer(source)]
        let rows = try context.connection.query(
            """
            SELECT MIN(started_at) AS first_start, MAX(started_at) AS last_start FROM alert
            WHERE fingerprint = $1 AND source = $2
            """,
            key
        )
        guard let row = rows.first, let first = try row.optionalInt("first_start") else { return }
        let last = try row.int("last_start")
        try context.connection.execute(
            """
            UPDATE alert SET is_latest = CASE WHEN started_at = $4 THEN 1 ELSE is_latest END,
                has_earlier = CASE WHEN started_at = $3 THEN 0 ELSE has_earlier END
            WHERE fingerprint = $1 AND source = $2 AND started_at IN ($3, $4)
            """,
            key + [.integer(first), .integer(last)]
        )
    }

    /// What keeps an alert from being deleted.
    private static func obstacles(to record: ResourceRecord, _ connection: any SQLConnection) throws -> [FieldError] {
        var found: [FieldError] = []
        let open = "status IN ('firing', 'acknowledged')"
        if let aggregate = record.integer("aggregate") {
            let rows = try connection.query("SELECT id FROM alert WHERE id = $1 AND \(open)", [.integer(aggregate)])
            if !rows.isEmpty {
                found.append(FieldError("alert", "it is a member of alert \(aggregate), which goes on"))
            }
        }
        let members = try connection.query(
            "SELECT id FROM alert WHERE aggregate = $1 AND \(open) ORDER BY id LIMIT 11",
            [.integer(record.id)]
        ).map { String(try $0.int("id")) }
        if !members.isEmpty { found.append(FieldError("alert", "it stands for alerts that go on: \(listed(members))")) }
        let incidents = try connection.query(
            "SELECT id FROM alert_incident WHERE root_alert = $1 ORDER BY id LIMIT 11",
            [.integer(record.id)]
        ).map { String(try $0.int("id")) }
        if !incidents.isEmpty {
            found.append(FieldError("incident", "it is the root of incident \(listed(incidents))"))
        }
        return found
    }

    private static func listed(_ ids: [String]) -> String {
        ids.prefix(10).joined(separator: ", ") + (ids.count > 10 ? " …" : "")
    }
}
