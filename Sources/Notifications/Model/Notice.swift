// A notice: one thing to be told to one receiver over one channel. The outbox keeps it until it is told.

package import JSON

/// What a notice is about.
package enum NoticeTopic: Sendable, Hashable {
    /// An alert, which is one episode.
    case alert(Int64)
    case incident(Int64)

    /// `alert` or `incident`, as in the column `topic_type`.
    package var type: String {
        switch self {
        case .alert: "alert"
        case .incident: "incident"
        }
    }

    package var id: Int64 {
        switch self {
        case .alert(let id), .incident(let id): id
        }
    }

    package init?(type: String, id: Int64) {
        switch type {
        case "alert": self = .alert(id)
        case "incident": self = .incident(id)
        default: return nil
        }
    }
}

/// Why somebody is told. The raw value stands in the store and in `notification` rows.
package enum NoticeTransition: String, Sendable, Hashable, CaseIterable {
    /// It was given to these people: the first they hear of it.
    case assignment
    /// Nobody has taken it for too long.
    case escalation
    /// It still goes on; numbered.
    case reminder
    /// Its level rose.
    case raised
    /// It is over. Told only to those who were told that it began.
    case recovered
    case incidentOpened = "incident_opened"
    case incidentClosed = "incident_closed"
}

/// A notice to be put into the outbox.
package struct Notice: Sendable, Hashable {
    package var team: Int64
    /// The channel's row.
    package var channel: Int64
    /// A username (see `ContactBook`) or a mail address; empty when the channel itself is the receiver (robot, webhook).
    package var receiver: String
    package var topic: NoticeTopic
    package var transition: NoticeTransition
    /// Tells repetitions of one transition apart: reminders, reassignments. 0 for what happens once.
    package var sequence: Int64
    /// The level's name at the time, for digests and for the order in which waiting notices go.
    package var level: String
    /// What the composer needs besides the topic, such as the person who assigned it.
    package var payload: JSONObject

    package init(
        team: Int64,
        channel: Int64,
        receiver: String,
        topic: NoticeTopic,
        transition: NoticeTransition,
        sequence: Int64 = 0,
        level: String,
        payload: JSONObject = [:]
    ) {
        self.team = team
        self.channel = channel
        self.receiver = receiver
        self.topic = topic
        self.transition = transition
        self.sequence = sequence
        self.level = level
        self.payload = payload
    }

    /// The same notice is told once: (topic, which for alerts is the episode; transition; sequence; channel; receiver).
    package var idempotencyKey: String {
        "\(topic.type)/\(topic.id)/\(transition.rawValue)/\(sequence)/\(channel)/\(receiver)"
    }
}
