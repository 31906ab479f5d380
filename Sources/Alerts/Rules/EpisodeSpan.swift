// The times of one episode: from its first firing to its last resolve.

/// An episode is a run of moments at which the thing fired, followed by a run of moments at which it was resolved.
/// Epoch milliseconds.
package struct EpisodeSpan: Sendable, Hashable {
    /// The first moment of firing.
    package var start: Int64
    /// The last moment of firing.
    package var lastFiring: Int64
    /// The first moment of being resolved; nil while it fires.
    package var firstResolved: Int64?
    /// The last moment of being resolved: when it ended. Of several resolves the latest counts, as in Alertmanager.
    package var end: Int64?

    package init(start: Int64, lastFiring: Int64? = nil, firstResolved: Int64? = nil, end: Int64? = nil) {
        self.start = start
        self.lastFiring = lastFiring ?? start
        self.firstResolved = firstResolved
        self.end = end
    }

    package var isOpen: Bool { end == nil }

    /// Its four corners as points, from which `Timeline.episodes` makes the same span again.
    package var points: [TimelinePoint] {
        var points: [TimelinePoint] = [.firing(start)]
        if lastFiring != start { points.append(.firing(lastFiring)) }
        if let firstResolved { points.append(.resolved(firstResolved)) }
        if let end, end != firstResolved { points.append(.resolved(end)) }
        return points
    }
}

/// What is known of one moment.
package enum TimelinePoint: Sendable, Hashable, Comparable {
    case firing(Int64)
    case resolved(Int64)

    package var time: Int64 {
        switch self {
        case .firing(let time), .resolved(let time): time
        }
    }

    private var order: Int {
        switch self {
        case .firing: 0
        case .resolved: 1
        }
    }

    /// By time; of one moment, firing comes first, so that an event that began and ended at once is an episode.
    package static func < (left: TimelinePoint, right: TimelinePoint) -> Bool {
        (left.time, left.order) < (right.time, right.order)
    }
}

extension AlertEvent {
    /// What the event says about moments: a resolved one fired at its start.
    package var points: [TimelinePoint] {
        switch status {
        case .firing: [.firing(startedAt)]
        case .resolved: [.firing(startedAt), .resolved(occurredAt)]
        }
    }
}
