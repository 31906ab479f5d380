// What all turns share, and the way to stop one from outside.

package import Logging
package import Providers
import Synchronization

/// What all turns share: one object, so that a turn takes one reference to it.
package final class TurnEnvironment: Sendable {
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

    /// The same with a router of one's own.
    func routed(by router: ModelRouter) -> TurnEnvironment {
        TurnEnvironment(
            router: { router },
            recorder: recorder,
            held: held,
            approvals: approvals,
            slots: slots,
            prices: prices,
            metrics: metrics,
            limits: limits,
            logger: logger
        )
    }
}

/// What a running turn and whoever runs it tell each other.
package final class TurnControl: Sendable {
    private struct State {
        var cause = TurnEnd.CancellationCause.clientGone
        var dropped: [String] = []
        var standing = LimitStanding()
        var failure: ProviderFailure?
        var asked: (RouteTarget, attempts: Int)?
        var hasActed = false
    }

    private let state = Mutex(State())

    package init() {}

    /// Why it was cancelled, said from outside.
    package var cause: TurnEnd.CancellationCause {
        get { state.withLock { $0.cause } }
        set { state.withLock { $0.cause = newValue } }
    }

    /// The request's parameters that the target of the first round has no word for; known when `TurnEvent.began` comes.
    package var dropped: [String] { state.withLock { $0.dropped } }

    /// - Parameter dropped: see `dropped`; nil behind the first round.
    func asked(_ target: RouteTarget, attempts: Int, dropping dropped: [String]? = nil) {
        state.withLock { state in
            state.asked = (target, attempts)
            if let dropped { state.dropped = dropped }
        }
    }

    /// Who was asked last, and how often anybody was, so far; nil while nobody has been.
    package var asked: (RouteTarget, attempts: Int)? { state.withLock { $0.asked } }

    /// Whether a tool has run, known at the end: nobody should be invited to have the whole turn again.
    package internal(set) var hasActed: Bool {
        get { state.withLock { $0.hasActed } }
        set { state.withLock { $0.hasActed = newValue } }
    }

    /// What is left of the limits that the turn fell under, once it has begun.
    package internal(set) var standing: LimitStanding {
        get { state.withLock { $0.standing } }
        set { state.withLock { $0.standing = newValue } }
    }

    /// What the upstream did, for whoever wants to know more than a client is told; nil unless the turn failed by it.
    package internal(set) var failure: ProviderFailure? {
        get { state.withLock { $0.failure } }
        set { state.withLock { $0.failure = newValue } }
    }
}
