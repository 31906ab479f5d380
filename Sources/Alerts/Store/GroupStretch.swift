// The part of a group's history that has to be laid out again. What lies before is known by what it came to, so that a
// group may grow without making each of its members dearer than the one before.

import Storage

/// Members of a group, by start, and what came before them.
struct GroupStretch: Sendable {
    /// How many rows are looked at first.
    static let page = 500

    /// Those that people or rules have ended with their group are left out.
    var members: [GroupMember]
    /// What takes in before the first of them, nil if that is over by then; without a seed nothing before them matters.
    var seed: (target: Int64?, state: GroupingSeed)?
}

/// Reads as much as is needed to lay out a group from some moments on.
struct GroupStretchReader {
    let family: GroupFamily
    let group: GroupKey
    let grouping: EpisodeGrouping
    /// The first and the last start that have changed. What began before the first is laid out as it should be.
    let starts: ClosedRange<Int64>
    let page: Int
    let connection: any SQLConnection

    /// - Parameter frozen: those of aggregates or incidents that are left as they are.
    func read(frozen: (Set<Int64>) throws -> Set<Int64>) throws -> GroupStretch {
        var limit = max(1, page)
        while true {
            let rows = try GroupRows.newest(limit, family, group, range, connection)
            let left = try frozen(Set(rows.compactMap(\.pointer)))
            let members = rows.filter { !($0.pointer.map(left.contains) ?? false) }
            if rows.count < limit { return GroupStretch(members: members) }
            // All from the first change on must be there.
            if let oldest = rows.first, oldest.episode.start < starts.lowerBound, let stretch = try cut(members) {
                return stretch
            }
            limit = limit.multipliedReportingOverflow(by: 8).overflow ? .max : limit * 8
        }
    }

    private var range: ClosedRange<Int64> {
        guard case .aggregation(let window) = grouping.window, case .fixed = window else { return .min ... .max }
        let first = window.fixedWindow(at: starts.lowerBound)?.lowerBound ?? starts.lowerBound
        let last = window.fixedWindow(at: starts.upperBound)?.upperBound ?? starts.upperBound
        return first...max(first, last - 1)
    }

    /// Episodes whose starts are further apart hang together only through a group that goes on; nil for fixed windows,
    /// whose borders are known.
    private var span: Int64? {
        switch grouping.window {
        case .aggregation(.sliding(let size)): size
        case .aggregation(.session(let timeout, _)): timeout
        case .aggregation(.fixed): nil
        case .correlation(let within): within
        }
    }

    /// Where the newest members may be cut off from all others; nil when too few of them are known.
    private func cut(_ members: [GroupMember]) throws -> GroupStretch? {
        let context = members.prefix { $0.episode.start < starts.lowerBound }
        guard !context.isEmpty else { return try startsAnew() ? GroupStretch(members: members) : nil }
        if let place = beginning(context) { return GroupStretch(members: Array(members[place...])) }
        return try continuation(members, context)
    }

    /// Whether nothing that began before the change can matter to it, although nothing of it was seen.
    private func startsAnew() throws -> Bool {
        let moment = starts.lowerBound
        return try GroupRows.before(moment, family, group, connection)?.allSatisfy { before in
            guard let span else { return before.last < range.lowerBound }
            let isFar = isFurther(than: span, from: before.last, to: moment)
            guard case .correlation = grouping.window else { return isFar }
            return isFar && before.end.map { isFurther(than: span, from: $0, to: moment) } ?? false
        } ?? false
    }

    /// The last place at which a run begins, whatever came before.
    private func beginning(_ context: ArraySlice<GroupMember>) -> Int? {
        guard let span else { return nil }
        let isCorrelation = family == .incidents
        var place = context.endIndex
        while place > context.startIndex {
            let before = context[place - 1]
            let start = place < context.endIndex ? context[place].episode.start : starts.lowerBound
            // Alerts of an incident may hang together through its duration as well.
            if isFurther(than: span, from: before.episode.start, to: start), !isCorrelation || before.pointer == nil {
                return place
            }
            if place < context.endIndex, case .aggregation(.session) = grouping.window, context[place].run == start,
                before.episode.start < start
            {
                return place
            }
            place -= 1
        }
        if case .aggregation(.session) = grouping.window { return nil }
        // What is still waiting, and waits longer than the threshold counts, matters no more.
        let isWaiting = context.allSatisfy { $0.pointer == nil }
        let first = context[context.startIndex].episode.start
        return isWaiting && isFurther(than: span, from: first, to: starts.lowerBound) ? context.startIndex : nil
    }

    /// From the first place on of which is known that the threshold of its run had been reached before.
    private func continuation(
        _ members: [GroupMember],
        _ context: ArraySlice<GroupMember>
    ) throws -> GroupStretch? {
        var target: Int64?
        // Of the members of `target` before the place; the number is exact below the threshold.
        var count = 0
        var reach = Int64.min
        for (place, member) in context.enumerated() {
            let start = member.episode.start
            guard let mine = member.pointer else { continue }
            if target == nil {
                let earlier = try GroupRows.earlier(
                    family,
                    of: mine,
                    than: member.episode,
                    enough: grouping.threshold,
                    connection
                )
                (count, reach) = (earlier.count, earlier.reach)
            } else if mine != target {
                (count, reach) = (0, .min)
            }
            target = mine
            if let run = run(of: member) {
                var seed: (Int64?, GroupingSeed)?
                if count >= grouping.threshold {
                    seed = (mine, GroupingSeed(first: run, last: start, reach: reach))
                } else if place > 0, isNextInRun(member, after: context[place - 1]) {
                    // A group that began when the one before it was over.
                    seed = (nil, GroupingSeed(first: run, last: start, reach: start - 1))
                }
                if let seed { return GroupStretch(members: Array(members[place...]), seed: seed) }
            }
            count += 1
            reach = max(reach, member.episode.reach)
        }
        return nil
    }

    /// Whether a member's group is another one than that of the member before it, in the same run.
    private func isNextInRun(_ member: GroupMember, after before: GroupMember) -> Bool {
        guard let last = before.pointer, last != member.pointer, before.episode.start < member.episode.start else {
            return false
        }
        if case .aggregation(.session) = grouping.window { return before.run == member.run }
        return span.map { !isFurther(than: $0, from: before.episode.start, to: member.episode.start) } ?? true
    }

    private func run(of member: GroupMember) -> Int64? {
        guard case .aggregation(.session) = grouping.window else { return member.episode.start }
        return member.run
    }

    private func isFurther(than span: Int64, from start: Int64, to end: Int64) -> Bool {
        let (distance, isEndless) = end.subtractingReportingOverflow(start)
        return isEndless ? end > start : distance > span
    }
}
