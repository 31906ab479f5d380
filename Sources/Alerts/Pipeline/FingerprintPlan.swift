// What becomes of one fingerprint in one transaction: its events laid onto its newest episode, or onto its history.

/// The alerts of one (source, fingerprint) as far as the transaction touches them.
struct FingerprintPlan: Sendable {
    /// An alert with what happens to it.
    struct Entry: Sendable {
        var alert: Alert
        /// As it is in the store; nil for a new one.
        var stored: Alert?
        var isNew: Bool { stored == nil }
        /// Places in the transaction's list of events.
        var events: [Int] = []
        /// Stored events that belong to it now and belonged to another before.
        var moved: [Int64] = []
        /// The act that ended it ended another before, or the other way round.
        var hasOtherEnd: Bool { alert.handling.closedAt != stored?.handling.closedAt }
    }

    var entries: [Entry] = []
    /// What each event did, by its place.
    var outcomes: [Int: Outcome] = [:]

    enum Outcome: Sendable {
        case created
        case updated
        case resolved
    }

    /// Lays events onto the newest episode alone.
    ///
    /// - Returns: nil when that is not enough, and history must be looked at.
    static func fast(newest: Alert?, _ events: [(place: Int, pending: PendingEvent)]) -> FingerprintPlan? {
        var plan = FingerprintPlan()
        if let newest { plan.entries.append(Entry(alert: newest, stored: newest)) }
        for (place, pending) in events {
            let last = plan.entries.last?.alert
            let isOnly = last.map { !$0.hasEarlier } ?? true
            switch Timeline.step(pending.event, newest: last?.span, isOnly: isOnly) {
            case .needsHistory:
                return nil
            case .create(let span):
                if !plan.entries.isEmpty { plan.entries[plan.entries.count - 1].alert.isLatest = false }
                let alert = Alert(
                    pending.event,
                    span: span,
                    team: pending.source.team,
                    source: pending.source.id,
                    hasEarlier: last != nil,
                    receivedAt: pending.receivedAt
                )
                plan.entries.append(Entry(alert: alert, events: [place]))
                plan.outcomes[place] = .created
            case .keep(let span):
                plan.entries[plan.entries.count - 1].alert
                    .absorb(pending.event, span: span, receivedAt: pending.receivedAt)
                plan.entries[plan.entries.count - 1].events.append(place)
                plan.outcomes[place] = pending.event.status == .resolved ? .resolved : .updated
            }
        }
        return plan
    }

    /// Lays events onto the history of the fingerprint.
    ///
    /// - Parameters:
    ///   - alerts: those that the events can touch, in order, the newest included (see `AlertRows.from`).
    ///   - stored: the events of these alerts, by moment and arrival.
    static func rebuilt(
        alerts: [Alert],
        stored: [StoredEvent],
        _ events: [(place: Int, pending: PendingEvent)]
    ) -> FingerprintPlan {
        let earliest = events.map(\.pending.event.startedAt).min() ?? 0
        // Moments before the first alert of the window belong to alerts that are not touched.
        let floor = alerts.first.map { min($0.span.start, earliest) } ?? .min
        let beginsInside = alerts.first.map { $0.span.start <= earliest } ?? false
        var points = events.flatMap(\.pending.event.points) + stored.flatMap(\.event.points)
        // Events may have been thrown away with time; the corners of their alerts are still known.
        points += alerts.flatMap(\.span.points)
        // What people and rules ended; between two corners it would be forgotten.
        let acts = alerts.compactMap(EndingAct.init)
        points += acts.map { .resolved($0.time) }
        let spans = Timeline.episodes(points.filter { $0.time >= floor })

        // By moment; of one moment, what is stored came before what is new.
        let all =
            stored.map { Told(id: $0.id, alertID: $0.alertID, event: $0.event, receivedAt: $0.receivedAt) }
            + events.map { Told(place: $0.place, event: $0.pending.event, receivedAt: $0.pending.receivedAt) }
        var told = Array(repeating: [Told](), count: spans.count)
        for (_, one) in all.enumerated().sorted(by: {
            ($0.element.event.occurredAt, $0.offset) < ($1.element.event.occurredAt, $1.offset)
        }) {
            if let index = Timeline.index(of: one.event.occurredAt, in: spans) { told[index].append(one) }
        }
        let remaining = Dictionary(stored.map { ($0.alertID, Int64(1)) }, uniquingKeysWith: +)

        var plan = FingerprintPlan()
        var old = alerts[...]
        for (index, span) in spans.enumerated() {
            let next = index + 1 < spans.count ? spans[index + 1].start : .max
            let mine = old.prefix { $0.span.start < next }
            old = old.dropFirst(mine.count)
            let before = mine.first
            plan.add(
                span: span,
                stored: before,
                act: acts.last { $0.time >= span.start && $0.time < next },
                isWhole: before.map { remaining[$0.id] ?? 0 >= $0.eventCount } ?? true,
                told: told[index],
                witness: all.first { $0.event.startedAt == span.start },
                events: events,
                hasEarlier: index > 0 || (beginsInside && alerts.first?.hasEarlier == true),
                isLatest: index == spans.count - 1
            )
        }
        return plan
    }

