// Which action is allowed in which state and to whom: one table, without a store.

/// Who acts, as far as the table of transitions is concerned.
package struct ActingPerson: Sendable, Hashable {
    /// One of those to whom it was given.
    package var isOperator: Bool
    /// Has the rights of an administrator.
    package var isAdministrator: Bool

    package init(isOperator: Bool, isAdministrator: Bool) {
        self.isOperator = isOperator
        self.isAdministrator = isAdministrator
    }
}

/// Why an action was not done to one alert or incident.
package struct ActionRefusal: Error, Sendable, Hashable {
    package enum Kind: String, Sendable {
        /// It is not there, or not the caller's to know of.
        case notFound = "not_found"
        /// Not in this state.
        case invalidState = "invalid_state"
        /// Not by this person.
        case notOperator = "not_operator"
        /// What the request names does not fit to it.
        case invalid
    }

    package var kind: Kind
    /// One sentence; names the present state.
    package var message: String

    package init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }
}

/// The transitions of alerts (bk-lite.md section 2.6, with what our four states make of them):
///
/// | action | from | by | to |
/// |---|---|---|---|
/// | assign | unassigned | anybody who may manage alerts | pending |
/// | acknowledge | pending | one of its operators | processing |
/// | reassign | pending, processing | one of its operators, administrators | pending |
/// | close, resolve | processing | one of its operators | closed, resolved |
/// | close, resolve | every open state | administrators | closed, resolved |
package enum AlertTransition {
    /// The state that the action leads to.
    package static func target(
        of action: AlertAction,
        from state: HandlingState,
        by person: ActingPerson
    ) throws(ActionRefusal) -> HandlingState {
        guard state.isOpen else { throw ActionRefusal(.invalidState, "It is \(state.rawValue) already.") }
        switch action {
        case .assign:
            guard state == .unassigned else {
                throw ActionRefusal(.invalidState, "It is \(state.rawValue) and has operators; reassign it.")
            }
            return .pending
        case .acknowledge:
            guard state == .pending else {
                throw ActionRefusal(
                    .invalidState,
                    state == .unassigned ? "It is unassigned; assign it first." : "It is processing already."
                )
            }
            guard person.isOperator else { throw notOperator(state, "acknowledge") }
            return .processing
        case .reassign:
            guard state != .unassigned else {
                throw ActionRefusal(.invalidState, "It is unassigned; assign it instead.")
            }
            guard person.isOperator || person.isAdministrator else { throw notOperator(state, "reassign") }
            return .pending
        case .close, .resolve:
            if !person.isAdministrator {
                guard state == .processing else {
                    throw ActionRefusal(
                        .invalidState,
                        "It is \(state.rawValue); only an administrator may \(action.rawValue) it before somebody has "
                            + "acknowledged it."
                    )
                }
                guard person.isOperator else { throw notOperator(state, action.rawValue) }
            }
            return action == .close ? .closed : .resolved
        }
    }

    private static func notOperator(_ state: HandlingState, _ verb: String) -> ActionRefusal {
        ActionRefusal(.notOperator, "It is \(state.rawValue); only its operators may \(verb) it.")
    }
}
