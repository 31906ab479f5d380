// Due: to remind people of what nobody has taken, and to tell others of it.

import JSON
import Storage

/// Reminders by the pace of the rule that gave the alert. One that was missed is told once, however long ago.
enum Reminders: TickJob {
    static func run(_ batch: inout TickBatch) throws -> TickResult {
        let alerts = try batch.due("reminder_due_at")
        let now = batch.work.now
        let planner = NoticePlanner(rules: batch.work.rules, now: now)
        for alert in alerts {
            batch.work.add(alert, before: alert)
            guard alert.status == .firing, let rule = planner.rule(alert), let pace = rule.frequency[alert.level],
                alert.handling.remindersSent < pace.maxCount
            else {
                batch.work.edit(alert.id) { $0.reminderDueAt = nil }
                continue
            }
            let next = now + max(1, pace.intervalMinutes) * 60_000
            guard alert.handling.aggregate == nil, !alert.handling.isHeld, !alert.handling.isFlapping,
                try !batch.isHidden(alert)
            else {
                batch.work.edit(alert.id) { $0.reminderDueAt = next }
                continue
            }
            let number = alert.handling.remindersSent + 1
            batch.work.notices += planner.reminder(alert, rule, number: number)
            batch.work.edit(alert.id) { handling in
                handling.remindersSent = number
                handling.reminderDueAt = number < pace.maxCount ? next : nil
            }
        }
        return try batch.finish(alerts)
    }
}

/// The steps of escalation, counted from the assignment. Each goes to people of its own, so all that are due are told.
enum Escalations: TickJob {
    private static let minute: Int64 = 60_000

    static func run(_ batch: inout TickBatch) throws -> TickResult {
        let alerts = try batch.due("escalation_due_at")
        let now = batch.work.now
        let planner = NoticePlanner(rules: batch.work.rules, now: now)
        for alert in alerts {
            batch.work.add(alert, before: alert)
            guard alert.status == .firing, let rule = planner.rule(alert), let assignedAt = alert.handling.assignedAt
            else {
                batch.work.edit(alert.id) { $0.escalationDueAt = nil }
                continue
            }
            guard alert.handling.aggregate == nil, !alert.handling.isHeld, !alert.handling.isFlapping,
                try !batch.isHidden(alert)
            else {
                batch.work.edit(alert.id) { $0.escalationDueAt = now + minute }
                continue
            }
            var sent = Int(clamping: alert.handling.escalationsSent)
            while sent < rule.escalation.count, assignedAt + rule.escalation[sent].afterMinutes * minute <= now {
                let step = rule.escalation[sent]
                sent += 1
                batch.work.notices += planner.escalation(alert, step, rule, number: Int64(sent))
                try batch.record(
                    alert,
                    "alert.escalate",
                    after: [
                        "step": .integer(sent), "personnel": .array(step.personnel.map { .string($0) }),
                        "rule": .integer(rule.id),
                    ]
                )
            }
            let next = sent < rule.escalation.count ? assignedAt + rule.escalation[sent].afterMinutes * minute : nil
            let count = Int64(sent)
            batch.work.edit(alert.id) { handling in
                handling.escalationsSent = count
                handling.escalationDueAt = next
            }
        }
        return try batch.finish(alerts)
    }
}
