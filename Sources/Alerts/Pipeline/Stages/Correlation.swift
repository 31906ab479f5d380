// Stage 4: alerts that share something within a time become one incident.

import Storage

enum Correlation: PipelineStage {
    static func run(_ work: inout PipelineWork) throws {
        var touched: [GroupKey: ClosedRange<Int64>] = [:]
        func touch(_ group: GroupKey, _ start: Int64) {
            touched[group] =
                touched[group].map { min($0.lowerBound, start)...max($0.upperBound, start) } ?? start...start
        }
        for change in work.changes {
            let alert = try work.alert(change)
            if let incident = alert.handling.incident { work.incidents.insert(incident) }
            let old = group(alert)
            let new = try place(alert, change, &work)
            if new != old {
                work.edit(alert.id) { handling in
                    handling.correlation = new?.rule
                    handling.correlationKey = new?.values
                    if old != nil { handling.incident = nil }
                }
                if let old { touch(old, change.before?.span.start ?? alert.span.start) }
            }
            guard let new else { continue }
            touch(new, alert.span.start)
            if let before = change.before { touch(new, before.span.start) }
        }
        guard !touched.isEmpty || !work.incidents.isEmpty else { return }
        try work.flush()
        for (group, starts) in touched.sorted(by: { ($0.key.rule, $0.key.values) < ($1.key.rule, $1.key.values) }) {
            guard let rule = work.rules.correlations.first(where: { $0.id == group.rule }) else { continue }
            try layOut(group, rule, starts, &work)
        }
        try settle(&work)
    }

    private static func group(_ alert: Alert) -> GroupKey? {
        guard let rule = alert.handling.correlation, let key = alert.handling.correlationKey else { return nil }
        return GroupKey(rule: rule, values: key)
    }

    /// The group of an alert. Members of aggregates have none: their aggregate has. An alert without any of what the
    /// rule groups by shares nothing with others.
    private static func place(_ alert: Alert, _ change: AlertChange, _ work: inout PipelineWork) throws -> GroupKey? {
        let old = group(alert)
        guard alert.standsAlone || (old != nil && alert.handling.shield != nil) else { return nil }
        let isAskedAgain = change.before.map { alert.reads(otherwiseThan: $0) } ?? true
        guard old == nil || isAskedAgain || change.isNews else { return old }
        if let old, !work.rules.correlations.contains(where: { $0.id == old.rule }) { return old }
        guard !work.rules.correlations.isEmpty else { return old }
        let subject = try work.subject(alert)
        guard let rule = work.rules.correlation(subject, team: alert.team) else { return nil }
        let values = subject.values(of: rule.groupBy)
        return values.allSatisfy(\.isEmpty) ? nil : GroupKey(rule: rule.id, values)
    }

    /// Lays out what hangs together with the starts, and brings incidents and alerts in agreement with it.
    private static func layOut(
        _ group: GroupKey,
        _ rule: CorrelationRule,
        _ starts: ClosedRange<Int64>,
        _ work: inout PipelineWork
    ) throws {
        let first = try GroupRows.beginning(
            .incidents,
            group,
            before: starts.lowerBound,
            span: rule.within,
            throughDuration: true,
            work.connection
        )
        var members = try GroupRows.members(.incidents, group, first...Int64.max, work.connection)
        let known = try RuleIncidentRows.with(ids: Set(members.compactMap(\.pointer)), work.connection)
        let frozen = Set(known.filter(\.isFrozen).map(\.id))
        members.removeAll { $0.pointer.map(frozen.contains) ?? false }
        let grouping = EpisodeGrouping(window: .correlation(within: rule.within), threshold: max(1, rule.minimum))
        let groups = grouping.groups(members.map(\.episode))
        var free = Set(known.map(\.id)).subtracting(frozen)
        var targets: [Int64?] = Array(repeating: nil, count: members.count)
        for places in groups {
            let target: Int64
            if let mine = places.lazy.compactMap({ members[$0].pointer }).first(where: free.contains) {
                target = mine
            } else {
                target = try make(group, rule, work)
                work.incidentChanges.append(IncidentChange(id: target, wasOpen: false, isNew: true))
            }
            free.remove(target)
            work.incidents.insert(target)
            for place in places { targets[place] = target }
        }
        work.incidents.formUnion(free)
        var moved: [Int64?: [Int64]] = [:]
        for (place, member) in members.enumerated() where member.pointer != targets[place] {
            moved[targets[place], default: []].append(member.episode.id)
        }
        for (target, ids) in moved.sorted(by: { ($0.key ?? 0) < ($1.key ?? 0) }) {
            try GroupRows.point(.incidents, ids, to: target, work.connection)
            for id in ids { work.note(id) { $0.incident = target } }
        }
    }

    /// A new incident; `settle` gives it its state. Until then it counts as over, since only one of a group is open.
    private static func make(_ group: GroupKey, _ rule: CorrelationRule, _ work: PipelineWork) throws -> Int64 {
        let title = RuleTitle.text(rule.title, rule: rule.name, keys: rule.groupBy, values: group.list, count: 0)
        return try RuleIncidentRows.insert(
            StoredIncident(
                id: 0,
                team: rule.team,
                title: title,
                level: .info,
                status: "resolved",
                operators: [],
                root: nil,
                rule: rule.id,
                groupKey: group.values,
                start: work.now,
                end: nil,
                lastAlertAt: work.now,
                closedBy: nil
            ),
            now: work.now,
            work.connection
        )
    }
}
