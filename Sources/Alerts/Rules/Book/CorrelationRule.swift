// A correlation rule: which alerts are one incident.

package import Resources

/// Which alert of an incident is its root.
package enum IncidentRoot: String, Sendable, Hashable, CaseIterable {
    /// The one that began first.
    case first
    /// The one with the worst level; of several the first.
    case worst
}

/// A row of `alert_correlation_rule`, ready to be asked.
package struct CorrelationRule: Sendable {
    package var id: Int64
    package var team: Int64
    package var name: String
    package var matches: MatchRules
    /// Names as in match rules; at least one.
    package var groupBy: [String]
    /// Milliseconds.
    package var within: Int64
    /// Alerts that it takes to open an incident.
    package var minimum: Int
    package var root: IncidentRoot
    /// See `RuleTitle`; empty: the rule's name and the values.
    package var title: String
    package var priority: Int64

    package init(_ record: ResourceRecord) throws(RuleFaults) {
        var reader = RuleReader(record)
        id = record.id
        team = reader.integer("team")
        name = reader.text("name")
        matches = reader.matchRules()
        groupBy = reader.keys("group_by", atLeast: 1)
        within = reader.duration("within", 1_000...(30 * 86_400_000))
        minimum = Int(reader.integer("min_alerts"))
        root = IncidentRoot(rawValue: reader.text("root")) ?? .first
        title = reader.title(keys: groupBy)
        priority = reader.integer("priority")
        try reader.finish()
    }

    /// Whether it looks at an alert of a team.
    package func takes(_ subject: MatchSubject, team: Int64) -> Bool {
        team == self.team && matches.matches(subject)
    }
}
