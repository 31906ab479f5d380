// What goes into the pipeline and what comes out: one delivery is one request body.

/// The events of one body, with the source that sent them.
package struct Delivery: Sendable {
    package var source: AlertSource
    package var events: [AlertEvent]
    package var gap: DeliveryGap?
    /// Epoch milliseconds, UTC.
    package var receivedAt: Int64

    package init(source: AlertSource, events: [AlertEvent], gap: DeliveryGap? = nil, receivedAt: Int64) {
        self.source = source
        self.events = events
        self.gap = gap
        self.receivedAt = receivedAt
    }

    /// Tells one body's gap from another's: the same body again must not count twice.
    var gapDigest: Int64 {
        var hash = FNV1a()
        hash.addField(gap?.group ?? "")
        hash.add(gap?.missing ?? 0)
        for digest in events.map(\.digest).sorted() { hash.add(digest) }
        return Int64(bitPattern: hash.value)
    }
}

/// What became of the events of a delivery; each counts once.
package struct DeliveryCounts: Sendable, Hashable {
    /// Began a new alert.
    package var created = 0
    /// Belongs to an alert that was there.
    package var updated = 0
    /// Resolved an alert that was there.
    package var resolved = 0
    /// Said before; nothing changed.
    package var duplicates = 0
    /// One for each event, in no particular order.
    package var events: [EventResult] = []

    package init() {}
}

/// What became of one event.
package struct EventResult: Sendable, Hashable {
    package enum Kind: String, Sendable {
        case created
        case updated
        case resolved
        case duplicate
    }

    /// Its place in the body, from 0.
    package var index: Int
    package var kind: Kind
    /// The alert it belongs to; nil for a duplicate, which is not looked up.
    package var alertID: Int64?

    package init(index: Int, kind: Kind, alertID: Int64? = nil) {
        self.index = index
        self.kind = kind
        self.alertID = alertID
    }
}

/// What became of a delivery.
package enum DeliveryOutcome: Sendable, Hashable {
    case kept(DeliveryCounts)
    /// Its source was changed or deleted since it was looked up; nothing was kept.
    case sourceChanged
}

/// An event on its way into the store.
struct PendingEvent: Sendable {
    /// Which delivery it came with.
    var delivery: Int
    var source: AlertSource
    var event: AlertEvent
    var digest: Int64
    var receivedAt: Int64
    /// 0 until its alert has one.
    var alertID: Int64 = 0
}

extension DeliveryCounts {
    /// Counts an event that changed something.
    mutating func add(_ outcome: FingerprintPlan.Outcome, _ pending: PendingEvent) {
        let kind: EventResult.Kind
        switch outcome {
        case .created:
            created += 1
            kind = .created
        case .updated:
            updated += 1
            kind = .updated
        case .resolved:
            resolved += 1
            kind = .resolved
        }
        events.append(EventResult(index: pending.event.index, kind: kind, alertID: pending.alertID))
    }

    /// Counts an event that was said before.
    mutating func addDuplicate(_ pending: PendingEvent) {
        duplicates += 1
        events.append(EventResult(index: pending.event.index, kind: .duplicate))
    }
}
