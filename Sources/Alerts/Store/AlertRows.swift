// Alerts in the store: reading, adding, changing. Statements only; what to write is the pipeline's business.

import JSON
import Storage

enum AlertRows {
    static let columns = [
        "team", "source", "fingerprint", "status", "level", "level_given", "title", "description", "labels",
        "annotations", "host", "link", "external_id", "event_id", "started_at", "ended_at", "last_event_at",
        "event_count", "last_firing_at", "first_resolved_at", "content_at", "content_fires", "is_latest",
        "has_earlier", "created_at", "updated_at",
    ]
    static let select = "SELECT id, \((columns + HandlingRows.columns).joined(separator: ", ")) FROM alert"

    private static let insertion = BatchInsert(
        "alert",
        columns + ["last_seen_at", "close_due_at"],
        suffix: "RETURNING id, source, fingerprint, started_at"
    )

    private static let timesUpdate = BatchUpdate(
        "alert",
        [
            ("status", "TEXT"), ("level", "TEXT"), ("ended_at", "BIGINT"), ("last_event_at", "BIGINT"),
            ("event_count", "BIGINT"), ("last_firing_at", "BIGINT"), ("first_resolved_at", "BIGINT"),
            ("is_latest", "INTEGER"), ("has_earlier", "INTEGER"), ("updated_at", "BIGINT"), ("started_at", "BIGINT"),
            ("last_seen_at", "BIGINT"), ("close_due_at", "BIGINT"),
        ]
    )

    private static let contentUpdate = BatchUpdate(
        "alert",
        [
            ("level_given", "TEXT"), ("title", "TEXT"), ("description", "TEXT"), ("labels", "TEXT"),
            ("annotations", "TEXT"), ("host", "TEXT"), ("link", "TEXT"), ("external_id", "TEXT"),
            ("event_id", "TEXT"), ("content_at", "BIGINT"), ("content_fires", "INTEGER"),
        ]
    )

    /// The newest alert of each fingerprint; of all sources, since one list serves several. Locked in the order of ids,
    /// as everywhere.
    static func newest(fingerprints: [String], _ connection: any SQLConnection) throws -> [Alert] {
        let list = JSONValue.array(fingerprints.map(JSONValue.string)).text
        let among = connection.dialect.isAmongTexts("fingerprint", "$1")
        let lock = connection.dialect.forUpdate()
        return try connection.query("\(select) WHERE is_latest = 1 AND \(among) ORDER BY id\(lock)", [.text(list)])
            .map(alert)
    }

    /// The alerts of a fingerprint that moments from `time` on can touch: the one in force then and all later ones.
    static func from(
        _ time: Int64,
        source: Int64,
        fingerprint: String,
        _ connection: any SQLConnection
    ) throws -> [Alert] {
        try connection.query(
            """
            \(select) WHERE fingerprint = $1 AND source = $2 AND started_at >= COALESCE((
                SELECT MAX(before.started_at) FROM alert AS before
                WHERE before.fingerprint = $1 AND before.source = $2 AND before.started_at <= $3), $4)
            ORDER BY started_at\(connection.dialect.forUpdate())
            """,
            [.text(fingerprint), .integer(source), .integer(time), .integer(.min)]
        ).map(alert)
    }

    /// Alerts by id, in no order; missing ones are left out.
    ///
    /// - Parameter locking: they will be changed in this transaction.
    static func with(ids: some Sequence<Int64>, locking: Bool = false, _ connection: any SQLConnection) throws
        -> [Alert]
    {
        let ids = Array(ids)
        guard !ids.isEmpty else { return [] }
        let list = JSONValue.array(ids.sorted().map { JSONValue.integer($0) }).text
        let among = connection.dialect.isAmongIntegers("id", "$1")
        let lock = locking ? connection.dialect.forUpdate() : ""
        return try connection.query("\(select) WHERE \(among) ORDER BY id\(lock)", [.text(list)]).map(alert)
    }

    /// Adds alerts; their ids, in the order given.
    static func insert(_ alerts: [Alert], _ connection: any SQLConnection) throws -> [Int64] {
        guard !alerts.isEmpty else { return [] }
        var ids: [EpisodeKey: Int64] = [:]
        for row in try insertion.run(alerts.map(values), connection) {
            let key = EpisodeKey(
                source: try row.int("source"),
                fingerprint: try row.text("fingerprint"),
                start: try row.int("started_at")
            )
            ids[key] = try row.int("id")
        }
        return try alerts.map { alert in
            let key = EpisodeKey(source: alert.source, fingerprint: alert.fingerprint, start: alert.span.start)
            guard let id = ids[key] else { throw DatabaseError(.decoding, "an inserted alert was not returned") }
            return id
        }
    }

