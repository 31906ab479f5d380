// The seam between the turns and where their limits are counted.

/// Counts what subjects take. Two engines: `MemoryLimiter` for one node, `SharedLimiter` for several.
package protocol Limiter: Sendable {
    /// Grants the claim by all its subjects or by none. A grant must be settled, whatever has become of who asked.
    ///
    /// - Throws: what the store says when it cannot be asked; nothing is held then.
    func reserve(_ claim: LimitClaim) async throws -> LimitOutcome

    /// Charges a running request with what it has used so far, and says whether a limit is overdrawn.
    func extend(_ hold: LimitHold, to use: LimitUse) async throws -> (hold: LimitHold, refusal: LimitRefusal?)

    /// Ends a hold. Never waits and never fails.
    ///
    /// - Parameter use: what was used in truth; nil leaves the estimate charged.
    func settle(_ hold: LimitHold, as use: LimitUse?)

    /// What was spent before, for subjects that begin to be counted.
    func adopt(_ history: SpendingHistory) async

    /// What the subjects have taken, those that are known.
    func readings(of scopes: [LimitScope]) async throws -> [LimitScope: LimitReading]

    /// All subjects that have been counted.
    func knownScopes() async throws -> [LimitScope]

    /// Holds of this process that are not settled.
    var holdCount: Int { get }

    /// Keeps the engine's word to other nodes until the task is cancelled.
    func run() async

    /// Returns when everything settled so far is where it belongs, or cannot be brought there; then the slots of this
    /// process are free.
    func drain() async
}

/// What a subject has taken at one moment.
package struct LimitReading: Sendable, Hashable {
    package var requests = 0
    /// Milliseconds until none of them counts any more.
    package var requestsReset: Int64 = 0
    package var tokens = 0
    package var tokensReset: Int64 = 0
    package var running = 0
    /// Spent and reserved today, in millionths.
    package var day: Int64 = 0
    package var month: Int64 = 0

    package init() {}

    /// - Parameters:
    ///   - moment: by the engine's clock.
    ///   - wall: epoch milliseconds.
    init(_ meter: LimitMeter, at moment: Int64, wall: Int64) {
        var meter = meter
        meter.advance(to: moment)
        requests = meter.requests.sum
        requestsReset = meter.requests.reset(at: meter.seen)
        tokens = meter.tokens.sum
        tokensReset = meter.tokens.reset(at: meter.seen)
        running = meter.runningCount
        day = meter.days[BudgetPeriod.day(wall)]
        month = meter.months[BudgetPeriod.month(wall)]
    }

    /// Of a subject that has not been counted yet.
    init(_ history: SpendingHistory, _ scope: LimitScope, wall: Int64) {
        guard let spent = history.spent[scope] else { return }
        if history.day == BudgetPeriod.day(wall) { day = spent.day }
        if history.month == BudgetPeriod.month(wall) { month = spent.month }
    }
}
