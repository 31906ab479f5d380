// All rules that are in force, as one value that the pipeline works with.

/// The active rules of all teams, each list by priority and then by age, and the types of channels.
package struct RuleBook: Sendable {
    package var shields: [ShieldRule]
    package var assignments: [AssignmentRule]
    package var aggregations: [AggregationRule]
    package var correlations: [CorrelationRule]
    /// `EMAIL`, `ENTERPRISE_WECHAT` … by the channel's row; inactive channels too.
    package var channelTypes: [Int64: String]
    /// See `RuleStamp`.
    var version: Int64 = 0
    /// See `GroupStretch.page`.
    var groupPage = GroupStretch.page

    package static let empty = RuleBook()

    package init(
        shields: [ShieldRule] = [],
        assignments: [AssignmentRule] = [],
        aggregations: [AggregationRule] = [],
        correlations: [CorrelationRule] = [],
        channelTypes: [Int64: String] = [:]
    ) {
        self.shields = shields
        self.assignments = assignments
        self.aggregations = aggregations
        self.correlations = correlations
        self.channelTypes = channelTypes
    }

    /// Whether there is nothing to apply, so that the way through the pipeline is short.
    package var isEmpty: Bool {
        shields.isEmpty && assignments.isEmpty && aggregations.isEmpty && correlations.isEmpty
    }

    /// The first shield that hides an alert of a team at a moment.
    package func shield(_ subject: MatchSubject, team: Int64, at milliseconds: Int64) -> ShieldRule? {
        shields.first { $0.hides(subject, team: team, at: milliseconds) }
    }

    /// The first assignment that takes an alert of a team at a moment.
    package func assignment(_ subject: MatchSubject, team: Int64, at milliseconds: Int64) -> AssignmentRule? {
        assignments.first { $0.takes(subject, team: team, at: milliseconds) }
    }

    /// The first aggregation rule that gathers an alert of a team.
    package func aggregation(_ subject: MatchSubject, team: Int64) -> AggregationRule? {
        aggregations.first { $0.takes(subject, team: team) }
    }

    /// The first correlation rule that looks at an alert of a team.
    package func correlation(_ subject: MatchSubject, team: Int64) -> CorrelationRule? {
        correlations.first { $0.takes(subject, team: team) }
    }
}
