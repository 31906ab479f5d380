// Due: what a shield hid and hides no more, and what waited for a rule that has gone.

import JSON
import Storage

/// Alerts that still go on when their shield has ended go through the stages as if they had just come.
enum HiddenAlerts: TickJob {
    static func run(_ batch: inout TickBatch) throws -> TickResult {
        let connection = batch.work.connection
        let hidden = "shield IS NOT NULL AND status IN ('firing', 'acknowledged')"
        var among = "1 = 1"
        var parameters: [SQLValue] = [.integer(batch.after)]
        if !batch.hasNewRules {
            let active = batch.work.rules.shields.filter { $0.schedule.isActive(at: batch.work.now) }.map(\.id)
            let used = try connection.query("SELECT DISTINCT shield FROM alert WHERE \(hidden)")
                .map { try $0.int("shield") }
            let ended = Set(used).subtracting(active).sorted()
            guard !ended.isEmpty else { return TickResult(rows: 0, notices: 0) }
            parameters.append(.text(JSONValue.array(ended.map { JSONValue.integer($0) }).text))
            among = connection.dialect.isAmongIntegers("shield", "$2")
        }
        let lock = connection.dialect.forUpdate(skippingLocked: true)
        let alerts = try connection.query(
            "\(AlertRows.select) WHERE \(hidden) AND id > $1 AND \(among) ORDER BY id LIMIT \(TickBatch.size)\(lock)",
            parameters
        ).map(AlertRows.alert)
        for alert in alerts {
            let shield = batch.work.rules.shield(
                try batch.work.subject(alert),
                team: alert.team,
                at: batch.work.now
            )
            // The first stage sees that nothing hides it any more.
            if shield?.id != alert.handling.shield { batch.work.add(alert, before: alert) }
        }
        let notices = try batch.work.run()
        return TickResult(rows: alerts.count, notices: notices, last: alerts.last?.id ?? 0)
    }
}

/// Alerts that wait for the threshold of a rule that is not there any more go through the stages anew.
enum HeldAlerts: TickJob {
    static func run(_ batch: inout TickBatch) throws -> TickResult {
        guard batch.hasNewRules else { return TickResult(rows: 0, notices: 0) }
        let connection = batch.work.connection
        let rules = JSONValue.array(batch.work.rules.aggregations.map { JSONValue.integer($0.id) }).text
        let known = connection.dialect.isAmongIntegers("rule", "$2")
        let lock = connection.dialect.forUpdate(skippingLocked: true)
        let alerts = try connection.query(
            """
            \(AlertRows.select) WHERE rule IS NOT NULL AND is_held = 1 AND status IN ('firing', 'acknowledged')
                AND id > $1 AND NOT (\(known)) ORDER BY id LIMIT \(TickBatch.size)\(lock)
            """,
            [.integer(batch.after), .text(rules)]
        ).map(AlertRows.alert)
        for alert in alerts {
            batch.work.add(alert, before: alert, isNews: true)
            batch.work.edit(alert.id) { handling in
                handling.rule = nil
                handling.groupKey = nil
                handling.isHeld = false
            }
        }
        let notices = try batch.work.run()
        return TickResult(rows: alerts.count, notices: notices, last: alerts.last?.id ?? 0)
    }
}
