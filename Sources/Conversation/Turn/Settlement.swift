// The one place where a turn is accounted for, whatever way it ends.

import Identity
import OpenAIProtocol
import Providers

/// Must be settled exactly once. It cannot be copied, and settling consumes it; one that is dropped unsettled writes
/// its row all the same, marked `abandoned`, so that a mistake in the code shows in the books instead of hiding.
struct Settlement: ~Copyable {
    private let plan: TurnPlan
    private let recorder: UsageRecorder
    private let started: ContinuousClock.Instant
    private let startedAt: Int64
    private let slots: TurnSlots
    private let prices: PriceBook
    private let metrics: TurnMetrics
    private var isOpen = true

    init(plan: TurnPlan, environment: TurnEnvironment) {
        self.plan = plan
        recorder = environment.recorder
        slots = environment.slots
        prices = environment.prices()
        metrics = environment.metrics
        started = .now
        startedAt = WallClock.system.now()
        slots.enter()
    }

    deinit {
        if isOpen { close(TurnTally(), outcome: "abandoned", .oursInternal) }
    }

    consuming func settle(_ tally: TurnTally, as end: TurnEnd) {
        close(tally, outcome: end.label, tally.errorType ?? ErrorType(end))
        isOpen = false
    }

    private borrowing func close(_ tally: TurnTally, outcome: String, _ errorType: ErrorType?) {
        slots.leave()
        let cost = tally.cost(prices)
        let duration = ContinuousClock.now - started
        metrics.record(
            .init(
                operation: .chat,
                firstToken: tally.firstToken.map { $0 - started },
                duration: duration,
                errorType: errorType,
                prices: prices
            ),
            tally
        )
        recorder.record(
            UsageRow(
                requestID: plan.requestID,
                startedAt: startedAt,
                userID: plan.caller.userID,
                username: plan.caller.username,
                team: plan.caller.teams.first ?? 0,
                credentialKind: plan.caller.credential.kind.rawValue,
                credentialID: plan.caller.credential.id,
                surface: plan.surface,
                requestedModel: plan.requestedModel,
                botID: plan.bot?.id,
                provider: tally.provider,
                model: tally.model,
                rounds: tally.rounds,
                tools: tally.tools,
                usage: tally.usage,
                firstTokenMilliseconds: tally.firstToken.map { ($0 - started).milliseconds },
                durationMilliseconds: duration.milliseconds,
                isStream: plan.stream,
                outcome: outcome,
                route: plan.route.name,
                attempts: tally.attempts,
                costMicros: cost.micros,
                currency: prices.currency,
                isCostKnown: cost.isKnown,
                errorType: errorType,
                traceID: plan.trace.traceID
            )
        )
    }
}

extension Duration {
    /// Whole milliseconds.
    package var milliseconds: Int64 {
        components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
    }
}
