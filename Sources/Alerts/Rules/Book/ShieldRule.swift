// A shield: what it hides, and when.

import JSON
package import Resources

/// A row of `alert_shield`, ready to be asked.
package struct ShieldRule: Sendable {
    package var id: Int64
    /// The team whose alerts it hides.
    package var team: Int64
    package var name: String
    package var matches: MatchRules
    package var schedule: RuleSchedule

    static let allIsRefused = "must be filter: all would hide everything"

    /// - Throws: every fault. A shield without a condition would hide everything, so `all` is one of them.
    package init(_ record: ResourceRecord) throws(RuleFaults) {
        var reader = RuleReader(record)
        id = record.id
        team = reader.integer("team")
        name = reader.text("name")
        if reader.text("match_type") == "all" {
            reader.note("match_type", Self.allIsRefused)
        }
        matches = reader.matchRules()
        schedule = reader.schedule("suppression_time")
        if schedule.isAlways, record.json("suppression_time") == [:] {
            reader.note("suppression_time", "must say when: a type and its times")
        }
        try reader.finish()
    }

    /// Whether it hides an alert of a team at a moment, in epoch milliseconds.
    package func hides(_ subject: MatchSubject, team: Int64, at milliseconds: Int64) -> Bool {
        team == self.team && matches.matches(subject) && schedule.isActive(at: milliseconds)
    }
}
