// One kind of what is due.

import Identity
import JSON
import Storage

/// A job of the ticker, on one batch of rows.
protocol TickJob {
    static func run(_ batch: inout TickBatch) throws -> TickResult
}

/// What a batch came to.
struct TickResult: Sendable {
    /// Rows that were looked at; as many as `TickBatch.size` mean that there may be more.
    var rows: Int
    /// New notices.
    var notices: Int
    /// The last row, for jobs that leave rows as they are.
    var last: Int64 = 0
}

/// A transaction of the ticker.
struct TickBatch {
    /// Rows in one transaction.
    static let size = 500

    var work: PipelineWork
    let audit: (any AuditSink)?
    /// The last row of the batch before.
    let after: Int64
    /// Rules have changed since everything was last looked at.
    let hasNewRules: Bool

    /// Alerts whose time in a column has come, the earliest first. The column is one of `alert`'s due times.
    func due(_ column: String) throws -> [Alert] {
        // What another transaction works on is due again in a few seconds.
        let lock = work.connection.dialect.forUpdate(skippingLocked: true)
        return try work.connection.query(
            """
            \(AlertRows.select) WHERE \(column) IS NOT NULL AND \(column) <= $1
            ORDER BY \(column) LIMIT \(Self.size)\(lock)
            """,
            [.integer(work.now)]
        ).map(AlertRows.alert)
    }

    /// Writes what was changed and tells what is to be told, without the stages.
    mutating func finish(_ alerts: [Alert]) throws -> TickResult {
        try work.flush()
        return TickResult(rows: alerts.count, notices: try work.enqueue())
    }

    /// Whether a shield hides the alert now.
    mutating func isHidden(_ alert: Alert) throws -> Bool {
        if alert.handling.shield != nil { return true }
        guard !work.rules.shields.isEmpty else { return false }
        return work.rules.shield(try work.subject(alert), team: alert.team, at: work.now) != nil
    }

    /// Tells the audit what a rule did.
    func record(_ alert: Alert, _ action: String, after: JSONObject) throws {
        try audit?.record(
            AuditEntry(
                by: .system,
                action: action,
                objectType: "alert",
                objectID: String(alert.id),
                before: ["status": .string(alert.status.rawValue)],
                after: .object(after),
                at: work.now,
                team: alert.team
            ),
            on: work.connection
        )
    }
}
