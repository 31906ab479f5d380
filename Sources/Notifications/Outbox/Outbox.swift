// The way into the outbox: rows written in the transaction of the change that they tell of.

import JSON
package import Storage

/// Notices that wait to be told, in the table `notification`.
package enum Outbox {
    /// Puts notices in; one that is there already (the same idempotency key) changes nothing.
    ///
    /// - Parameter dueAt: not to be sent earlier; epoch milliseconds.
    /// - Returns: how many were new.
    @discardableResult
    package static func enqueue(
        _ notices: [Notice],
        dueAt: Int64,
        now: Int64,
        on connection: any SQLConnection
    ) throws -> Int {
        let times: [SQLValue] = [.integer(dueAt), .integer(now), .integer(now)]
        let rows: [[SQLValue]] = notices.map { notice in
            [
                .integer(notice.team), .integer(notice.channel), .text(notice.receiver), .text(notice.topic.type),
                .integer(notice.topic.id), .text(notice.transition.rawValue), .integer(notice.sequence),
                .text(notice.level), .text(JSONValue.object(notice.payload).text), .text(notice.idempotencyKey),
                .text("pending"), 0, 0,
            ] + times
        }
        return try insertion.run(rows, connection).count
    }

    private static let insertion = BatchInsert(
        "notification",
        [
            "team", "channel", "receiver", "topic_type", "topic_id", "transition", "sequence", "level", "payload",
            "idempotency_key", "state", "attempts", "generation", "due_at", "created_at", "updated_at",
        ],
        suffix: "ON CONFLICT (idempotency_key) DO NOTHING RETURNING id"
    )
}
