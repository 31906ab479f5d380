// What turns ask of shared limits, as the jobs of a transaction.

/// One job. Those of a transaction are done in their order.
enum SharedWork: Sendable {
    case reserve(LimitClaim)
    case extend(LimitHold, LimitUse)
    case settle(LimitHold, LimitUse?)
    /// Takes back what a hold was charged more, of which whoever asked never heard.
    case takeBack(LimitHold, to: LimitUse)
    /// Nothing but the node's word, and now and then order.
    case beat(sweeps: Bool)

    enum Done: Sendable {
        case outcome(LimitOutcome)
        case extended(LimitHold, LimitRefusal?)
        case nothing
    }

    var sweeps: Bool { if case .beat(sweeps: true) = self { true } else { false } }
    var isSettlement: Bool { if case .settle = self { true } else { false } }

    var scopes: [LimitScope] {
        switch self {
        case .reserve(let claim): claim.scopes.map(\.scope)
        case .extend(let hold, _), .settle(let hold, _), .takeBack(let hold, _): hold.scopes.map(\.scope)
        case .beat: []
        }
    }

    func apply(to table: inout LimitTable, node: String, at now: Int64) -> Done {
        switch self {
        case .reserve(let claim): return .outcome(table.reserve(claim, holder: node, at: now))
        case .extend(let hold, let use):
            let (hold, refusal) = table.extend(hold, to: use, at: now)
            return .extended(hold, refusal)
        case .settle(let hold, let use):
            table.settle(hold, as: use, at: now)
            return .nothing
        case .takeBack(let hold, let use):
            table.correct(hold, to: use, at: now)
            return .nothing
        case .beat: return .nothing
        }
    }

    /// What takes a job back that was done though whoever asked was told that it was not. A settlement stands.
    func undoing(_ done: Done) -> SharedWork? {
        switch (self, done) {
        case (.reserve, .outcome(.granted(let hold, _))): .settle(hold, LimitUse())
        case (.extend(let before, _), .extended(let after, _)): .takeBack(after, to: before.charged)
        default: nil
        }
    }
}
