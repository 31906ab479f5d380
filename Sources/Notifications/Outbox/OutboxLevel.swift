// How full the outbox is.

import Storage

/// The outbox at one moment, of all nodes together.
package struct OutboxLevel: Sendable, Hashable {
    package var waiting: Int64 = 0
    package var sending: Int64 = 0
    package var dead: Int64 = 0
    package var unknown: Int64 = 0
    /// When the oldest of those that wait or are being sent was put in, epoch milliseconds; nil when there is none.
    package var oldest: Int64?

    package init() {}

    /// Both statements go through partial indexes: rows that were sent are not looked at.
    static func read(_ connection: any SQLConnection) throws -> OutboxLevel {
        var level = OutboxLevel()
        let open = try connection.query(
            """
            SELECT state, COUNT(*) AS total, MIN(created_at) AS oldest FROM notification
            WHERE \(NoticeState.isWaiting) GROUP BY state
            """
        )
        let stuck = try connection.query(
            "SELECT state, COUNT(*) AS total FROM notification WHERE \(NoticeState.isStuck) GROUP BY state"
        )
        for row in open {
            let oldest = try row.int("oldest")
            level.oldest = min(level.oldest ?? oldest, oldest)
        }
        for row in open + stuck {
            let total = try row.int("total")
            switch NoticeState(rawValue: try row.text("state")) {
            case .pending: level.waiting = total
            case .sending: level.sending = total
            case .dead: level.dead = total
            case .unknown: level.unknown = total
            default: break
            }
        }
        return level
    }
}
