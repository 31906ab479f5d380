// What people do to incidents, and which of it is allowed when and to whom.

/// Where an incident stands (bk-lite.md section 2.4).
package enum IncidentStatus: String, Sendable, Hashable, CaseIterable {
    case pending
    /// Somebody is on it.
    case processing
    /// All its alerts are over, or a person said so.
    case resolved
    /// Ended by a person.
    case closed

    package var isOpen: Bool { self == .pending || self == .processing }
    package static var names: [String] { allCases.map(\.rawValue) }
}

/// An action of `POST incident/operator/{action}/`.
package enum IncidentAction: String, Sendable, Hashable, CaseIterable {
    case acknowledge
    case close
    case resolve
    case reopen
    case assign

    /// `17 incidents closed`.
    var participle: String {
        switch self {
        case .acknowledge: "acknowledged"
        case .close: "closed"
        case .resolve: "resolved"
        case .reopen: "reopened"
        case .assign: "assigned"
        }
    }

    var ends: Bool { self == .close || self == .resolve }
    /// As in the audit log.
    var auditName: String { "incident.\(rawValue)" }
}

/// The transitions of incidents:
///
/// | action | from | by | to |
/// |---|---|---|---|
/// | assign | pending, processing | whoever is on it; anybody while it has no operators | pending |
/// | acknowledge | pending | one of its operators; anybody while it has none, who then is its operator | processing |
/// | close, resolve | pending, processing | whoever is on it; anybody while it has no operators | closed, resolved |
/// | reopen | resolved, closed | anybody who may manage alerts | pending |
///
/// Administrators may do all of it but acknowledge what was given to others.
package enum IncidentTransition {
    /// - Parameter isAssigned: it has operators.
    package static func target(
        of action: IncidentAction,
        from status: IncidentStatus,
        isAssigned: Bool,
        by person: ActingPerson
    ) throws(ActionRefusal) -> IncidentStatus {
        if action == .reopen {
            guard !status.isOpen else { throw ActionRefusal(.invalidState, "It is \(status.rawValue), not over.") }
            return .pending
        }
        guard status.isOpen else {
            throw ActionRefusal(.invalidState, "It is \(status.rawValue) already; reopen it first.")
        }
        if action == .acknowledge, status == .processing {
            throw ActionRefusal(.invalidState, "It is processing already.")
        }
        let mayAsAdministrator = person.isAdministrator && action != .acknowledge
        guard !isAssigned || person.isOperator || mayAsAdministrator else {
            throw ActionRefusal(
                .notOperator,
                "It is \(status.rawValue); only its operators may \(action.rawValue) it."
            )
        }
        return switch action {
        case .assign, .reopen: .pending
        case .acknowledge: .processing
        case .close: .closed
        case .resolve: .resolved
        }
    }
}
