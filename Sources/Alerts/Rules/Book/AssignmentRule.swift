// An assignment: who gets which alerts, who is told how, and how often again.

import JSON
package import Resources

/// How often people are reminded of an alert that nobody has taken.
package struct ReminderPace: Sendable, Hashable {
    package var intervalMinutes: Int64
    package var maxCount: Int64

    package init(intervalMinutes: Int64, maxCount: Int64) {
        self.intervalMinutes = intervalMinutes
        self.maxCount = maxCount
    }
}

/// Who is told in addition when nobody has taken an alert for so long.
package struct EscalationStep: Sendable, Hashable {
    /// Counted from the assignment.
    package var afterMinutes: Int64
    /// Usernames or mail addresses.
    package var personnel: [String]
    /// Rows of channels.
    package var channels: [Int64]

    package init(afterMinutes: Int64, personnel: [String], channels: [Int64]) {
        self.afterMinutes = afterMinutes
        self.personnel = personnel
        self.channels = channels
    }
}

/// A row of `alert_assignment`, ready to be asked.
package struct AssignmentRule: Sendable {
    package var id: Int64
    package var team: Int64
    package var name: String
    package var matches: MatchRules
    /// When it gives alerts; nil: always.
    package var schedule: RuleSchedule?
    /// Usernames or mail addresses.
    package var personnel: [String]
    /// Rows of channels.
    package var channels: [Int64]
    /// What is told: of `AssignmentRule.scenarios`.
    package var scenarios: Set<String>
    package var frequency: [AlertLevel: ReminderPace]
    /// By time.
    package var escalation: [EscalationStep]
    /// The smaller goes first.
    package var priority: Int64

    package static let scenarios = ["assignment", "recovered", "raised"]

    package init(_ record: ResourceRecord) throws(RuleFaults) {
        var reader = RuleReader(record)
        id = record.id
        team = reader.integer("team")
        name = reader.text("name")
        matches = reader.matchRules()
        let schedule = reader.schedule("config")
        self.schedule = schedule.isAlways ? nil : schedule
        personnel = reader.personnel(reader.json("personnel"), "personnel")
        channels = reader.identifiers(reader.json("notify_channels"), "notify_channels")
        if personnel.isEmpty, channels.isEmpty {
            reader.note("personnel", "must name somebody, or notify_channels a channel")
        }
        scenarios = Set((reader.json("notification_scenario").array ?? []).compactMap(\.string))
        frequency = reader.frequency("notification_frequency")
        escalation = reader.escalation("escalation")
        priority = reader.integer("priority")
        try reader.finish()
    }

    /// Whether it takes an alert of a team at a moment, in epoch milliseconds.
    package func takes(_ subject: MatchSubject, team: Int64, at milliseconds: Int64) -> Bool {
        team == self.team && matches.matches(subject) && (schedule?.isActive(at: milliseconds) ?? true)
    }
}