    /// An event of an episode, stored (`id`) or new (`place`).
    private struct Told {
        var id: Int64 = 0
        var alertID: Int64 = 0
        var place: Int?
        var event: AlertEvent
        var receivedAt: Int64
    }

    /// - Parameter isWhole: all events of the stored alert are still there, so that it can be laid out anew; without
    ///   them, what it came to is kept, and what is new is added.
    /// - Parameter witness: an event that speaks of the start. It alone tells of an episode that a person ended, when
    ///   its own end lies in a later one.
    private mutating func add(
        span: EpisodeSpan,
        stored: Alert?,
        act: EndingAct?,
        isWhole: Bool,
        told: [Told],
        witness: Told?,
        events: [(place: Int, pending: PendingEvent)],
        hasEarlier: Bool,
        isLatest: Bool
    ) {
        let arrival = events.map(\.pending.receivedAt).max() ?? 0
        var alert: Alert
        if let stored, !isWhole {
            alert = stored
            for one in told where one.alertID != stored.id {
                alert.absorb(one.event, span: span, receivedAt: stored.updatedAt)
            }
            alert.span = span
        } else if let first = told.first ?? witness, let source = events.first?.pending.source {
            alert = Alert(
                first.event,
                span: span,
                team: source.team,
                source: source.id,
                hasEarlier: hasEarlier,
                receivedAt: first.receivedAt
            )
            for one in told.dropFirst() { alert.absorb(one.event, span: span, receivedAt: one.receivedAt) }
            if told.isEmpty { alert.eventCount = 0 }
            alert.createdAt = stored?.createdAt ?? arrival
            alert.updatedAt = stored?.updatedAt ?? arrival
            alert.id = stored?.id ?? 0
            alert.status = stored?.status ?? alert.status
            alert.handling = stored?.handling ?? alert.handling
        } else {
            return
        }
        alert.bear(act)
        alert.settle()
        alert.hasEarlier = hasEarlier
        alert.isLatest = isLatest
        if let stored, alert != stored { alert.updatedAt = max(stored.updatedAt, arrival) }
        var entry = Entry(alert: alert, stored: stored)
        entry.events = told.compactMap(\.place)
        entry.moved = told.filter { $0.place == nil && $0.alertID != alert.id }.map(\.id)
        var isNews = entry.isNew
        for one in told {
            guard let place = one.place else { continue }
            outcomes[place] = isNews ? .created : one.event.status == .resolved ? .resolved : .updated
            isNews = false
        }
        entries.append(entry)
    }
}

/// The moment at which a person or a rule ended an alert, and what came with it.
struct EndingAct: Sendable, Hashable {
    /// Epoch milliseconds.
    var time: Int64
    var status: AlertStatus
    var handling: AlertHandling

    /// Nil for an alert that only its source has ended.
    init?(_ alert: Alert) {
        guard let closedAt = alert.handling.closedAt, !alert.status.isOpen else { return nil }
        // A sender whose clock goes ahead may have fired later than the act.
        time = max(closedAt, alert.span.lastFiring)
        status = alert.status
        handling = alert.handling
    }
}

extension Alert {
    /// Belongs to the act that ended it, and to no other: an act stays in the episode that its moment lies in.
    fileprivate mutating func bear(_ act: EndingAct?) {
        guard act?.handling.closedAt != handling.closedAt || act?.handling.closedBy != handling.closedBy else { return }
        handling.closedAt = act?.handling.closedAt
        handling.closedBy = act?.handling.closedBy
        handling.closeReason = act?.handling.closeReason
        if let act {
            status = act.status
        } else if !status.isOpen {
            status = .resolved
        }
    }
}
