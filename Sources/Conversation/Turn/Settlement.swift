// The one place where a turn is accounted for, whatever way it ends.

import Identity
import OpenAIProtocol
import Providers

/// Begins with what the limits hold for it, and must be settled exactly once: slot, budget, row and metric end together.
/// It cannot be copied, and settling consumes it; one that is dropped unsettled writes its row all the same, marked
/// `abandoned`, so that a mistake in the code shows in the books instead of hiding.
struct Settlement: ~Copyable {
    private let books: Books

    /// What is left of the limits that the request fell under.
    var standing: LimitStanding { books.standing }
    /// Who may be asked, where a budget leaves out some of those whom the request's route leads to.
    var route: ModelRoute? { books.route }

    /// Reserves what the request needs.
    ///
    /// - Throws: why it may not run now. It is in the books and its trace then as any other, and nothing is held.
    static func begin(
        _ request: AccountedRequest,
        environment: TurnEnvironment
    ) async throws(OpenAIError) -> Settlement {
        let books = Books(request, environment)
        do {
            if let grant = try await environment.limits.begin(request, books.prices, at: books.startedAt) {
                books.hold = grant.hold
                books.standing = grant.standing
                books.route = grant.route
            }
        } catch {
            books.close(TurnTally(), outcome: TurnEnd.failed(error.error).label, error.errorType)
            request.tellTrace(TurnTally(), error: error.errorType)
            throw error.error
        }
        return Settlement(books)
    }

    private init(_ books: Books) {
        self.books = books
    }

    deinit {
        books.abandon()
    }

    consuming func settle(_ tally: TurnTally, as end: TurnEnd) {
        books.close(tally, outcome: end.label, tally.errorType ?? ErrorType(end))
    }

    /// Charges what has been used so far; to be asked before anything more is.
    ///
    /// - Throws: the limit that is overdrawn.
    func goOn(_ tally: TurnTally) async throws(OpenAIError) {
        try await books.goOn(tally)
    }
}

/// Where one request is entered: as of its beginning, whatever prices come into force while it runs.
private final class Books {
    private let request: AccountedRequest
    let environment: TurnEnvironment
    let prices: PriceBook
    /// Epoch milliseconds.
    let startedAt: Int64
    private let started: ContinuousClock.Instant
    var hold: LimitHold?
    var standing = LimitStanding()
    var route: ModelRoute?
    private var isOpen = true

    init(_ request: AccountedRequest, _ environment: TurnEnvironment) {
        self.request = request
        self.environment = environment
        prices = environment.prices()
        started = .now
        startedAt = WallClock.system.now()
        environment.slots.enter()
    }

    func goOn(_ tally: TurnTally) async throws(OpenAIError) {
        guard let hold else { return }
        do {
            let use = LimitUse(tally, tally.cost(prices).micros)
            self.hold = try await environment.limits.extend(hold, to: use, prices)
        } catch {
            if let hold = error.hold { self.hold = hold }
            throw error.error
        }
    }

    /// Closes them if nobody has.
    @inline(never)
    func abandon() {
        if isOpen { close(TurnTally(), outcome: "abandoned", .oursInternal, isCounted: false) }
    }

    /// By itself: inlined at every end of a turn it would lie in the frame that each running turn holds.
    ///
    /// - Parameter isCounted: whether the tally is all that was used; otherwise what was reserved stays charged.
    @inline(never)
    func close(
        _ tally: TurnTally,
        outcome: String,
        _ errorType: ErrorType?,
        isCounted: Bool = true
    ) {
        isOpen = false
        environment.slots.leave()
        let cost = tally.cost(prices)
        if let hold {
            environment.limits.limiter.settle(hold, as: isCounted ? LimitUse(tally, cost.micros) : nil)
        }
        let duration = ContinuousClock.now - started
        environment.metrics.record(
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
        environment.recorder.record(
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
                traceID: request.trace.traceID,
                shares: UsageShare.list(tally, cost)
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
