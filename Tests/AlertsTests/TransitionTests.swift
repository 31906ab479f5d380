// The tables of transitions, every cell of them.

import Alerts
import Testing

@Suite struct TransitionTests {
    private static let people = [
        ActingPerson(isOperator: false, isAdministrator: false),
        ActingPerson(isOperator: true, isAdministrator: false),
        ActingPerson(isOperator: false, isAdministrator: true),
        ActingPerson(isOperator: true, isAdministrator: true),
    ]

    /// What bk-lite.md section 2.6 and the room's README allow, written down a second time: for each action and state
    /// the target, and who may (`*` anybody, `o` operators, `a` administrators).
    private static let allowed: [AlertAction: [HandlingState: (HandlingState, String)]] = [
        .assign: [.unassigned: (.pending, "*")],
        .acknowledge: [.pending: (.processing, "o")],
        .reassign: [.pending: (.pending, "oa"), .processing: (.pending, "oa")],
        .close: [.unassigned: (.closed, "a"), .pending: (.closed, "a"), .processing: (.closed, "oa")],
        .resolve: [.unassigned: (.resolved, "a"), .pending: (.resolved, "a"), .processing: (.resolved, "oa")],
    ]

    @Test("Alerts: every action in every state by everybody")
    func alerts() {
        for action in AlertAction.allCases {
            for state in HandlingState.allCases {
                for person in Self.people {
                    let cell = Self.allowed[action]?[state]
                    let may = cell.map { Self.may(person, $0.1) } ?? false
                    let result = Result { () throws(ActionRefusal) in
                        try AlertTransition.target(of: action, from: state, by: person)
                    }
                    switch result {
                    case .success(let target):
                        #expect(may && target == cell?.0, "\(action) from \(state) by \(person) gave \(target)")
                    case .failure(let refusal):
                        #expect(!may, "\(action) from \(state) by \(person): \(refusal)")
                        #expect(refusal.message.contains(state.rawValue), "\(refusal.message) names no \(state)")
                        #expect(refusal.kind == .invalidState || cell != nil, "\(action) from \(state)")
                    }
                }
            }
        }
    }

    @Test("Incidents: every action in every state by everybody")
    func incidents() {
        for action in IncidentAction.allCases {
            for status in IncidentStatus.allCases {
                for isAssigned in [false, true] {
                    for person in Self.people {
                        let target = try? IncidentTransition.target(
                            of: action,
                            from: status,
                            isAssigned: isAssigned,
                            by: person
                        )
                        let fits = !isAssigned || person.isOperator
                        let expected: IncidentStatus? =
                            switch action {
                            case .reopen: status.isOpen ? nil : .pending
                            case .acknowledge: status == .pending && fits ? .processing : nil
                            case .assign: status.isOpen && (fits || person.isAdministrator) ? .pending : nil
                            case .close: status.isOpen && (fits || person.isAdministrator) ? .closed : nil
                            case .resolve: status.isOpen && (fits || person.isAdministrator) ? .resolved : nil
                            }
                        #expect(target == expected, "\(action) from \(status), assigned \(isAssigned), \(person)")
                    }
                }
            }
        }
    }

    @Test("bk-lite's words follow from status and operators")
    func words() {
        let cases: [(AlertStatus, Bool, HandlingState)] = [
            (.firing, false, .unassigned), (.firing, true, .pending), (.acknowledged, true, .processing),
            (.acknowledged, false, .processing), (.resolved, false, .resolved), (.closed, true, .closed),
        ]
        for (status, hasOperators, state) in cases {
            #expect(HandlingState(status: status, hasOperators: hasOperators) == state)
        }
    }

    private static func may(_ person: ActingPerson, _ who: String) -> Bool {
        who == "*" || (who.contains("o") && person.isOperator) || (who.contains("a") && person.isAdministrator)
    }
}
