// The rule that turns what was said about moments into episodes. Pure: the same set of events, in whatever order and
// however often they arrived, gives the same episodes.

/// What has to be done about the newest episode of a fingerprint.
package enum TimelineStep: Sendable, Hashable {
    /// A new episode; the one before, if any, stays as it is.
    case create(EpisodeSpan)
    /// The newest episode, with these times now (perhaps the same as before).
    case keep(EpisodeSpan)
    /// The newest episode alone does not tell; all moments since the affected episode must be looked at.
    case needsHistory
}

/// Episodes by event time.
package enum Timeline {
    /// The episodes of a set of points, in order. A firing point after a resolved one begins an episode. More points
    /// only ever split an episode or move its borders; they never join two. Time: that of sorting.
    package static func episodes(_ points: some Sequence<TimelinePoint>) -> [EpisodeSpan] {
        var episodes: [EpisodeSpan] = []
        for point in points.sorted() {
            switch point {
            case .firing(let time):
                if let last = episodes.last, last.isOpen {
                    episodes[episodes.count - 1].lastFiring = time
                } else {
                    episodes.append(EpisodeSpan(start: time))
                }
            case .resolved(let time):
                // A resolve before any firing cannot come from an event, which always brings its start along; it
                // can be left of history that was cut off, and says nothing.
                guard let last = episodes.last else { continue }
                if last.firstResolved == nil { episodes[episodes.count - 1].firstResolved = time }
                episodes[episodes.count - 1].end = time
            }
        }
        return episodes
    }

    /// The short way: what an event does to the newest episode, decided from that episode alone whenever possible.
    ///
    /// - Parameters:
    ///   - newest: the newest episode of the fingerprint, nil when there is none.
    ///   - isOnly: whether it is the only one, so that nothing lies before it.
    package static func step(_ event: AlertEvent, newest: EpisodeSpan?, isOnly: Bool) -> TimelineStep {
        let first = firing(event.startedAt, newest: newest, isOnly: isOnly)
        guard event.status == .resolved else { return first }
        switch first {
        case .needsHistory: return .needsHistory
        case .create(let span): return resolved(event.occurredAt, in: span).map(TimelineStep.create) ?? .needsHistory
        case .keep(let span): return resolved(event.occurredAt, in: span).map(TimelineStep.keep) ?? .needsHistory
        }
    }

    private static func firing(_ time: Int64, newest: EpisodeSpan?, isOnly: Bool) -> TimelineStep {
        guard var span = newest else { return .create(EpisodeSpan(start: time)) }
        if time < span.start {
            guard isOnly else { return .needsHistory }
            span.start = time
            return .keep(span)
        }
        if let firstResolved = span.firstResolved, let end = span.end {
            if time > end { return .create(EpisodeSpan(start: time)) }
            // Between two resolves: a whole episode that we had not heard of.
            if time > firstResolved { return .needsHistory }
        }
        span.lastFiring = max(span.lastFiring, time)
        return .keep(span)
    }

    /// Nil when the moment lies between two firings, and so splits the episode.
    private static func resolved(_ time: Int64, in newest: EpisodeSpan) -> EpisodeSpan? {
        guard time >= newest.lastFiring else { return nil }
        var span = newest
        span.firstResolved = min(span.firstResolved ?? time, time)
        span.end = max(span.end ?? time, time)
        return span
    }

    /// The episode that a moment belongs to: the last one that began before it or with it.
    package static func index(of moment: Int64, in episodes: [EpisodeSpan]) -> Int? {
        var low = 0
        var high = episodes.count
        while low < high {
            let middle = (low + high) / 2
            if episodes[middle].start <= moment { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? nil : low - 1
    }
}
