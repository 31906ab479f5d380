// Events in the store, and the gaps that senders told of.

import JSON
import Storage

/// An event as it was stored, with its row.
struct StoredEvent: Sendable {
    var id: Int64
    var alertID: Int64
    var event: AlertEvent
    var receivedAt: Int64
}

/// What identifies what was said.
struct EventKey: Hashable {
    var source: Int64
    var fingerprint: String
    var digest: Int64
}

enum EventRows {
    private static let columns = [
        "team", "source", "alert_id", "fingerprint", "digest", "status", "occurred_at", "started_at", "ended_at",
        "level", "level_given", "title", "description", "labels", "annotations", "host", "link", "external_id",
        "event_id", "raw", "received_at",
    ]
    private static let insertion = BatchInsert("alert_event", columns)

    /// Which of these are stored already.
    static func known(_ digests: [Int64], _ connection: any SQLConnection) throws -> Set<EventKey> {
        let list = JSONValue.array(digests.map { JSONValue.integer($0) }).text
        let among = connection.dialect.isAmongIntegers("digest", "$1")
        let rows = try connection.query(
            "SELECT source, fingerprint, digest FROM alert_event WHERE \(among)",
            [.text(list)]
        )
        return Set(
            try rows.map { row in
                EventKey(
                    source: try row.int("source"),
                    fingerprint: try row.text("fingerprint"),
                    digest: try row.int("digest")
                )
            }
        )
    }

    static func insert(_ events: [PendingEvent], _ connection: any SQLConnection) throws {
        let rows: [[SQLValue]] = events.map { pending in
            let event = pending.event
            return [
                .integer(pending.source.team), .integer(pending.source.id), .integer(pending.alertID),
                .text(event.fingerprint), .integer(pending.digest), .text(event.status.rawValue),
                .integer(event.occurredAt), .integer(event.startedAt), .optional(event.endedAt),
                .text(event.level.name), .optional(event.levelGiven), .text(event.title), .text(event.details),
                .text(event.labels.jsonText), .text(event.annotations.jsonText), .text(event.host), .text(event.link),
                .text(event.externalID), .text(event.eventID), .text(event.raw), .integer(pending.receivedAt),
            ]
        }
        try insertion.run(rows, connection)
    }

    /// The events of alerts, in the order in which they count: by the moment they speak of, then by arrival.
    static func of(alerts: [Int64], _ connection: any SQLConnection) throws -> [StoredEvent] {
        guard !alerts.isEmpty else { return [] }
        let list = JSONValue.array(alerts.map { JSONValue.integer($0) }).text
        let among = connection.dialect.isAmongIntegers("alert_id", "$1")
        return try connection.query("SELECT * FROM alert_event WHERE \(among) ORDER BY occurred_at, id", [.text(list)])
            .map(stored)
    }

    /// When the last resolve of each alert arrived; nothing for an alert without one.
    static func lastResolves(_ alerts: [Int64], _ connection: any SQLConnection) throws -> [Int64: Int64] {
        let list = JSONValue.array(alerts.map { JSONValue.integer($0) }).text
        let among = connection.dialect.isAmongIntegers("alert_id", "$1")
        var arrivals: [Int64: Int64] = [:]
        for row in try connection.query(
            """
            SELECT alert_id, MAX(received_at) AS arrival FROM alert_event WHERE status = 'resolved' AND \(among)
            GROUP BY alert_id
            """,
            [.text(list)]
        ) {
            arrivals[try row.int("alert_id")] = try row.int("arrival")
        }
        return arrivals
    }

    /// Moves events to another alert, after an episode was split.
    static func move(_ events: [Int64], to alert: Int64, _ connection: any SQLConnection) throws {
        guard !events.isEmpty else { return }
        let list = JSONValue.array(events.map { JSONValue.integer($0) }).text
        let among = connection.dialect.isAmongIntegers("id", "$1")
        _ = try connection.execute(
            "UPDATE alert_event SET alert_id = $2 WHERE \(among)",
            [.text(list), .integer(alert)]
        )
    }

    /// Stores a gap unless the same body told of it before.
    static func insertGap(
        _ gap: DeliveryGap,
        digest: Int64,
        source: AlertSource,
        receivedAt: Int64,
        _ connection: any SQLConnection
    ) throws {
        _ = try connection.execute(
            """
            INSERT INTO alert_gap (team, source, digest, missing, alert_group, receiver, received_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING
            """,
            [
                .integer(source.team), .integer(source.id), .integer(digest), .integer(gap.missing), .text(gap.group),
                .text(gap.receiver), .integer(receivedAt),
            ]
        )
    }

    static func stored(_ row: SQLRow) throws -> StoredEvent {
        let status = try row.text("status")
        guard let known = EventStatus(rawValue: status) else {
            throw DatabaseError(.decoding, "column status: \(status.cut(to: 40)) is not a status")
        }
        let event = AlertEvent(
            fingerprint: try row.text("fingerprint"),
            status: known,
            startedAt: try row.int("started_at"),
            endedAt: try row.optionalInt("ended_at"),
            level: try AlertRows.level(row),
            levelGiven: try row.optionalText("level_given"),
            title: try row.text("title"),
            details: try row.text("description"),
            labels: [Label](jsonText: try row.text("labels")),
            annotations: [Label](jsonText: try row.text("annotations")),
            host: try row.text("host"),
            link: try row.text("link"),
            externalID: try row.text("external_id"),
            eventID: try row.text("event_id"),
            raw: try row.text("raw")
        )
        return StoredEvent(
            id: try row.int("id"),
            alertID: try row.int("alert_id"),
            event: event,
            receivedAt: try row.int("received_at")
        )
    }
}
