// The states of an event and of an alert.

/// What an event says of the thing it is about.
package enum EventStatus: String, Sendable, Hashable {
    case firing
    case resolved
}

/// The state of an alert (one episode). `firing` and `resolved` follow from events; the others are what people and
/// rules do to an alert.
package enum AlertStatus: String, Sendable, Hashable, CaseIterable {
    case firing
    /// Firing, and somebody is on it.
    case acknowledged
    /// The source said that it is over.
    case resolved
    /// Ended by a person or a rule; later events of the episode do not open it again.
    case closed

    /// Whether the thing is, as far as we know, still going on.
    package var isOpen: Bool { self == .firing || self == .acknowledged }

    package static var names: [String] { allCases.map(\.rawValue) }
}
