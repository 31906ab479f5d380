// Which channels have something to send: one query over one index.

import Storage

/// A channel with rows that wait.
struct DueChannel: Sendable, Hashable {
    var id: Int64
    /// When the first of them is due, and the channel not blocked.
    var dueAt: Int64
}

enum DueChannels {
    static let statement = """
        WITH RECURSIVE waiting (channel) AS (
            SELECT MIN(channel) FROM notification WHERE \(NoticeState.isWaiting)
            UNION ALL
            SELECT (SELECT MIN(notification.channel) FROM notification
                    WHERE \(NoticeState.isWaiting) AND notification.channel > waiting.channel)
            FROM waiting WHERE waiting.channel IS NOT NULL
        )
        SELECT waiting.channel AS channel,
            (SELECT MIN(notification.due_at) FROM notification
             WHERE \(NoticeState.isWaiting) AND notification.channel = waiting.channel) AS due,
            COALESCE(notification_pace.blocked_until, 0) AS blocked
        FROM waiting LEFT JOIN notification_pace ON notification_pace.channel = waiting.channel
        WHERE waiting.channel IS NOT NULL
        """

    /// Every channel with waiting rows. Steps from channel to channel through the index, so that it costs the same
    /// whether ten rows wait or a million.
    static func all(_ connection: any SQLConnection) throws -> [DueChannel] {
        try connection.query(statement).map { row in
            DueChannel(
                id: try row.int("channel"),
                dueAt: max(try row.optionalInt("due") ?? .max, try row.int("blocked"))
            )
        }
    }
}
