// The one place where a turn is accounted for, whatever way it ends.

import Identity
import OpenAIProtocol
import Providers

/// Begins with what the limits hold for it, and must be settled exactly once: slot, budget, row and metric end together.
/// It cannot be copied, and settling consumes it; one that is dropped unsettled writes its row all the same, marked
/// `abandoned`, so that a mistake in the code shows in the books instead of hiding.
struct Settlement: ~Copyable {
    private let request: AccountedRequest
    private let recorder: UsageRecorder
    private let started: ContinuousClock.Instant
    private let startedAt: Int64
    private let slots: TurnSlots
    private let prices: PriceBook
    private let metrics: TurnMetrics
    private let limits: Limits
    private var hold: LimitHold?
    /// What is left of the limits that the request fell under.
    private(set) var standing = LimitStanding()
    private var isOpen = true

    /// Reserves what the request needs.
    ///
    /// - Throws: why it may not run now. It is in the books then as any other, and nothing is held.
    static func begin(
        _ request: AccountedRequest,
        environment: TurnEnvironment
    ) async throws(OpenAIError) -> Settlement {
        var settlement = Settlement(request, environment: environment)
        do {
            if let (hold, standing) = try await environment.limits.begin(
                request,
                settlement.prices,
                at: settlement.startedAt
            ) {
                settlement.hold = hold
                settlement.standing = standing
            }
        } catch {
            var tally = TurnTally()
            tally.errorType = error.errorType
            settlement.settle(tally, as: .failed(error.error))
            throw error.error
        }
        return settlement
    }

    private init(_ request: AccountedRequest, environment: TurnEnvironment) {
        self.request = request
        recorder = environment.recorder
        slots = environment.slots
        prices = environment.prices()
        metrics = environment.metrics
        limits = environment.limits
        started = .now
        startedAt = WallClock.system.now()
        slots.enter()
    }

    deinit {
        if isOpen { close(TurnTally(), outcome: "abandoned", .oursInternal, isCounted: false) }
    }

    consuming func settle(_ tally: TurnTally, as end: TurnEnd) {
        close(tally, outcome: end.label, tally.errorType ?? ErrorType(end))
        isOpen = false
    }

    /// Charges what has been used so far; to be asked before anything more is.
    ///
    /// - Throws: the limit that is overdrawn.
    mutating func goOn(_ tally: TurnTally) async throws(OpenAIError) {
        guard let hold else { return }
        do {
            self.hold = try await limits.extend(hold, to: LimitUse(tally, tally.cost(prices).micros), prices)
        } catch {
            if let hold = error.hold { self.hold = hold }
            throw error.error
        }
    }

    /// - Parameter isCounted: whether the tally is all that was used; otherwise what was reserved stays charged.
    private borrowing func close(
        _ tally: TurnTally,
        outcome: String,
        _ errorType: ErrorType?,
        isCounted: Bool = true
    ) {
        slots.leave()
        let cost = tally.cost(prices)
        if let hold { limits.limiter.settle(hold, as: isCounted ? LimitUse(tally, cost.micros) : nil) }
        let duration = ContinuousClock.now - started
        metrics.record(
            .init(
                operation: request.operation,
                firstToken: tally.firstToken.map { $0 - started },
                duration: duration,
                errorType: errorType,
                cost: cost,
                currency: prices.currency
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
                provider: tally.target?.provider,
                model: tally.target?.model,
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

extension LimitUse {
    fileprivate init(_ tally: TurnTally, _ micros: Int64) {
        self.init(tokens: max(0, tally.usage.promptTokens + tally.usage.completionTokens), micros: micros)
    }
}

extension Duration {
    /// Whole milliseconds.
    package var milliseconds: Int64 {
        components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
    }
}
