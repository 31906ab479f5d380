// Due: to close what nothing has been heard of for too long.

import JSON
import Storage

/// Closes open alerts after the silence that their source or aggregation rule allows.
enum SilentAlerts: TickJob {
    static let closer = "rule:auto_close"

    static func run(_ batch: inout TickBatch) throws -> TickResult {
        let alerts = try batch.due("close_due_at")
        let now = batch.work.now
        let connection = batch.work.connection
        let aggregates = alerts.filter { $0.handling.kind == .aggregate }.map(\.id)
        let counts = aggregates.isEmpty ? [:] : try MemberRows.counts(aggregates, connection)
        var ended: [Alert] = []
        for alert in alerts {
            batch.work.add(alert, before: alert)
            guard alert.status.isOpen, let silence = try silence(alert, &batch.work) else {
                batch.work.edit(alert.id) { $0.closeDueAt = nil }
                continue
            }
            // Members are heard of by themselves, and rules may have changed.
            let seen = max(alert.handling.lastSeenAt, counts[alert.id]?.lastSeenAt ?? 0)
            guard seen + silence <= now else {
                batch.work.edit(alert.id) { handling in
                    handling.lastSeenAt = seen
                    handling.closeDueAt = seen + silence
                }
                continue
            }
            var closed = alert
            let reason = "Nothing was heard of it for \(DurationText.of(milliseconds: now - seen))."
            closed.end(as: .closed, by: closer, reason: reason, now: now)
            closed.updatedAt = now
            ended.append(closed)
            try batch.record(alert, "alert.close", after: ["status": "closed", "closed_by": .string(closer)])
        }
        try batch.work.flush()
        try AlertRows.updateTimes(ended, connection)
        try HandlingRows.update(ended, connection)
        let notices = try AlertEffects.ended(ended, rules: batch.work.rules, now: now, connection)
        return TickResult(rows: alerts.count, notices: notices)
    }

    /// In milliseconds; nil: for ever.
    private static func silence(_ alert: Alert, _ work: inout PipelineWork) throws -> Int64? {
        if alert.handling.kind == .aggregate {
            return work.rules.aggregations.first { $0.id == alert.handling.rule }?.closeAfter
        }
        let minutes = try work.source(alert.source)?.autoCloseMinutes ?? 0
        return minutes > 0 ? minutes * 60_000 : nil
    }
}
