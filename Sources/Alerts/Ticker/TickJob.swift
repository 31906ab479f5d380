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
    /// Rows that another transaction works on; to be looked at again.
    var skipped = 0
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
    /// The first look within a minute.
    let isNewMinute: Bool

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

    /// Open alerts from `after` on, by number, locked as far as nobody else works on them.
    ///
    /// - Parameters:
    ///   - condition: on rows of `alert`; its parameters begin with `$2`.
    ///   - isWanted: which of them to lock and return.
    /// - Returns: the alerts, and the result of the batch without notices.
    mutating func open(
        _ condition: String,
        _ parameters: [SQLValue] = [],
        where isWanted: (inout PipelineWork, Alert) throws -> Bool = { _, _ in true }
    ) throws -> (alerts: [Alert], result: TickResult) {
        let connection = work.connection
        let all = "\(AlertRows.select) WHERE \(condition) AND status IN ('firing', 'acknowledged') AND id > $1"
        let parameters = [.integer(after)] + parameters
        let seen = try connection.query("\(all) ORDER BY id LIMIT \(Self.size)", parameters).map(AlertRows.alert)
        var result = TickResult(rows: seen.count, notices: 0, last: seen.last?.id ?? 0)
        var wanted: [Int64] = []
        for alert in seen where try isWanted(&work, alert) { wanted.append(alert.id) }
        guard !wanted.isEmpty else { return ([], result) }
        let among = connection.dialect.isAmongIntegers("id", "$\(parameters.count + 1)")
        let alerts = try connection.query(
            "\(all) AND \(among) ORDER BY id\(connection.dialect.forUpdate(skippingLocked: true))",
            parameters + [.text(JSONValue.array(wanted.map { JSONValue.integer($0) }).text)]
        ).map(AlertRows.alert)
        result.skipped = wanted.count - alerts.count
        return (alerts, result)
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
