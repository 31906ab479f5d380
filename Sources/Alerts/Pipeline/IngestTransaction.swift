// One transaction of ingest: deduplicate, look up, plan, write. Few statements, however many events.

import JSON
import Storage

/// What a transaction came to.
struct IngestResult: Sendable {
    /// In the order of the deliveries.
    var outcomes: [DeliveryOutcome]
    /// New notices in the outbox.
    var notices = 0
}

/// Runs deliveries into the store on an open transaction, and what follows from them through the stages. Has no
/// effects but those on the connection.
struct IngestTransaction {
    let connection: any SQLConnection
    let shelf: RuleShelf

    /// What became of each delivery. Everything of them is kept, or nothing.
    func run(_ deliveries: [Delivery]) throws -> IngestResult {
        try PipelineLocks.begin(connection)
        let rules = try shelf.book(connection)
        try PipelineLocks.take(deliveries, teams: Set(deliveries.map(\.source.team)), rules, connection)
        let (stale, version) = try SourceRows.changed(deliveries.map(\.source), connection)
        // Rules have changed while this waited for its locks, which were those of the old rules.
        if let version, version != rules.version {
            throw DatabaseError.collision("rules were changed at the same time")
        }
        let good = deliveries.filter { !stale.contains($0.source.id) }
        let (all, notices) = try ingest(good, rules)
        var counts = all[...]
        let outcomes = deliveries.map { delivery -> DeliveryOutcome in
            if stale.contains(delivery.source.id) { return .sourceChanged }
            return .kept(counts.popFirst() ?? DeliveryCounts())
        }
        return IngestResult(outcomes: outcomes, notices: notices)
    }

    private func ingest(_ deliveries: [Delivery], _ rules: RuleBook) throws -> (counts: [DeliveryCounts], notices: Int)
    {
        var counts = Array(repeating: DeliveryCounts(), count: deliveries.count)
        for delivery in deliveries {
            guard let gap = delivery.gap else { continue }
            try EventRows.insertGap(
                gap,
                digest: delivery.gapDigest,
                source: delivery.source,
                receivedAt: delivery.receivedAt,
                connection
            )
        }
        var (events, repeated) = try news(deliveries)
        let again = try RepeatedEvents(repeated, beside: events, rules: rules, connection).run()
        for pending in again.duplicates { counts[pending.delivery].addDuplicate(pending) }
        events += again.revivals
        guard !events.isEmpty else { return (counts, 0) }
        var plans = try plans(events)
        seen(&plans, events)
        let ids = try write(plans, &events)
        for plan in plans {
            for (place, outcome) in plan.outcomes {
                counts[events[place].delivery].add(outcome, events[place])
            }
        }
        var work = PipelineWork(
            connection: connection,
            rules: rules,
            now: deliveries.map(\.receivedAt).max() ?? 0,
            sources: deliveries.map(\.source)
        )
        for (planIndex, plan) in plans.enumerated() {
            for (entryIndex, entry) in plan.entries.enumerated() where entry.alert != entry.stored {
                var alert = entry.alert
                alert.id = ids[planIndex][entryIndex]
                guard concerns(alert, before: entry.stored, rules, &work) else { continue }
                work.add(alert, before: entry.stored)
                // What `write` has not written: an act that belongs to another episode now.
                if entry.hasOtherEnd { work.edit(alert.id, touching: true) { _ in } }
            }
        }
        return (counts, try work.run())
    }

    /// Whether a stage could have anything to do with an alert. Most of ingest is over here when there are no rules.
    private func concerns(_ alert: Alert, before: Alert?, _ rules: RuleBook, _ work: inout PipelineWork) -> Bool {
        if !rules.isEmpty || alert.handling.closedAt != before?.handling.closedAt { return true }
        guard let handling = before?.handling else {
            return alert.hasEarlier && (work.sources[alert.source]?.flapCount ?? 0) > 0
        }
        return handling.isTouched
    }

    /// Notes when an alert was last heard of, and until when silence may last.
    private func seen(_ plans: inout [FingerprintPlan], _ events: [PendingEvent]) {
        for plan in plans.indices {
            for place in plans[plan].entries.indices {
                guard
                    let last = plans[plan].entries[place].events.map({ events[$0] }).max(by: {
                        $0.receivedAt < $1.receivedAt
                    })
                else { continue }
                plans[plan].entries[place].alert.heard(at: last.receivedAt, last.source)
            }
        }
    }

    /// The events that say something that is not stored yet, and the others.
    private func news(_ deliveries: [Delivery]) throws -> (events: [PendingEvent], repeated: [PendingEvent]) {
        var candidates: [PendingEvent] = []
        for (index, delivery) in deliveries.enumerated() {
            for event in delivery.events {
                candidates.append(
                    PendingEvent(
                        delivery: index,
                        source: delivery.source,
                        event: event,
                        digest: event.digest,
                        receivedAt: delivery.receivedAt
                    )
                )
            }
        }
        guard !candidates.isEmpty else { return ([], []) }
        try GuessedTimes.settle(&candidates, connection)
        var repeated: [PendingEvent] = []
        var seen = try EventRows.known(candidates.map(\.digest), connection)
        let events = candidates.filter { pending in
            let key = EventKey(
                source: pending.source.id,
                fingerprint: pending.event.fingerprint,
                digest: pending.digest
            )
            let isNew = seen.insert(key).inserted
            if !isNew { repeated.append(pending) }
            return isNew
        }
        return (events, repeated)
    }

