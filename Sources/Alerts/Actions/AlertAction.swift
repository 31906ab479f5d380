// What people do to alerts, and bk-lite's words for where an alert stands.

/// An action of `POST alerts/operator/{action}/` (bk-lite.md section 2.6).
package enum AlertAction: String, Sendable, Hashable, CaseIterable {
    /// Gives it to people.
    case assign
    /// One of these people takes it.
    case acknowledge
    /// Gives it to other people, who have to take it anew.
    case reassign
    /// Ends it without saying that the thing is over.
    case close
    /// Ends it since the thing is over.
    case resolve

    /// `17 alerts assigned`.
    var participle: String {
        switch self {
        case .assign: "assigned"
        case .acknowledge: "acknowledged"
        case .reassign: "reassigned"
        case .close: "closed"
        case .resolve: "resolved"
        }
    }

    /// Whether it names people.
    var givesAway: Bool { self == .assign || self == .reassign }
    /// Whether the alert is over then.
    var ends: Bool { self == .close || self == .resolve }

    /// As in the audit log.
    var auditName: String { "alert.\(rawValue)" }
}

/// bk-lite's word for where an alert stands: a second view on status and operators, worked out and never stored.
package enum HandlingState: String, Sendable, Hashable, CaseIterable {
    /// Goes on, and nobody was asked to look at it.
    case unassigned
    /// Goes on; given to people, none of whom has taken it.
    case pending
    /// Goes on, and somebody is on it.
    case processing
    case resolved
    case closed

    package init(status: AlertStatus, hasOperators: Bool) {
        self =
            switch status {
            case .firing: hasOperators ? .pending : .unassigned
            case .acknowledged: .processing
            case .resolved: .resolved
            case .closed: .closed
            }
    }

    /// Whether the thing goes on.
    package var isOpen: Bool { self != .resolved && self != .closed }

    package static var names: [String] { allCases.map(\.rawValue) }
}

extension Alert {
    /// Where it stands in bk-lite's words.
    package var handlingState: HandlingState {
        HandlingState(status: status, hasOperators: !handling.operators.isEmpty)
    }
}
