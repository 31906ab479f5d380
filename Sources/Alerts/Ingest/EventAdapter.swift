// What an adapter is: it reads one sender's form of body into events.

package import JSON
package import Resources

/// What an adapter knows besides the body.
package struct AdapterContext: Sendable {
    /// Epoch milliseconds, UTC; stands in for times that are missing.
    package var receivedAt: Int64
    /// The zone of times that name none.
    package var zone: ZoneRule
    package var levels: LevelMap

    package init(receivedAt: Int64, zone: ZoneRule = .utc, levels: LevelMap = LevelMap()) {
        self.receivedAt = receivedAt
        self.zone = zone
        self.levels = levels
    }
}

/// Reads bodies of one form. One adapter a file.
package protocol EventAdapter: Sendable {
    /// The name in logs and tests.
    var name: String { get }

    /// Whether the body clearly has this form, judged by its members: two adapters that both say so make the body
    /// ambiguous.
    func recognises(_ body: JSONView) -> Bool

    /// Whether the body can be read so when the source's type asks for it; wider than `recognises`.
    func couldBe(_ body: JSONView) -> Bool

    /// Reads the body: good events, and what is wrong with the others.
    func read(_ body: JSONView, _ context: AdapterContext) throws(BodyFault) -> AdaptedBody
}

extension EventAdapter {
    package func couldBe(_ body: JSONView) -> Bool { recognises(body) }
}

/// What an adapter made of a body.
package struct AdaptedBody: Sendable {
    /// Events in the body, good and bad.
    package var received: Int
    package var events: [AlertEvent]
    package var problems: [EventProblem]
    /// Messages that are understood and change nothing, such as Zabbix's word of a comment; each says why.
    package var ignored: [EventProblem] = []
    /// How the body was read, when that was not certain; shown in the report.
    package var note: String?
    /// What the sender says it left out.
    package var gap: DeliveryGap?

    package init(received: Int, events: [AlertEvent] = [], problems: [EventProblem] = [], gap: DeliveryGap? = nil) {
        self.received = received
        self.events = events
        self.problems = problems
        self.gap = gap
    }
}

/// One thing that is wrong with one event.
package struct EventProblem: Error, Sendable, Hashable {
    /// The event's place in the body, from 0.
    package var index: Int
    /// The member, as in `title` or `labels.region`; empty when the event as a whole is meant.
    package var field: String
    package var message: String

    package init(index: Int, field: String, message: String) {
        self.index = index
        self.field = field
        self.message = message
    }
}

/// A body that holds no events at all: 400.
package struct BodyFault: Error, Sendable, Hashable {
    package var field: String
    package var message: String

    package init(_ field: String, _ message: String) {
        self.field = field
        self.message = message
    }
}

/// Alerts that the sender knows of and will never deliver: Alertmanager's `truncatedAlerts` (its `max_alerts`, see
/// `ops.md` section 2.4).
package struct DeliveryGap: Sendable, Hashable {
    /// How many are missing.
    package var missing: Int64
    /// Alertmanager's group, for people; opaque.
    package var group: String
    package var receiver: String

    package init(missing: Int64, group: String, receiver: String) {
        self.missing = missing
        self.group = group
        self.receiver = receiver
    }
}
