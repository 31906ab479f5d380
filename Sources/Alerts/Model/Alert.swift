// An alert: one episode of one fingerprint of one source.

/// The row as the pipeline works on it. Times are epoch milliseconds, UTC.
package struct Alert: Sendable, Hashable {
    /// 0 until it is stored.
    package var id: Int64 = 0
    package var team: Int64
    package var source: Int64
    package var fingerprint: String
    package var status: AlertStatus
    /// Only rises within an episode.
    package var level: AlertLevel
    package var levelGiven: String?
    package var title: String
    package var details: String
    package var labels: [Label]
    package var annotations: [Label]
    package var host: String
    package var link: String
    package var externalID: String
    package var eventID: String
    package var span: EpisodeSpan
    /// The latest moment that an event of the episode spoke of.
    package var lastEventAt: Int64
    /// Distinct events.
    package var eventCount: Int64
    /// The moment of the event that title, labels and so on come from.
    package var contentAt: Int64
    /// Whether that event was a firing one; those are preferred, since resolves often carry less.
    package var contentFires: Bool
    /// The newest episode of its fingerprint.
    package var isLatest: Bool
    /// There is an older episode.
    package var hasEarlier: Bool
    package var createdAt: Int64
    package var updatedAt: Int64
    /// What people and rules did to it.
    package var handling = AlertHandling()

    /// A new episode, begun by an event.
    package init(
        _ event: AlertEvent,
        span: EpisodeSpan,
        team: Int64,
        source: Int64,
        hasEarlier: Bool,
        receivedAt: Int64
    ) {
        self.team = team
        self.source = source
        fingerprint = event.fingerprint
        status = .firing
        level = event.level
        levelGiven = event.levelGiven
        title = event.title
        details = event.details
        labels = event.labels
        annotations = event.annotations
        host = event.host
        link = event.link
        externalID = event.externalID
        eventID = event.eventID
        self.span = span
        lastEventAt = event.occurredAt
        eventCount = 1
        contentAt = event.occurredAt
        contentFires = event.status == .firing
        isLatest = true
        self.hasEarlier = hasEarlier
        createdAt = receivedAt
        updatedAt = receivedAt
        settle()
    }

    /// Takes in a further event of the same episode. Apart from texts of one and the same moment, of which the last
    /// to arrive wins, the order of events does not matter.
    package mutating func absorb(_ event: AlertEvent, span: EpisodeSpan, receivedAt: Int64) {
        let fires = event.status == .firing
        if fires == contentFires {
            level = max(level, event.level)
        } else if fires {
            level = event.level
        }
        if (fires && !contentFires) || (fires == contentFires && event.occurredAt >= contentAt) {
            levelGiven = event.levelGiven
            title = event.title
            details = event.details
            labels = event.labels
            annotations = event.annotations
            host = event.host
            link = event.link
            externalID = event.externalID
            eventID = event.eventID
            contentAt = event.occurredAt
            contentFires = fires
        }
        lastEventAt = max(lastEventAt, event.occurredAt)
        eventCount += 1
        updatedAt = max(updatedAt, receivedAt)
        self.span = span
        settle()
    }

    /// Puts the status in agreement with the times. What people did stays: a closed alert stays closed.
    package mutating func settle() {
        switch (status, span.isOpen) {
        case (.closed, _), (.acknowledged, true): break
        case (_, true): status = .firing
        case (_, false): status = .resolved
        }
    }
}
