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
        var added = 0
        for notice in notices {
            added += try connection.execute(
                """
                INSERT INTO notification (team, channel, receiver, topic_type, topic_id, transition, sequence, level,
                    payload, idempotency_key, state, attempts, due_at, generation, created_at, updated_at)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'pending', 0, $11, 0, $12, $12)
                ON CONFLICT (idempotency_key) DO NOTHING
                """,
                [
                    .integer(notice.team), .integer(notice.channel), .text(notice.receiver), .text(notice.topic.type),
                    .integer(notice.topic.id), .text(notice.transition.rawValue), .integer(notice.sequence),
                    .text(notice.level), .text(JSONValue.object(notice.payload).text), .text(notice.idempotencyKey),
                    .integer(dueAt), .integer(now),
                ]
            )
        }
        return added
    }
}
