// The one place where a turn is accounted for, whatever way it ends.

import Identity
import OpenAIProtocol
import Providers

/// Must be settled exactly once. It cannot be copied, and settling consumes it; one that is dropped unsettled writes
/// its row all the same, marked `abandoned`, so that a mistake in the code shows in the books instead of hiding.
struct Settlement: ~Copyable {
    private let request: AccountedRequest
    private let recorder: UsageRecorder
    private let started: ContinuousClock.Instant
    private let startedAt: Int64
    private let slots: TurnSlots
    private let prices: PriceBook
    private let metrics: TurnMetrics
    private var isOpen = true

    init(_ request: AccountedRequest, environment: TurnEnvironment) {
        self.request = request
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
                operation: request.operation,
                firstToken: tally.firstToken.map { $0 - started },
                duration: duration,
                errorType: errorType,
                prices: prices
            ),
            tally
        )
        recorder.record(
            UsageRow(
                requestID: request.requestID,
                startedAt: startedAt,
                userID: request.caller.userID,
                username: request.caller.username,
                team: request.caller.teams.first ?? 0,
                credentialKind: request.caller.credential.kind.rawValue,
                credentialID: request.caller.credential.id,
                surface: request.surface,
                requestedModel: request.requestedModel,
                botID: request.botID,
                provider: tally.provider,
                model: tally.model,
                rounds: tally.rounds,
                tools: tally.tools,
                usage: tally.usage,
                firstTokenMilliseconds: tally.firstToken.map { ($0 - started).milliseconds },
                durationMilliseconds: duration.milliseconds,
                isStream: request.isStream,
                outcome: outcome,
                route: request.route,
                attempts: tally.attempts,
                costMicros: cost.micros,
                currency: prices.currency,
                isCostKnown: cost.isKnown,
                errorType: errorType,
                traceID: request.trace.traceID
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