    /// Writes status, level, times and counts.
    static func updateTimes(_ alerts: [Alert], _ connection: any SQLConnection) throws {
        let rows: [[SQLValue]] = alerts.map { alert in
            [
                .integer(alert.id), .text(alert.status.rawValue), .text(alert.level.name), .optional(alert.span.end),
                .integer(alert.lastEventAt), .integer(alert.eventCount), .integer(alert.span.lastFiring),
                .optional(alert.span.firstResolved), .boolean(alert.isLatest), .boolean(alert.hasEarlier),
                .integer(alert.updatedAt), .integer(alert.span.start), .integer(alert.handling.lastSeenAt),
                .optional(alert.handling.closeDueAt),
            ]
        }
        try timesUpdate.run(rows, connection)
    }

    /// Writes texts and labels.
    static func updateContent(_ alerts: [Alert], _ connection: any SQLConnection) throws {
        let rows: [[SQLValue]] = alerts.map { alert in
            [
                .integer(alert.id), .optional(alert.levelGiven), .text(alert.title), .text(alert.details),
                .text(alert.labels.jsonText), .text(alert.annotations.jsonText), .text(alert.host), .text(alert.link),
                .text(alert.externalID), .text(alert.eventID), .integer(alert.contentAt), .boolean(alert.contentFires),
            ]
        }
        try contentUpdate.run(rows, connection)
    }

    private static func values(_ alert: Alert) -> [SQLValue] {
        [
            .integer(alert.team), .integer(alert.source), .text(alert.fingerprint), .text(alert.status.rawValue),
            .text(alert.level.name), .optional(alert.levelGiven), .text(alert.title), .text(alert.details),
            .text(alert.labels.jsonText), .text(alert.annotations.jsonText), .text(alert.host), .text(alert.link),
            .text(alert.externalID), .text(alert.eventID), .integer(alert.span.start), .optional(alert.span.end),
            .integer(alert.lastEventAt), .integer(alert.eventCount), .integer(alert.span.lastFiring),
            .optional(alert.span.firstResolved), .integer(alert.contentAt), .boolean(alert.contentFires),
            .boolean(alert.isLatest), .boolean(alert.hasEarlier), .integer(alert.createdAt), .integer(alert.updatedAt),
            .integer(alert.handling.lastSeenAt), .optional(alert.handling.closeDueAt),
        ]
    }

    static func alert(_ row: SQLRow) throws -> Alert {
        var alert = Alert(
            AlertEvent(
                fingerprint: try row.text("fingerprint"),
                status: .firing,
                startedAt: try row.int("started_at"),
                level: try level(row),
                levelGiven: try row.optionalText("level_given"),
                title: try row.text("title"),
                details: try row.text("description"),
                labels: [Label](jsonText: try row.text("labels")),
                annotations: [Label](jsonText: try row.text("annotations")),
                host: try row.text("host"),
                link: try row.text("link"),
                externalID: try row.text("external_id"),
                eventID: try row.text("event_id")
            ),
            span: EpisodeSpan(
                start: try row.int("started_at"),
                lastFiring: try row.int("last_firing_at"),
                firstResolved: try row.optionalInt("first_resolved_at"),
                end: try row.optionalInt("ended_at")
            ),
            team: try row.int("team"),
            source: try row.int("source"),
            hasEarlier: try row.bool("has_earlier"),
            receivedAt: try row.int("created_at")
        )
        alert.id = try row.int("id")
        let status = try row.text("status")
        guard let known = AlertStatus(rawValue: status) else {
            throw DatabaseError(.decoding, "column status: \(status.cut(to: 40)) is not a status")
        }
        alert.status = known
        alert.lastEventAt = try row.int("last_event_at")
        alert.eventCount = try row.int("event_count")
        alert.contentAt = try row.int("content_at")
        alert.contentFires = try row.bool("content_fires")
        alert.isLatest = try row.bool("is_latest")
        alert.updatedAt = try row.int("updated_at")
        alert.handling = try HandlingRows.handling(row)
        return alert
    }

    static func level(_ row: SQLRow) throws -> AlertLevel {
        let name = try row.text("level")
        guard let level = AlertLevel(name) else {
            throw DatabaseError(.decoding, "column level: \(name.cut(to: 40)) is not a level")
        }
        return level
    }

    private struct EpisodeKey: Hashable {
        var source: Int64
        var fingerprint: String
        var start: Int64
    }
}
