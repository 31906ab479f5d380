// An event: what came in, after its adapter has read it and before it meets the store.

/// One message of a source about one thing. Times are epoch milliseconds, UTC.
package struct AlertEvent: Sendable, Hashable {
    /// Its place in the body, from 0; named in the report.
    package var index: Int
    package var fingerprint: String
    package var status: EventStatus
    /// When the thing began, as the source says; the arrival when it says nothing.
    package var startedAt: Int64
    /// When it ended, for a resolved event. Never before `startedAt`.
    package var endedAt: Int64?
    /// The sender gave no start, and `startedAt` stands for the arrival (or the end).
    package var startIsGuessed: Bool
    /// The sender gave no end, and `endedAt` stands for the arrival.
    package var endIsGuessed: Bool
    package var level: AlertLevel
    /// The sender's word for the level, when nobody knows it and `warning` stands in for it.
    package var levelGiven: String?
    package var title: String
    package var details: String
    package var labels: [Label]
    package var annotations: [Label]
    /// The machine it is about, from the labels; empty when they name none.
    package var host: String
    /// Where the sender shows it.
    package var link: String
    package var externalID: String
    package var eventID: String
    /// The event as it came: JSON text, at most `TextLimits.raw` bytes.
    package var raw: String

    package init(
        index: Int = 0,
        fingerprint: String,
        status: EventStatus,
        startedAt: Int64,
        endedAt: Int64? = nil,
        startIsGuessed: Bool = false,
        endIsGuessed: Bool = false,
        level: AlertLevel = .warning,
        levelGiven: String? = nil,
        title: String,
        details: String = "",
        labels: [Label] = [],
        annotations: [Label] = [],
        host: String = "",
        link: String = "",
        externalID: String = "",
        eventID: String = "",
        raw: String = ""
    ) {
        self.index = index
        self.fingerprint = fingerprint
        self.status = status
        self.startedAt = startedAt
        self.endedAt = endedAt
        self.startIsGuessed = startIsGuessed
        self.endIsGuessed = endIsGuessed
        self.level = level
        self.levelGiven = levelGiven
        self.title = title
        self.details = details
        self.labels = labels
        self.annotations = annotations
        self.host = host
        self.link = link
        self.externalID = externalID
        self.eventID = eventID
        self.raw = raw
    }

    /// The moment it speaks of: its start while it fires, its end when it is resolved. Decides to which episode it
    /// belongs, and whose texts are the newest.
    package var occurredAt: Int64 {
        status == .resolved ? max(startedAt, endedAt ?? startedAt) : startedAt
    }

    /// No time at all was given that could tell one occasion from another.
    package var isTimeless: Bool { startIsGuessed && (status == .firing || endIsGuessed) }

    /// Two events with one digest say the same: the second changes nothing. Covers what was said, not `raw`, so that
    /// the order of members and the sender's decorations do not matter; a guessed time is nothing that was said.
    package var digest: Int64 { digest(guessedStart: .min) }

    /// - Parameter guessedStart: stands for a start that the sender did not give.
    package func digest(guessedStart: Int64) -> Int64 {
        var hash = FNV1a()
        hash.addField(fingerprint)
        hash.addField(status.rawValue)
        hash.add(startIsGuessed ? guessedStart : startedAt)
        hash.add(endIsGuessed ? Int64.min : endedAt ?? Int64.min)
        hash.add(level.rawValue)
        for text in [title, details, link, externalID, eventID, levelGiven ?? ""] { hash.addField(text) }
        for label in labels {
            hash.addField(label.name)
            hash.addField(label.value)
        }
        hash.add(byte: 0xFE)
        for label in annotations {
            hash.addField(label.name)
            hash.addField(label.value)
        }
        return Int64(bitPattern: hash.value)
    }
}
