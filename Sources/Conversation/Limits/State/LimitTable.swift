// The state machine of limits: claims, corrections and ends on the meters of many subjects.

import Identity

/// Meters by subject. No clock, no store, no lock: engines bring those.
struct LimitTable: Sendable {
    var meters: [LimitScope: LimitMeter] = [:]
    /// What was spent before; for meters that begin to count money.
    var history = SpendingHistory()
    /// So many meters are kept before it is looked for those that say nothing.
    private(set) var patience = LimitTable.leastPatience
    static let leastPatience = 256

    /// Drops the meters that say nothing, when there are twice as many as were left the last time.
    mutating func sweep(at moment: Int64) {
        guard meters.count > patience else { return }
        meters = meters.filter { !$0.value.isEmpty(at: moment) }
        patience = max(Self.leastPatience, meters.count * 2)
    }

    /// Grants a claim by all its subjects, or by none.
    ///
    /// - Parameters:
    ///   - holder: who counts the slot.
    ///   - moment: the engine's clock, milliseconds.
    mutating func reserve(_ claim: LimitClaim, holder: String, at moment: Int64) -> LimitOutcome {
        let history = history
        var worst: LimitRefusal?
        for limited in claim.scopes {
            let refusal = change(limited.scope) { meter in
                meter.advance(to: moment)
                if limited.limits.hasBudget { meter.seed(limited.scope, history, claim.startedAt) }
                return meter.refusal(limited, claim)
            }
            if let refusal, refusal.weight >= worst?.weight ?? .min { worst = refusal }
        }
        var standing = LimitStanding()
        var takenAt: [LimitScope: Int64] = [:]
        var unpaid: [LimitScope] = []
        for limited in claim.scopes {
            change(limited.scope) { meter in
                if worst == nil {
                    meter.take(limited.limits, claim, holder: holder)
                    takenAt[limited.scope] = meter.seen
                    if !meter.isSeeded { unpaid.append(limited.scope) }
                }
                meter.stand(limited.limits, in: &standing)
            }
        }
        if let worst { return .refused(worst, standing) }
        let hold = LimitHold(
            scopes: claim.scopes,
            holder: holder,
            takenAt: takenAt,
            startedAt: claim.startedAt,
            charged: claim.use,
            unpaid: unpaid
        )
        return .granted(hold, standing)
    }

    /// Changes a subject's meter where it lies: taken out and put back, its lists would be copied.
    private mutating func change<Value>(_ scope: LimitScope, _ body: (inout LimitMeter) -> Value) -> Value {
        meters.change(scope, default: LimitMeter(), body)
    }

    /// Charges what a request has used so far where that is more than was reserved, and says whether it may go on.
    mutating func extend(_ hold: LimitHold, to use: LimitUse, at moment: Int64) -> (LimitHold, LimitRefusal?) {
        let more = LimitUse(tokens: max(use.tokens, hold.charged.tokens), micros: max(use.micros, hold.charged.micros))
        var worst: LimitRefusal?
        for limited in hold.scopes {
            guard var meter = meters[limited.scope] else { continue }
            meter.advance(to: moment)
            meter.correct(hold, limited, to: more)
            if let refusal = meter.overdraft(limited, hold.startedAt),
                refusal.weight >= worst?.weight ?? .min
            {
                worst = refusal
            }
            meters[limited.scope] = meter
        }
        var hold = hold
        hold.charged = more
        hold.unpaid = unpaid(hold.scopes)
        return (hold, worst)
    }

    /// Those whose money is not counted.
    private func unpaid(_ scopes: [LimitedScope]) -> [LimitScope] {
        scopes.map(\.scope).filter { meters[$0]?.isSeeded != true }
    }

    /// Puts another use in the place of what was charged, without a word about limits.
    mutating func correct(_ hold: LimitHold, to use: LimitUse, at moment: Int64) {
        for limited in hold.scopes {
            guard var meter = meters[limited.scope] else { continue }
            meter.advance(to: moment)
            meter.correct(hold, limited, to: use)
            meters[limited.scope] = meter
        }
    }

    /// Ends a hold.
    ///
    /// - Parameter use: what was used in truth; nil leaves the estimate charged.
    mutating func settle(_ hold: LimitHold, as use: LimitUse?, at moment: Int64) {
        for limited in hold.scopes where meters[limited.scope] != nil {
            change(limited.scope) { meter in
                meter.advance(to: moment)
                meter.correct(hold, limited, to: use ?? hold.charged)
                meter.leave(hold.holder)
            }
        }
    }
}

extension LimitMeter {
    /// The limit that more has been taken of than there is.
    func overdraft(_ limited: LimitedScope, _ startedAt: Int64) -> LimitRefusal? {
        func over(_ kind: LimitKind, _ limit: Int64?, _ used: Int64, _ wait: Int64?) -> LimitRefusal? {
            guard let limit, used > limit else { return nil }
            return LimitRefusal(scope: limited.scope, kind: kind, limit: limit, used: used, requested: 0, wait: wait)
        }
        let limits = limited.limits
        return over(.budgetMonth, limits.budgetMonth, months[BudgetPeriod.month(startedAt)], nil)
            ?? over(.budgetDay, limits.budgetDay, days[BudgetPeriod.day(startedAt)], nil)
            ?? over(
                .tokens,
                limits.tokensPerMinute.map(Int64.init),
                Int64(tokens.sum),
                limits.tokensPerMinute.flatMap { tokens.wait(for: 0, limit: $0, at: seen) }
            )
    }
}
