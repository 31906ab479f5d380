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
    /// For an aggregate: its rule, what its members share, and how many they are.
    package var rule: Int64?
    package var groupKey: String?
    package var memberCount: Int64 = 0
    package var incident: Int64?
    package var isFlapping = false
    package var remindersSent: Int64 = 0
    package var reminderDueAt: Int64?
    package var escalationDueAt: Int64?
    package var escalationsSent: Int64 = 0
    package var closeDueAt: Int64?

    package init() {}
}
