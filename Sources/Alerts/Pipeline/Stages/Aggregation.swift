// Stage 2: alerts that share something become members of one alert that stands for them.

import Storage

enum Aggregation: PipelineStage {
    static func run(_ work: inout PipelineWork) throws {
        var touched: [GroupKey: ClosedRange<Int64>] = [:]
        func touch(_ group: GroupKey, _ start: Int64) {
            touched[group] =
                touched[group].map { min($0.lowerBound, start)...max($0.upperBound, start) } ?? start...start
        }
        for change in work.changes {
            let alert = try work.alert(change)
            guard alert.handling.kind == .single else { continue }
            let old = group(alert)
            let new = try place(alert, change, &work)
            if let aggregate = alert.handling.aggregate { work.aggregates.insert(aggregate) }
            if new != old {
                work.edit(alert.id) { handling in
                    handling.rule = new?.rule
                    handling.groupKey = new?.values
                    handling.aggregate = nil
                    handling.isHeld = new != nil
                }
                if let old { touch(old, change.before?.span.start ?? alert.span.start) }
            }
            guard let new else { continue }
            touch(new, alert.span.start)
            if let before = change.before { touch(new, before.span.start) }
        }
        guard !touched.isEmpty || !work.aggregates.isEmpty else { return }
        try work.flush()
        for (group, starts) in touched.sorted(by: { ($0.key.rule, $0.key.values) < ($1.key.rule, $1.key.values) }) {
            // The members of a rule that has gone stay what they are.
            guard let rule = work.rules.aggregations.first(where: { $0.id == group.rule }) else { continue }
            try layOut(group, rule, starts, &work)
        }
        try settle(&work)
    }

    private static func group(_ alert: Alert) -> GroupKey? {
        guard let rule = alert.handling.rule, let key = alert.handling.groupKey else { return nil }
        return GroupKey(rule: rule, values: key)
    }

    /// The group that an alert belongs to: by the first rule that takes it, looked at when it is new or reads otherwise.
    /// What people have been given by itself stays by itself.
    private static func place(_ alert: Alert, _ change: AlertChange, _ work: inout PipelineWork) throws -> GroupKey? {
        let old = group(alert)
        let isAskedAgain = change.before.map { alert.reads(otherwiseThan: $0) } ?? false
        guard change.isNews || isAskedAgain else { return old }
        if let old, !work.rules.aggregations.contains(where: { $0.id == old.rule }) { return old }
        if old == nil, alert.handling.shield != nil || alert.handling.assignedAt != nil { return nil }
        guard !work.rules.aggregations.isEmpty else { return old }
        let subject = try work.subject(alert)
        guard let rule = work.rules.aggregation(subject, team: alert.team) else { return nil }
        return GroupKey(rule: rule.id, subject.values(of: rule.groupBy))
    }

    /// Lays out the runs of a group that the starts lie in, and brings aggregates and members in agreement with them.
    private static func layOut(
        _ group: GroupKey,
        _ rule: AggregationRule,
        _ starts: ClosedRange<Int64>,
        _ work: inout PipelineWork
    ) throws {
        var members = try GroupRows.members(
            .aggregates,
            group,
            try range(group, rule, starts, work.connection),
            work.connection
        )
        let known = try AlertRows.with(ids: Set(members.compactMap(\.pointer)), locking: true, work.connection)
        // What a person or a rule has ended takes nobody in any more, and keeps those it has.
        let ended = Set(known.filter { $0.handling.closedAt != nil }.map(\.id))
        members.removeAll { $0.pointer.map(ended.contains) ?? false }
        let grouping = EpisodeGrouping(window: .aggregation(rule.window), threshold: max(1, rule.threshold))
        let groups = grouping.groups(members.map(\.episode))
        var free = Set(known.map(\.id)).subtracting(ended)
        var targets: [Int64?] = Array(repeating: nil, count: members.count)
        for places in groups {
            let target: Int64
            if let mine = places.lazy.compactMap({ members[$0].pointer }).first(where: free.contains) {
                target = mine
            } else {
                target = try make(group, rule, of: members[places[0]].episode.id, work)
            }
            free.remove(target)
            work.aggregates.insert(target)
            for place in places { targets[place] = target }
        }
        work.aggregates.formUnion(free)
        var moved: [Int64?: [Int64]] = [:]
        for (place, member) in members.enumerated() {
            let target = targets[place]
            guard member.pointer != target || member.isHeld != (target == nil) else { continue }
            moved[target, default: []].append(member.episode.id)
        }
        for (target, ids) in moved.sorted(by: { ($0.key ?? 0) < ($1.key ?? 0) }) {
            try GroupRows.point(.aggregates, ids, to: target, work.connection)
            for id in ids {
                work.note(id) { handling in
                    handling.aggregate = target
                    handling.isHeld = target == nil
                }
            }
        }
    }

    private static func range(
        _ group: GroupKey,
        _ rule: AggregationRule,
        _ starts: ClosedRange<Int64>,
        _ connection: any SQLConnection
    ) throws -> ClosedRange<Int64> {
        let span: Int64
        switch rule.window {
        case .sliding(let size): span = size
        case .session(let timeout, _): span = timeout
        case .fixed:
            let first = rule.window.fixedWindow(at: starts.lowerBound)?.lowerBound ?? starts.lowerBound
            let last = rule.window.fixedWindow(at: starts.upperBound)?.upperBound ?? starts.upperBound
            return first...max(first, last - 1)
        }
        let first = try GroupRows.beginning(
            .aggregates,
            group,
            before: starts.lowerBound,
            span: span,
            throughDuration: false,
            connection
        )
        return first...Int64.max
    }

    /// A new aggregate around an alert; `settle` gives it its times.
    private static func make(
        _ group: GroupKey,
        _ rule: AggregationRule,
        of first: Int64,
        _ work: PipelineWork
    ) throws -> Int64 {
        guard let member = try AlertRows.with(ids: [first], work.connection).first else {
            throw DatabaseError(.decoding, "a member of an aggregate went missing")
        }
        var aggregate = Alert(aggregateAround: member, rule: rule, values: group.list, now: work.now)
        // Unique until it has a number.
        aggregate.span = EpisodeSpan(start: -first)
        let ids = try AlertRows.insert([aggregate], work.connection)
        aggregate.id = ids.first ?? 0
        aggregate.fingerprint += "-\(aggregate.id)"
        try AggregateRows.distinguish(aggregate, work.connection)
        aggregate.handling.rule = rule.id
        aggregate.handling.groupKey = group.values
        aggregate.handling.kind = .aggregate
        try HandlingRows.update([aggregate], work.connection)
        try LabelRows.insert([AlertLabels(alert: aggregate.id, labels: aggregate.labels)], work.connection)
        return aggregate.id
    }
}
