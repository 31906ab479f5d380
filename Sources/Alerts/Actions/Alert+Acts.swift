// What an act makes of an alert: pure, without a store.

import JSON
import Resources

extension Alert {
    /// Gives it to people. Reminders and escalation begin anew when a rule gives it, and end otherwise.
    mutating func give(to people: [String], by rule: AssignmentRule?, now: Int64) {
        status = .firing
        handling.operators = people
        handling.assignment = rule?.id
        handling.assignedAt = now
        handling.acknowledgedBy = nil
        handling.acknowledgedAt = nil
        handling.remindersSent = 0
        handling.escalationsSent = 0
        let pace = rule?.frequency[level]
        handling.reminderDueAt = pace.flatMap { $0.maxCount > 0 ? now + $0.intervalMinutes * 60_000 : nil }
        handling.escalationDueAt = (rule?.escalation.first).map { now + $0.afterMinutes * 60_000 }
    }

    /// One of its operators is on it: nobody is reminded any more.
    mutating func take(by person: String, now: Int64) {
        status = .acknowledged
        handling.acknowledgedBy = person
        handling.acknowledgedAt = now
        handling.reminderDueAt = nil
        handling.escalationDueAt = nil
    }

    /// A person or a rule ends it. The end is a point of its span, so that a later start begins a new episode while
    /// events that speak of earlier moments stay in this one.
    mutating func end(as state: AlertStatus, by person: String, reason: String, now: Int64) {
        // A sender whose clock goes ahead may have fired later than now.
        let end = max(now, span.lastFiring)
        span.firstResolved = min(span.firstResolved ?? end, end)
        span.end = max(span.end ?? end, end)
        status = state
        handling.closedBy = person
        handling.closedAt = now
        handling.closeReason = reason.isEmpty ? nil : reason
        handling.reminderDueAt = nil
        handling.escalationDueAt = nil
        handling.closeDueAt = nil
    }

    /// What an act changes, for answers and the audit.
    var handlingSummary: JSONObject {
        var summary: JSONObject = [
            "status": .string(status.rawValue),
            "handling": .string(handlingState.rawValue),
            "operators": .array(handling.operators.map { .string($0) }),
        ]
        if let by = handling.acknowledgedBy { summary["acknowledged_by"] = .string(by) }
        if let at = handling.acknowledgedAt { summary["acknowledged_at"] = Timestamp(milliseconds: at).json }
        if let by = handling.closedBy { summary["closed_by"] = .string(by) }
        if let at = handling.closedAt { summary["closed_at"] = Timestamp(milliseconds: at).json }
        if let reason = handling.closeReason { summary["close_reason"] = .string(reason) }
        if let end = span.end { summary["ended_at"] = Timestamp(milliseconds: end).json }
        return summary
    }
}
