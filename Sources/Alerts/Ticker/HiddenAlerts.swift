// Due: what a shield hid and hides no more, what waited for a rule that has gone, and what a rule takes only now.

import JSON
import Storage

/// Alerts that still go on when their shield has ended go through the stages as if they had just come.
enum HiddenAlerts: TickJob {
    static func run(_ batch: inout TickBatch) throws -> TickResult {
        let connection = batch.work.connection
        let hidden = "shield IS NOT NULL AND status IN ('firing', 'acknowledged')"
        var among = "1 = 1"
        var parameters: [SQLValue] = []
        if !batch.hasNewRules {
            let active = batch.work.rules.shields.filter { $0.schedule.isActive(at: batch.work.now) }.map(\.id)
            let used = try connection.query("SELECT DISTINCT shield FROM alert WHERE \(hidden)")
                .map { try $0.int("shield") }
            let ended = Set(used).subtracting(active).sorted()
            guard !ended.isEmpty else { return TickResult(rows: 0, notices: 0) }
            parameters.append(.text(JSONValue.array(ended.map { JSONValue.integer($0) }).text))
            among = connection.dialect.isAmongIntegers("shield", "$2")
        }
        // The first stage sees that nothing hides it any more.
        var (alerts, result) = try batch.open("shield IS NOT NULL AND \(among)", parameters) { work, alert in
            let shield = work.rules.shield(try work.subject(alert), team: alert.team, at: work.now)
            return shield?.id != alert.handling.shield
        }
        for alert in alerts { batch.work.add(alert, before: alert) }
        result.notices = try batch.work.run()
        return result
    }
}

/// Alerts that wait for the threshold of a rule that is not there any more go through the stages anew; and all that
/// wait when rules have changed. Looked for with every tick, since one that began while its rule was being deleted may
/// be seen late.
enum HeldAlerts: TickJob {
    static func run(_ batch: inout TickBatch) throws -> TickResult {
        let known = Set(batch.work.rules.aggregations.map(\.id))
        let list = JSONValue.array(known.sorted().map { JSONValue.integer($0) }).text
        let isKnown = batch.work.connection.dialect.isAmongIntegers("rule", "$2")
        var (alerts, result) =
            batch.hasNewRules
            ? try batch.open("is_held = 1")
            : try batch.open("is_held = 1 AND (rule IS NULL OR NOT (\(isKnown)))", [.text(list)])
        for alert in alerts {
            batch.work.add(alert, before: alert, isNews: true)
            // The group of a rule that is there is laid out anew without it, or with it.
            if let rule = alert.handling.rule, known.contains(rule) { continue }
            batch.work.edit(alert.id) { handling in
                handling.rule = nil
                handling.groupKey = nil
                handling.isHeld = false
            }
        }
        result.notices = try batch.work.run()
        return result
    }
}

/// Alerts that nobody was given, because they began before a rule was there or outside its schedule. Looked for when
/// rules have changed, and every minute while a schedule is in force.
enum UnassignedAlerts: TickJob {
    static func run(_ batch: inout TickBatch) throws -> TickResult {
        let now = batch.work.now
        let isScheduled = batch.work.rules.assignments.contains { rule in
            rule.schedule.map { !$0.isAlways && $0.isActive(at: now) } ?? false
        }
        guard !batch.work.rules.assignments.isEmpty, batch.hasNewRules || (batch.isNewMinute && isScheduled) else {
            return TickResult(rows: 0, notices: 0)
        }
        // Those that nobody takes are passed by; they would cost a look at their groups.
        var (alerts, result) = try batch.open(
            "assigned_at IS NULL AND operators = '[]' AND aggregate IS NULL AND is_held = 0 AND shield IS NULL"
        ) { work, alert in
            guard alert.standsAlone else { return false }
            return work.rules.assignment(try work.subject(alert), team: alert.team, at: now) != nil
        }
        for alert in alerts { batch.work.add(alert, before: alert) }
        result.notices = try batch.work.run()
        return result
    }
}
