// What one subject has taken: a value that both engines share.

/// The state of one subject's limits. It knows no limits and no clock: both are given to it.
struct LimitMeter: Sendable, Hashable {
    /// The last moment it saw, by its own time: milliseconds that never go back.
    var seen: Int64
    /// What its own time is ahead of the engine's clock, which may have been set back.
    var offset: Int64
    var requests: MinuteWindow
    var tokens: MinuteWindow
    var days: SpentMoney
    var months: SpentMoney
    /// Whether the money includes what was spent before it was counted here.
    var isSeeded: Bool
    /// Requests that run, by who counts them.
    var running: [String: Int]

    init(
        seen: Int64 = .min,
        offset: Int64 = 0,
        requests: MinuteWindow = MinuteWindow(),
        tokens: MinuteWindow = MinuteWindow(),
        days: SpentMoney = SpentMoney(),
        months: SpentMoney = SpentMoney(),
        isSeeded: Bool = false,
        running: [String: Int] = [:]
    ) {
        self.seen = seen
        self.offset = offset
        self.requests = requests
        self.tokens = tokens
        self.days = days
        self.months = months
        self.isSeeded = isSeeded
        self.running = running
    }

    var runningCount: Int { running.values.reduce(0, +) }

    /// Whether a new one would say the same.
    func isEmpty(at moment: Int64) -> Bool {
        guard !isSeeded, running.isEmpty else { return false }
        var meter = self
        meter.advance(to: moment)
        return meter.requests.entries.isEmpty && meter.tokens.entries.isEmpty
    }

    /// To be called before anything else is asked of it.
    ///
    /// - Parameter moment: by the engine's clock. Where that was set back, the meter's own time stands still for once:
    ///   what lay behind lies as far behind as before, and holds find what they took.
    mutating func advance(to moment: Int64) {
        if seen > moment + offset { offset = seen - moment }
        seen = moment + offset
        requests.advance(to: seen)
        tokens.advance(to: seen)
    }

    /// Begins to count money. It never ends again: another node's book may have a budget where this one's has none, and
    /// what is spent here counts against it.
    ///
    /// What the books say is a lower bound: where it is more than was counted (nothing was counted while nothing limited
    /// the subject), it holds.
    mutating func seed(_ scope: LimitScope, _ history: SpendingHistory, _ startedAt: Int64) {
        let isNew = !isSeeded
        isSeeded = true
        guard let spent = history.spent[scope] else { return }
        if isNew || BudgetPeriod.day(startedAt) == history.day { days.raise(history.day, to: spent.day) }
        if isNew || BudgetPeriod.month(startedAt) == history.month { months.raise(history.month, to: spent.month) }
    }

    /// The worst reason against a claim; nil when it can be granted.
    func refusal(_ limited: LimitedScope, _ claim: LimitClaim) -> LimitRefusal? {
        let (scope, limits) = (limited.scope, limited.limits)
        var found: [LimitRefusal] = []
        func money(_ kind: LimitKind, _ budget: Int64?, _ spent: Int64) {
            guard let budget, spent >= budget || claim.use.micros > budget - spent else { return }
            found.append(
                LimitRefusal(scope: scope, kind: kind, limit: budget, used: spent, requested: claim.use.micros)
            )
        }
        money(.budgetDay, limits.budgetDay, days[BudgetPeriod.day(claim.startedAt)])
        money(.budgetMonth, limits.budgetMonth, months[BudgetPeriod.month(claim.startedAt)])
        func rate(_ kind: LimitKind, _ limit: Int?, _ window: MinuteWindow, _ amount: Int) {
            guard let limit else { return }
            // Whoever is in debt waits, even with nothing to ask for.
            let wait = window.wait(for: amount, limit: limit, at: seen)
            guard wait != 0 else { return }
            found.append(
                LimitRefusal(
                    scope: scope,
                    kind: kind,
                    limit: Int64(limit),
                    used: Int64(window.sum),
                    requested: Int64(amount),
                    wait: wait
                )
            )
        }
        rate(.requests, limits.requestsPerMinute, requests, 1)
        rate(.tokens, limits.tokensPerMinute, tokens, claim.use.tokens)
        if let limit = limits.concurrent, runningCount >= limit {
            found.append(
                LimitRefusal(
                    scope: scope,
                    kind: .concurrent,
                    limit: Int64(limit),
                    used: Int64(runningCount),
                    requested: 1,
                    wait: 1000
                )
            )
        }
        return found.max { $0.weight < $1.weight }
    }

    mutating func take(_ limits: LimitSet, _ claim: LimitClaim, holder: String) {
        if limits.requestsPerMinute != nil { requests.take(1, at: seen) }
        if limits.tokensPerMinute != nil { tokens.take(claim.use.tokens, at: seen) }
        if isSeeded { charge(claim.use.micros, claim.startedAt) }
        running[holder, default: 0] += 1
    }

    /// Puts what is known by now in the place of what was charged.
    mutating func correct(_ hold: LimitHold, _ limited: LimitedScope, to use: LimitUse) {
        let tokens = use.tokens - hold.charged.tokens
        if let limit = limited.limits.tokensPerMinute {
            if tokens > 0 { self.tokens.owe(tokens, limit: limit, at: seen) }
            if tokens < 0, let moment = hold.takenAt[limited.scope] {
                self.tokens.giveBack(-tokens, takenAt: moment)
            }
        }
        guard isSeeded else { return }
        charge(use.micros - (hold.unpaid.contains(limited.scope) ? 0 : hold.charged.micros), hold.startedAt)
    }

    private mutating func charge(_ micros: Int64, _ moment: Int64) {
        days.add(micros, to: BudgetPeriod.day(moment))
        months.add(micros, to: BudgetPeriod.month(moment))
    }

    mutating func leave(_ holder: String) {
        guard let count = running[holder] else { return }
        running[holder] = count > 1 ? count - 1 : nil
    }

    func stand(_ limits: LimitSet, in standing: inout LimitStanding) {
        func level(_ limit: Int, _ window: MinuteWindow) -> LimitStanding.Level {
            .init(limit: limit, remaining: max(0, limit - window.sum), reset: window.reset(at: seen))
        }
        if let limit = limits.requestsPerMinute { standing.add(requests: level(limit, requests)) }
        if let limit = limits.tokensPerMinute { standing.add(tokens: level(limit, tokens)) }
    }
}
