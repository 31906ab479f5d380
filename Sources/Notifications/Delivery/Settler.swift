// Writes down what became of a message, unless its rows have gone to another worker meanwhile.

import Resources
import Storage

/// What a settlement came to.
struct SettlementReport: Sendable, Hashable {
    /// Rows settled, by the state they are in now.
    var rows: [NoticeState: Int] = [:]
    /// Rows that another worker had taken over.
    var fenced = 0
    /// Ids of those that a person has to look at.
    var lost: [Int64] = []
}

/// The last of the three steps.
enum Settler {
    /// Settles the rows that are still this worker's: the generation must be the claim's.
    static func settle(
        _ message: ClaimedMessage,
        channel: Int64,
        title: String?,
        _ settlement: Settlement,
        on connection: any SQLConnection
    ) throws -> SettlementReport {
        struct Kind: Hashable {
            var fate: RowFate
            var generation: Int64
            var toldBefore: String?
            var messageIDBefore: String?
        }
        var report = SettlementReport()
        let fates = zip(message.rows, settlement.fates(message))
        let kinds = Dictionary(grouping: fates) { row, fate in
            Kind(
                fate: fate,
                generation: row.generation,
                toldBefore: row.toldBefore,
                messageIDBefore: row.messageIDBefore
            )
        }
        let batch = message.isDigest ? message.rows.map(\.id).min() : nil
        for (kind, rows) in kinds {
            let ids = rows.map(\.0.id)
            let fate = kind.fate
            let isSent = fate.state == .sent
            let sentAt: SQLFragment = isSent ? "\(settlement.now)" : "sent_at"
            let told: SQLFragment = fate.mayHaveArrived ? "told" : "\(SQLValue.optional(kind.toldBefore))"
            let messageID: SQLFragment =
                fate.mayHaveArrived ? "message_id" : "\(SQLValue.optional(kind.messageIDBefore))"
            let outcome: SQLFragment = settlement.result.outcome.map { "\($0)" } ?? "outcome"
            let shown: SQLFragment = title.map { "\($0)" } ?? "title"
            let changed = try connection.execute(
                fragment: """
                    UPDATE notification SET state = \(fate.state.rawValue), attempts = \(fate.attempts),
                        due_at = \(fate.dueAt), claimed_until = NULL, told = \(told), message_id = \(messageID),
                        title = \(shown), outcome = \(outcome), sent_at = \(sentAt),
                        batch = \(SQLValue.optional(isSent ? batch : nil)), updated_at = \(settlement.now)
                    WHERE \(SQLFragment.among("id", ids, connection.dialect)) AND state = 'sending'
                        AND generation = \(kind.generation)
                    """
            )
            report.rows[fate.state, default: 0] += changed
            report.fenced += ids.count - changed
            if fate.state.canBeSentAgain, changed > 0 { report.lost += ids }
        }
        if let until = settlement.blockedUntil {
            try PaceRows.block(channel, until: until, connection)
        }
        return report
    }
}
