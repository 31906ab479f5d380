// Stage 5: the first rule that takes an alert says who gets it.

enum Assignment: PipelineStage {
    static func run(_ work: inout PipelineWork) throws {
        for change in work.changes {
            let alert = try work.alert(change)
            guard alert.status.isOpen else {
                work.edit(alert.id) { handling in
                    handling.reminderDueAt = nil
                    handling.escalationDueAt = nil
                    handling.closeDueAt = nil
                }
                continue
            }
            if change.before?.status.isOpen == false,
                let rule = work.rules.assignments.first(where: {
                    $0.id == alert.handling.assignment
                })
            {
                // An aggregate that was over goes on: with the same people, from the beginning.
                let operators = alert.handling.operators
                let now = work.now
                work.edit(alert.id) { handling in
                    handling.give(by: rule, level: alert.level, now: now)
                    handling.operators = operators
                }
                continue
            }
            guard alert.standsAlone, alert.handling.assignedAt == nil, alert.handling.operators.isEmpty,
                !work.rules.assignments.isEmpty
            else { continue }
            let subject = try work.subject(alert)
            guard let rule = work.rules.assignment(subject, team: alert.team, at: work.now) else { continue }
            work.assigned[alert.id] = rule
            let now = work.now
            work.edit(alert.id) { $0.give(by: rule, level: alert.level, now: now) }
        }
    }
}

extension AlertHandling {
    /// Given to the people of a rule; reminders and escalation begin.
    mutating func give(by rule: AssignmentRule, level: AlertLevel, now: Int64) {
        operators = rule.personnel
        assignment = rule.id
        assignedAt = now
        remindersSent = 0
        escalationsSent = 0
        let pace = rule.frequency[level]
        reminderDueAt = pace.flatMap { $0.maxCount > 0 ? now + $0.intervalMinutes * 60_000 : nil }
        escalationDueAt = rule.escalation.first.map { now + $0.afterMinutes * 60_000 }
    }
}