    private func plans(_ events: [PendingEvent]) throws -> [FingerprintPlan] {
        var order: [FingerprintKey] = []
        var groups: [FingerprintKey: [(place: Int, pending: PendingEvent)]] = [:]
        for (place, pending) in events.enumerated() {
            let key = FingerprintKey(source: pending.source.id, fingerprint: pending.event.fingerprint)
            if groups[key] == nil { order.append(key) }
            groups[key, default: []].append((place, pending))
        }
        var newest: [FingerprintKey: Alert] = [:]
        for alert in try AlertRows.newest(fingerprints: order.map(\.fingerprint), connection) {
            newest[FingerprintKey(source: alert.source, fingerprint: alert.fingerprint)] = alert
        }
        var plans: [FingerprintPlan] = []
        plans.reserveCapacity(order.count)
        for key in order {
            // By moment, which is how they were meant; most bodies then need no look at history.
            let group = (groups[key] ?? []).sorted {
                ($0.pending.event.occurredAt, $0.place) < ($1.pending.event.occurredAt, $1.place)
            }
            if let plan = FingerprintPlan.fast(newest: newest[key], group) {
                plans.append(plan)
                continue
            }
            let earliest = group.map(\.pending.event.startedAt).min() ?? 0
            let alerts = try AlertRows.from(
                earliest,
                source: key.source,
                fingerprint: key.fingerprint,
                connection
            )
            let stored = try EventRows.of(alerts: alerts.map(\.id), connection)
            plans.append(FingerprintPlan.rebuilt(alerts: alerts, stored: stored, group))
        }
        return plans
    }

    /// Changed alerts go before new ones, since only one may be the newest of its fingerprint.
    ///
    /// - Returns: the ids of the alerts, by plan and entry.
    private func write(_ plans: [FingerprintPlan], _ events: inout [PendingEvent]) throws -> [[Int64]] {
        var changed: [(alert: Alert, stored: Alert)] = []
        var added: [(plan: Int, entry: Int)] = []
        for (planIndex, plan) in plans.enumerated() {
            for (entryIndex, entry) in plan.entries.enumerated() {
                if let stored = entry.stored {
                    if entry.alert != stored { changed.append((entry.alert, stored)) }
                } else {
                    added.append((planIndex, entryIndex))
                }
            }
        }
        // An alert that ceases to be the newest must do so before another becomes it.
        let retiring = changed.filter { $0.stored.isLatest && !$0.alert.isLatest }
        let others = changed.filter { !($0.stored.isLatest && !$0.alert.isLatest) }
        try AlertRows.updateTimes(retiring.map(\.alert), connection)
        try AlertRows.updateTimes(others.map(\.alert), connection)
        let retold = changed.filter { !$0.alert.saysTheSame(as: $0.stored) }
        try AlertRows.updateContent(retold.map(\.alert), connection)
        let relabelled = retold.filter { $0.alert.labels != $0.stored.labels }
        try LabelRows.delete(
            relabelled.map { AlertLabels(alert: $0.stored.id, labels: $0.stored.labels) },
            connection
        )

        let newAlerts = added.map { plans[$0.plan].entries[$0.entry].alert }
        let newIDs = try AlertRows.insert(newAlerts, connection)
        try LabelRows.insert(
            relabelled.map { AlertLabels(alert: $0.alert.id, labels: $0.alert.labels) }
                + zip(newIDs, newAlerts).map { AlertLabels(alert: $0, labels: $1.labels) },
            connection
        )

        var ids = plans.map { plan in plan.entries.map { $0.stored?.id ?? 0 } }
        for (place, id) in zip(added, newIDs) { ids[place.plan][place.entry] = id }
        for (planIndex, plan) in plans.enumerated() {
            for (entryIndex, entry) in plan.entries.enumerated() {
                let id = ids[planIndex][entryIndex]
                for place in entry.events { events[place].alertID = id }
                try EventRows.move(entry.moved, to: id, connection)
            }
        }
        try EventRows.insert(events, connection)
        return ids
    }
}

/// What makes two events speak of the same thing.
struct FingerprintKey: Hashable {
    var source: Int64
    var fingerprint: String
}

extension Alert {
    /// Whether the texts are the same, so that only times have to be written.
    fileprivate func saysTheSame(as other: Alert) -> Bool {
        levelGiven == other.levelGiven && title == other.title && details == other.details
            && labels == other.labels && annotations == other.annotations && host == other.host && link == other.link
            && externalID == other.externalID && eventID == other.eventID && contentAt == other.contentAt
            && contentFires == other.contentFires
    }
}
