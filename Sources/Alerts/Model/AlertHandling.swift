// What people and rules have done to an alert, beside what its events say.

/// Whether an alert stands for one thing, or for several that a rule has gathered.
package enum AlertKind: String, Sendable, Hashable {
    case single
    case aggregate
}

/// The part of an alert's row that follows from rules and people. Times are epoch milliseconds, UTC.
package struct AlertHandling: Sendable, Hashable {
    package var kind = AlertKind.single
    /// Usernames of the people it was given to.
    package var operators: [String] = []
    /// The assignment rule that gave it.
    package var assignment: Int64?
    package var assignedAt: Int64?
    package var acknowledgedBy: String?
    package var acknowledgedAt: Int64?
    /// Who ended it: a username, `rule:auto_close`, or nil for its source.
    package var closedBy: String?
    package var closedAt: Int64?
    package var closeReason: String?
    /// The arrival of the last event, duplicates included, to the minute.
    package var lastSeenAt: Int64 = 0
    /// The shield that hides it now.
    package var shield: Int64?
    /// Waits for the threshold of an aggregation rule; nobody is told.
    package var isHeld = false
    /// The aggregate it belongs to.
    package var aggregate: Int64?
    /// The aggregation rule that gathers it (or, for an aggregate, that made it), and what members share: the values
    /// of the rule's `group_by` as a JSON array.
    package var rule: Int64?
    package var groupKey: String?
    /// For an aggregate: its members.
    package var memberCount: Int64 = 0
    package var incident: Int64?
    /// The correlation rule that looks at it, and the values of its `group_by`.
    package var correlation: Int64?
    package var correlationKey: String?
    /// Comes and goes too often: people are told once until it is quiet.
    package var isFlapping = false
    /// When it will have been quiet for long enough; of the newest flapping episode only.
    package var calmDueAt: Int64?
    package var remindersSent: Int64 = 0
    package var reminderDueAt: Int64?
    package var escalationDueAt: Int64?
    package var escalationsSent: Int64 = 0
    package var closeDueAt: Int64?

    package init() {}

    /// Whether rules or people have anything to do with the alert, so that its end concerns them.
    package var isTouched: Bool {
        aggregate != nil || incident != nil || assignedAt != nil || !operators.isEmpty || shield != nil || rule != nil
            || correlation != nil || isFlapping || closedAt != nil
    }
}

extension Alert {
    /// Something was heard of it.
    ///
    /// - Parameter time: epoch milliseconds.
    mutating func heard(at time: Int64, _ source: AlertSource) {
        handling.lastSeenAt = max(handling.lastSeenAt, time)
        let silence = source.autoCloseMinutes * 60_000
        handling.closeDueAt = status.isOpen && silence > 0 ? handling.lastSeenAt + silence : nil
    }
}
