// Stage 2: alerts that share something become members of one alert that stands for them.

import Storage

enum Aggregation: PipelineStage {
    static func run(_ work: inout PipelineWork) throws {
        var touches = GroupTouches()
        for change in work.changes {
            let alert = try work.alert(change)
            guard alert.handling.kind == .single else { continue }
            let old = group(alert)
            let new = try place(alert, change, &work)
            let aggregate = alert.handling.aggregate
            if let aggregate {
                if new == old, let before = change.before, before.handling.aggregate == aggregate {
                    work.aggregates.changed(alert, before: before, in: aggregate)
                } else {
                    work.aggregates.recount(aggregate)
                }
            }
            if new != old {
                work.edit(alert.id) { handling in
                    handling.rule = new?.rule
                    handling.groupKey = new?.values
                    handling.aggregate = nil
                    handling.isHeld = new != nil
                }
            }
            touches.note(alert, change, from: old, to: new, pointer: aggregate)
        }
        guard !touches.isEmpty || !work.aggregates.isEmpty else { return }
        try work.flush()
        for (group, touches) in touches.sorted {
            // The members of a rule that has gone stay what they are.
            guard let rule = work.rules.aggregations.first(where: { $0.id == group.rule }) else { continue }
            try layOut(group, rule, touches, &work)
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

    /// Brings the aggregates of a group and their members in agreement with the episodes.
    private static func layOut(
        _ group: GroupKey,
        _ rule: AggregationRule,
        _ touches: [GroupTouch],
        _ work: inout PipelineWork
    ) throws {
        let connection = work.connection
        let layout = GroupLayout(
            family: .aggregates,
            group: group,
            grouping: EpisodeGrouping(window: .aggregation(rule.window), threshold: max(1, rule.threshold)),
            page: work.rules.groupPage,
            connection: connection
        )
        let outcome = try layout.run(touches) { ids in
            // What a person or a rule has ended takes nobody in any more, and keeps those it has.
            try AggregateRows.ended(among: ids, connection)
        } make: { [work] member in
            try make(group, rule, of: member, work)
        }
        let new = Dictionary(
            touches.filter { $0.before == nil }.map { ($0.id, $0) },
            uniquingKeysWith: { first, _ in first }
        )
        for target in outcome.made.union(outcome.left) { work.aggregates.recount(target) }
        for move in outcome.moved {
            if move.from == nil, new[move.id] != nil, let target = move.to, let alert = work.known(move.id) {
                work.aggregates.joined(alert, target)
            } else {
                for target in [move.from, move.to].compactMap(\.self) { work.aggregates.recount(target) }
            }
            work.note(move.id) { handling in
                handling.aggregate = move.to
                handling.isHeld = move.to == nil
            }
        }
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
