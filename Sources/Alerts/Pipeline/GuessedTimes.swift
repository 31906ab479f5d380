// Tells a repeated message from a new occasion, for senders that give no times.

import Storage

/// A sender without times says the same words when a thing happens again as when it says it again. Which of the two
/// it is, only the state tells: while the episode goes on it is a repetition, after its end a new occasion. So the
/// start of the episode that the message belongs to takes the place of the missing one in its digest. And a resolve is
/// that of the newest episode, be it open or over: it tells of no other.
enum GuessedTimes {
    /// Settles the digests of the events that have no times; needs the locks of the transaction.
    static func settle(_ candidates: inout [PendingEvent], _ connection: any SQLConnection) throws {
        let timeless = candidates.indices.filter { candidates[$0].event.isTimeless }
        guard !timeless.isEmpty else { return }
        let fingerprints = Set(timeless.map { candidates[$0].event.fingerprint })
        var newest: [FingerprintKey: Alert] = [:]
        for alert in try AlertRows.newest(fingerprints: fingerprints.sorted(), connection) {
            newest[FingerprintKey(source: alert.source, fingerprint: alert.fingerprint)] = alert
        }
        for place in timeless {
            let pending = candidates[place]
            let key = FingerprintKey(source: pending.source.id, fingerprint: pending.event.fingerprint)
            let span = newest[key]?.span
            let start = occasion(pending.event.status, span, receivedAt: pending.receivedAt)
            candidates[place].digest = pending.event.digest(guessedStart: start)
            if let span, pending.event.status == .resolved {
                candidates[place].event.startedAt = span.start
                candidates[place].event.endedAt = max(span.start, pending.receivedAt)
            }
        }
    }

    /// The start of the episode that a message without times speaks of.
    static func occasion(_ status: EventStatus, _ newest: EpisodeSpan?, receivedAt: Int64) -> Int64 {
        guard let newest else { return receivedAt }
        let isAfterwards = newest.end.map { receivedAt > $0 } ?? false
        return status == .firing && isAfterwards ? receivedAt : newest.start
    }
}
