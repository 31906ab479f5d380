// Stage 4: alerts that share something within a time become one incident.

import Storage

enum Correlation: PipelineStage {
    static func run(_ work: inout PipelineWork) throws {
        var touches = GroupTouches()
        for change in work.changes {
            let alert = try work.alert(change)
            let incident = alert.handling.incident
            if let incident { work.incidents.insert(incident) }
            let old = group(alert)
            let new = try place(alert, change, &work)
            if new != old {
                work.edit(alert.id) { handling in
                    handling.correlation = new?.rule
                    handling.correlationKey = new?.values
                    if old != nil { handling.incident = nil }
                }
            }
            touches.note(alert, change, from: old, to: new, pointer: incident)
        }
        guard !touches.isEmpty || !work.incidents.isEmpty else { return }
        try work.flush()
        for (group, touches) in touches.sorted {
            guard let rule = work.rules.correlations.first(where: { $0.id == group.rule }) else { continue }
            try layOut(group, rule, touches, &work)
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

    /// Brings the incidents of a group and their alerts in agreement with the episodes.
    private static func layOut(
        _ group: GroupKey,
        _ rule: CorrelationRule,
        _ touches: [GroupTouch],
        _ work: inout PipelineWork
    ) throws {
        let connection = work.connection
        let layout = GroupLayout(
            family: .incidents,
            group: group,
            grouping: EpisodeGrouping(window: .correlation(within: rule.within), threshold: max(1, rule.minimum)),
            page: work.rules.groupPage,
            connection: connection
        )
        let outcome = try layout.run(touches) { ids in
            Set(try RuleIncidentRows.with(ids: ids, connection).filter(\.isFrozen).map(\.id))
        } make: { [work] _ in
            try make(group, rule, work)
        }
        for id in outcome.made.sorted() {
            work.incidentChanges.append(IncidentChange(id: id, wasOpen: false, isNew: true))
        }
        work.incidents.formUnion(outcome.made.union(outcome.left))
        for move in outcome.moved {
            work.incidents.formUnion([move.from, move.to].compactMap(\.self))
            work.note(move.id) { $0.incident = move.to }
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
