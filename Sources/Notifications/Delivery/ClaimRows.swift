// The statements of a claim.

import Resources
import Storage

enum ClaimRows {
    /// Worst first, by the names of the levels (`AlertLevel`); levels that people made are in the middle.
    private static let rank = "CASE level WHEN 'critical' THEN 0 WHEN 'error' THEN 1 WHEN 'info' THEN 3 ELSE 2 END"
    /// While a row is `sending`, `due_at` is the end of its claim, so that one index finds both kinds.
    private static let isFree = "(state = 'pending' OR claimed_until <= $2)"

    /// What is due on a channel, `limit` rows at the most.
    static func due(
        _ channel: Int64,
        now: Int64,
        worstFirst: Bool,
        _ limit: Int,
        _ connection: any SQLConnection
    ) throws -> [DueRow] {
        try connection.query(
            """
            SELECT id, receiver, \(rank) AS rank, due_at, message_id FROM notification
            WHERE channel = $1 AND \(NoticeState.isWaiting) AND due_at <= $2 AND \(isFree)
            ORDER BY \(worstFirst ? "rank, " : "")due_at, id LIMIT $3
            """,
            [.integer(channel), .integer(now), .int(limit)]
        ).map { row in
            DueRow(
                id: try row.int("id"),
                receiver: try row.text("receiver"),
                rank: try row.int("rank"),
                dueAt: try row.int("due_at"),
                messageID: try row.optionalText("message_id")
            )
        }
    }

    /// The rows of a planned message, locked against a worker that settles late. A repeated message gets all rows that
    /// it had, due or not: under its id nothing else will be heard.
    static func lock(
        _ planned: PlannedMessage,
        channel: Int64,
        now: Int64,
        _ connection: any SQLConnection
    ) throws -> [OutboxRow] {
        let which: SQLFragment =
            if let messageID = planned.messageID {
                "\(raw: NoticeState.isWaiting) AND message_id = \(messageID) AND receiver = \(planned.receiver)"
            } else {
                SQLFragment.among("id", planned.ids, connection.dialect)
            }
        let rows = try connection.query(
            fragment: """
                SELECT \(raw: OutboxRow.columns) FROM notification WHERE channel = \(channel) AND \(which)
                AND (state = 'pending' OR (state = 'sending' AND claimed_until <= \(now)))
                ORDER BY id\(raw: connection.dialect.forUpdate())
                """
        ).map { try OutboxRow($0) }
        guard planned.messageID == nil else { return rows }
        let place = Dictionary(planned.ids.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        return rows.sorted { (place[$0.id] ?? 0) < (place[$1.id] ?? 0) }
    }

    /// Marks a message's rows as being sent. What will be told is written down before it is told: if nobody comes back
    /// to say what became of it, it counts as told.
    static func mark(
        _ message: ClaimedMessage,
        until: Int64,
        _ now: Int64,
        _ connection: any SQLConnection
    ) throws {
        struct Kind: Hashable {
            var told: String
            var attempts: Int
        }
        let kinds = Dictionary(grouping: message.rows) { Kind(told: $0.content.told, attempts: $0.attempts) }
        for (kind, rows) in kinds {
            let rows = SQLFragment.among("id", rows.map(\.id), connection.dialect)
            try connection.execute(
                fragment: """
                    UPDATE notification SET state = 'sending', generation = generation + 1,
                        attempts = \(kind.attempts), claimed_until = \(until), due_at = \(until), told = \(kind.told),
                        message_id = \(message.messageID), updated_at = \(now)
                    WHERE \(rows)
                    """
            )
        }
    }

    /// Its turn comes later. Alone then: what it was sent with, perhaps, may be settled by that time.
    static func postpone(_ id: Int64, until: Int64, _ now: Int64, _ connection: any SQLConnection) throws {
        try connection.execute(
            """
            UPDATE notification SET state = 'pending', due_at = $2, claimed_until = NULL, message_id = NULL,
                updated_at = $3
            WHERE id = $1
            """,
            [.integer(id), .integer(until), .integer(now)]
        )
    }

    static func putBack(
        _ id: Int64,
        attempts: Int,
        dueAt: Int64,
        _ reason: String,
        _ now: Int64,
        _ connection: any SQLConnection
    ) throws {
        try connection.execute(
            """
            UPDATE notification SET state = 'pending', attempts = $2, due_at = $3, claimed_until = NULL, outcome = $4,
                updated_at = $5
            WHERE id = $1
            """,
            [.integer(id), .int(attempts), .integer(dueAt), .text(reason), .integer(now)]
        )
    }

    /// The end of rows that are not sent; how many.
    static func finish(
        _ ids: [Int64],
        as state: NoticeState,
        _ reason: String,
        _ now: Int64,
        _ connection: any SQLConnection
    ) throws -> Int {
        let rows = SQLFragment.among("id", ids, connection.dialect)
        return try connection.execute(
            fragment: """
                UPDATE notification SET state = \(state.rawValue), outcome = \(reason), claimed_until = NULL,
                    updated_at = \(now)
                WHERE \(rows)
                """
        )
    }

    /// Ends what is due on a channel that cannot be used; how many rows.
    static func closeChannel(
        _ channel: Int64,
        _ reason: String,
        _ now: Int64,
        _ connection: any SQLConnection
    ) throws -> Int {
        try connection.execute(
            """
            UPDATE notification SET state = 'dead', outcome = $3, claimed_until = NULL, updated_at = $2
            WHERE channel = $1 AND \(NoticeState.isWaiting) AND due_at <= $2 AND \(isFree)
            """,
            [.integer(channel), .integer(now), .text(reason)]
        )
    }
}
