// What members add up to is written into their aggregates, which then go on through the pipeline like other alerts.

import Storage

extension Aggregation {
    /// Brings the aggregates in `work.aggregates` in agreement with their members. Those that changed become changes.
    static func settle(_ work: inout PipelineWork) throws {
        let sums = work.aggregates
        work.aggregates = MemberSums()
        guard !sums.isEmpty else { return }
        try work.flush()
        let extents = try MemberRows.extents(.aggregates, sums.targets, work.connection)
        let counts = sums.unknown.isEmpty ? [:] : try MemberRows.counts(sums.unknown, work.connection)
        var changed: [(before: Alert, after: Alert)] = []
        for aggregate in try AlertRows.with(ids: sums.targets, locking: true, work.connection) {
            var after = aggregate
            if let extent = extents[aggregate.id] {
                let counts = counts[aggregate.id] ?? sums.counts(of: aggregate)
                after.take(extent, counts, rules: work.rules)
            } else if aggregate.handling.closedAt == nil {
                after.handling.memberCount = 0
                after.end(
                    as: .closed,
                    by: "rule:aggregation",
                    reason: "Its members belong to another aggregate.",
                    now: work.now
                )
            }
            guard after != aggregate else { continue }
            after.updatedAt = max(after.updatedAt, work.now)
            changed.append((aggregate, after))
        }
        try AlertRows.updateTimes(changed.map(\.after), work.connection)
        try HandlingRows.update(changed.map(\.after), work.connection)
        try AlertRows.updateContent(
            changed.filter { $0.before.title != $0.after.title }.map(\.after),
            work.connection
        )
        for (before, after) in changed {
            // One that was made in this transaction has no state before.
            let isNew = before.handling.memberCount == 0 && before.handling.closedAt == nil
            work.add(after, before: isNew ? nil : before)
        }
    }
}

extension Alert {
    /// The alert that stands for others; its times and counts come with `take`.
    init(aggregateAround member: Alert, rule: AggregationRule, values: [String], now: Int64) {
        var hash = FNV1a()
        hash.add(rule.id)
        for value in values { hash.addField(value) }
        var labels: [Label] = []
        var host = ""
        for (name, value) in zip(rule.groupBy, values) where !value.isEmpty {
            if name.hasPrefix("labels.") { labels.append(Label(String(name.dropFirst(7)), value)) }
            if name == "host" { host = value }
        }
        let title = RuleTitle.text(rule.title, rule: rule.name, keys: rule.groupBy, values: values, count: 0)
        self.init(
            AlertEvent(
                fingerprint: "agg-\(hash.hexadecimal)",
                status: .firing,
                startedAt: member.span.start,
                level: member.level,
                title: title,
                labels: labels.normalised,
                host: host
            ),
            span: EpisodeSpan(start: member.span.start),
            team: member.team,
            source: member.source,
            hasEarlier: false,
            receivedAt: now
        )
        // Ingest must never take it for the newest of something that a sender tells of.
        isLatest = false
    }

    /// Takes over what its members add up to.
    fileprivate mutating func take(_ extent: MemberExtent, _ counts: MemberCounts, rules: RuleBook) {
        let rule = rules.aggregations.first { $0.id == handling.rule }
        handling.memberCount = counts.members
        handling.lastSeenAt = max(handling.lastSeenAt, counts.lastSeenAt)
        eventCount = counts.events
        lastEventAt = counts.lastEventAt
        level = extent.worst
        if let rule {
            title = RuleTitle.text(
                rule.title,
                rule: rule.name,
                keys: rule.groupBy,
                values: handling.groupKey.map { GroupKey(rule: rule.id, values: $0).list } ?? [],
                count: counts.members
            )
        }
        guard handling.closedAt == nil else { return }
        span.start = extent.start
        span.lastFiring = extent.lastStart
        span.end = extent.isOpen ? nil : max(extent.end ?? extent.lastStart, extent.lastStart)
        span.firstResolved = span.end
        contentAt = extent.lastStart
        settle()
        handling.closeDueAt = status.isOpen ? rule?.closeAfter.map { handling.lastSeenAt + $0 } : nil
        if !status.isOpen {
            handling.reminderDueAt = nil
            handling.escalationDueAt = nil
        }
    }
}
