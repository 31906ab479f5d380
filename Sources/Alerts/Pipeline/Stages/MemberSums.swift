// By how much the sums of aggregates have changed in a transaction.

/// What members have added to their aggregates, as long as that is all that happened; aggregates that lost members, or
/// got some that were stored before, are counted anew.
struct MemberSums: Sendable {
    private struct Difference: Sendable {
        var members: Int64 = 0
        var events: Int64 = 0
        var lastEventAt = Int64.min
        var lastSeenAt = Int64.min
    }

    private var differences: [Int64: Difference] = [:]
    /// Those that have to be counted.
    private(set) var unknown: Set<Int64> = []

    var isEmpty: Bool { differences.isEmpty && unknown.isEmpty }
    /// All that may have changed.
    var targets: Set<Int64> { unknown.union(differences.keys) }

    /// A member was changed that was one before.
    mutating func changed(_ alert: Alert, before: Alert, in aggregate: Int64) {
        // Late news can give events to another episode.
        if alert.lastEventAt < before.lastEventAt { recount(aggregate) }
        add(alert, aggregate, events: alert.eventCount - before.eventCount, members: 0)
    }

    /// A new member.
    mutating func joined(_ alert: Alert, _ aggregate: Int64) {
        add(alert, aggregate, events: alert.eventCount, members: 1)
    }

    mutating func recount(_ aggregate: Int64) { unknown.insert(aggregate) }

    /// For an aggregate that need not be counted.
    func counts(of aggregate: Alert) -> MemberCounts {
        let difference = differences[aggregate.id] ?? Difference()
        return MemberCounts(
            members: aggregate.handling.memberCount + difference.members,
            events: aggregate.eventCount + difference.events,
            lastEventAt: max(aggregate.lastEventAt, difference.lastEventAt),
            lastSeenAt: max(aggregate.handling.lastSeenAt, difference.lastSeenAt)
        )
    }

    private mutating func add(_ alert: Alert, _ aggregate: Int64, events: Int64, members: Int64) {
        var difference = differences[aggregate] ?? Difference()
        difference.members += members
        difference.events += events
        difference.lastEventAt = max(difference.lastEventAt, alert.lastEventAt)
        difference.lastSeenAt = max(difference.lastSeenAt, alert.handling.lastSeenAt)
        differences[aggregate] = difference
    }
}
