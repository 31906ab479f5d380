// What all turns share, and the way to stop one from outside.

package import Logging
package import Providers
import Synchronization

/// What all turns share.
package struct TurnEnvironment: Sendable {
    package let router: @Sendable () -> ModelRouter
    package let recorder: UsageRecorder
    package let held: HeldRounds
    package let approvals: Approvals
    package let slots: TurnSlots
    /// The prices in force.
    package let prices: @Sendable () -> PriceBook
    package let metrics: TurnMetrics
    package let limits: Limits
    package let logger: Logger

    package init(
        router: @escaping @Sendable () -> ModelRouter,
        recorder: UsageRecorder,
        held: HeldRounds,
        approvals: Approvals,
        slots: TurnSlots = TurnSlots(),
        prices: @escaping @Sendable () -> PriceBook = { .empty },
        metrics: TurnMetrics? = nil,
        limits: Limits? = nil,
        logger: Logger
    ) {
        self.router = router
        self.recorder = recorder
        self.held = held
        self.approvals = approvals
        self.slots = slots
        self.prices = prices
        self.metrics = metrics ?? TurnMetrics(isConfigured: { router().hasTarget(provider: $0, model: $1) })
        self.limits = limits ?? Limits(limiter: MemoryLimiter(), logger: logger)
        self.logger = logger
    }
}

/// Says from outside why a running turn was cancelled, and to the outside what its limits are.
package final class TurnControl: Sendable {
    private let stored = Mutex(TurnEnd.CancellationCause.clientGone)
    private let left = Mutex(LimitStanding())

    package init() {}

    package var cause: TurnEnd.CancellationCause {
        get { stored.withLock { $0 } }
        set { stored.withLock { $0 = newValue } }
    }

    /// What is left of the limits that the turn fell under, once it has begun.
    package internal(set) var standing: LimitStanding {
        get { left.withLock { $0 } }
        set { left.withLock { $0 = newValue } }
    }
}
