// One transaction of ingest: deduplicate, look up, plan, write. Few statements, however many events.

import JSON
import Storage

/// Runs deliveries into the store on an open transaction. Has no effects but those on the connection.
struct IngestTransaction {
    let connection: any SQLConnection

    /// What became of each delivery, in their order. Everything of them is kept, or nothing.
    func run(_ deliveries: [Delivery]) throws -> [DeliveryOutcome] {
        try lock(deliveries)
        let stale = try SourceRows.changed(deliveries.map(\.source), connection)
        let good = deliveries.filter { !stale.contains($0.source.id) }
        var counts = try ingest(good)[...]
        return deliveries.map { delivery in
            if stale.contains(delivery.source.id) { return .sourceChanged }
            return .kept(counts.popFirst() ?? DeliveryCounts())
        }
    }

    private func ingest(_ deliveries: [Delivery]) throws -> [DeliveryCounts] {
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
        var events = try news(deliveries, &counts)
        guard !events.isEmpty else { return counts }
        let plans = try plans(events)
        try write(plans, &events)
        for plan in plans {
            for (place, outcome) in plan.outcomes {
                counts[events[place].delivery].add(outcome, events[place])
            }
        }
        return counts
    }

    /// Makes two nodes that ingest the same fingerprint at the same time do so one after the other. SQLite has one
    /// writer anyway.
    private func lock(_ deliveries: [Delivery]) throws {
        guard connection.dialect == .postgresql else { return }
        // Under the stricter level the store would be seen as it was before the locks were granted. The locks, the
        // row locks and the unique indexes do what it would have done.
        try connection.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
        var keys: Set<Int64> = []
        for delivery in deliveries {
            for event in delivery.events {
                var hash = FNV1a()
                hash.add(delivery.source.id)
                hash.addField(event.fingerprint)
                keys.insert(Self.lockBase + Int64(hash.value % Self.lockCount))
            }
        }
        // In order, so that two transactions cannot wait for each other.
        let list = JSONValue.array(keys.sorted().map { JSONValue.integer($0) }).text
        _ = try connection.query(
            """
            SELECT CAST(pg_advisory_xact_lock(CAST(e AS BIGINT)) AS TEXT) AS locked
            FROM json_array_elements_text(CAST($1 AS JSON)) e
            """,
            [.text(list)]
        )
    }

    /// Any number that nobody else uses for advisory locks; and few locks, since PostgreSQL has room for thousands.
    private static let lockBase: Int64 = 0x6F70_7367_616C_0000
    private static let lockCount: UInt64 = 64

    /// The events that say something that is not stored yet; the others are counted as duplicates.
    private func news(_ deliveries: [Delivery], _ counts: inout [DeliveryCounts]) throws -> [PendingEvent] {
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
        guard !candidates.isEmpty else { return [] }
        try GuessedTimes.settle(&candidates, connection)
        var seen = try EventRows.known(candidates.map(\.digest), connection)
        return candidates.filter { pending in
            let key = EventKey(
                source: pending.source.id,
                fingerprint: pending.event.fingerprint,
                digest: pending.digest
            )
            let isNew = seen.insert(key).inserted
            if !isNew { counts[pending.delivery].addDuplicate(pending) }
            return isNew
        }
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
    private func write(_ plans: [FingerprintPlan], _ events: inout [PendingEvent]) throws {
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

        var ids: [Int: [Int: Int64]] = [:]
        for (place, id) in zip(added, newIDs) { ids[place.plan, default: [:]][place.entry] = id }
        for (planIndex, plan) in plans.enumerated() {
            for (entryIndex, entry) in plan.entries.enumerated() {
                let id = entry.stored?.id ?? ids[planIndex]?[entryIndex] ?? 0
                for place in entry.events { events[place].alertID = id }
                try EventRows.move(entry.moved, to: id, connection)
            }
        }
        try EventRows.insert(events, connection)
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
