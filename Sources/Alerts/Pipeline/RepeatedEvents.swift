// Events that were said before: what they still tell.

import JSON
import Storage

/// A duplicate changes nothing but the time at which an alert was last heard of, with one exception: a firing that comes
/// again long after its resolve had come. Then the source still sees it firing, and had only lost sight of it
/// (Alertmanager that lost contact to Prometheus sends the old start again).
struct RepeatedEvents {
    private let events: [PendingEvent]
    /// Fingerprints of which something new is said in the same transaction: that decides.
    private let busy: Set<FingerprintKey>
    private let rules: RuleBook
    private let connection: any SQLConnection

    /// A duplicate that comes no later than this after the resolve is a late one. Epoch milliseconds.
    static let late: Int64 = 10 * 60_000
    /// `last_seen_at` is kept to the minute, so that duplicates cost a write a minute.
    static let grain: Int64 = 60_000

    init(_ events: [PendingEvent], beside news: [PendingEvent], rules: RuleBook, _ connection: any SQLConnection) {
        self.events = events
        busy = Set(news.map { FingerprintKey(source: $0.source.id, fingerprint: $0.event.fingerprint) })
        self.rules = rules
        self.connection = connection
    }

    /// - Returns: what begins a new episode at its arrival, and the others.
    func run() throws -> (revivals: [PendingEvent], duplicates: [PendingEvent]) {
        guard !events.isEmpty else { return ([], []) }
        var firing: [FingerprintKey: PendingEvent] = [:]
        var resolving = Set<FingerprintKey>()
        for pending in events {
            let key = FingerprintKey(source: pending.source.id, fingerprint: pending.event.fingerprint)
            switch pending.event.status {
            case .firing:
                if (firing[key]?.receivedAt ?? .min) < pending.receivedAt { firing[key] = pending }
            // Old bodies sent once more, whole: their order tells nothing.
            case .resolved: resolving.insert(key)
            }
        }
        guard !firing.isEmpty else { return ([], events) }
        var over: [(alert: Alert, pending: PendingEvent)] = []
        var heard: [Alert] = []
        for alert in try AlertRows.newest(fingerprints: firing.keys.map(\.fingerprint).sorted(), connection) {
            let key = FingerprintKey(source: alert.source, fingerprint: alert.fingerprint)
            guard let pending = firing[key], !busy.contains(key) else { continue }
            if alert.status.isOpen {
                guard pending.receivedAt >= alert.handling.lastSeenAt + Self.grain else { continue }
                var alert = alert
                alert.heard(at: pending.receivedAt, pending.source)
                heard.append(alert)
            } else if alert.handling.closedAt == nil, !resolving.contains(key) {
                over.append((alert, pending))
            }
        }
        try AlertRows.updateTimes(heard, connection)
        return try sorted(over)
    }

    private func sorted(
        _ over: [(alert: Alert, pending: PendingEvent)]
    ) throws -> (revivals: [PendingEvent], duplicates: [PendingEvent]) {
        guard !over.isEmpty else { return ([], events) }
        let arrivals = try EventRows.lastResolves(over.map(\.alert.id), connection)
        var revived: Set<FingerprintKey> = []
        var revivals: [PendingEvent] = []
        for (alert, pending) in over {
            let resolved = arrivals[alert.id] ?? alert.updatedAt
            guard pending.receivedAt > resolved + Self.late else { continue }
            var pending = pending
            pending.event.startedAt = pending.receivedAt
            pending.event.startIsGuessed = false
            pending.digest = pending.event.digest
            revived.insert(FingerprintKey(source: alert.source, fingerprint: alert.fingerprint))
            revivals.append(pending)
        }
        var places = Set(revivals.map { "\($0.delivery)/\($0.source.id)/\($0.event.fingerprint)" })
        let duplicates = events.filter { pending in
            // One of them for each that begins an episode: it is counted as created.
            pending.event.status == .resolved
                || places.remove("\(pending.delivery)/\(pending.source.id)/\(pending.event.fingerprint)") == nil
        }
        return (revivals, duplicates)
    }
}
