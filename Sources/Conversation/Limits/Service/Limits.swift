// The limits in force: what turns ask, and what is told of them.

package import Identity
package import Logging
import OpenAIProtocol
import Providers
package import Storage
import Synchronization

/// The desk of limits. One for a process.
package final class Limits: Sendable {
    private struct State {
        var book = LimitBook()
        var refused: [Refused: Int] = [:]
        /// When what was spent before is read once more.
        var readsAgainAt: Int64?
    }

    struct Refused: Hashable {
        let scope: LimitScope.Kind
        let kind: LimitKind
    }

    package let limiter: any Limiter
    private let database: (any Database)?
    private let sources: LimitSources
    /// Whether models without a price may be used under a budget, which they then cost nothing.
    private let allowsUnpriced: Bool
    private let logger: Logger
    private let clock: WallClock
    private let state = Mutex(State())
    private let reloading = ReloadTurn()

    /// - Parameter database: holds `limit_rule` and the books; nil for limits that are given by `use`.
    package init(
        limiter: any Limiter,
        database: (any Database)? = nil,
        sources: LimitSources = LimitSources(),
        allowsUnpriced: Bool = false,
        logger: Logger,
        clock: WallClock = .system
    ) {
        self.limiter = limiter
        self.database = database
        self.sources = sources
        self.allowsUnpriced = allowsUnpriced
        self.logger = logger
        self.clock = clock
    }

    /// The engine that fits a store: in memory for one node, shared where several may be.
    package static func limiter(for database: any Database, logger: Logger) -> any Limiter {
        switch database.dialect {
        case .sqlite: MemoryLimiter()
        case .postgresql: SharedLimiter(database: database, logger: logger)
        }
    }

    package var book: LimitBook { state.withLock { $0.book } }

    /// Puts a book in force. Money that was spent before counts from here on.
    package func use(_ book: LimitBook) async throws {
        let reads = book.hasBudgets && book != self.book
        if reads { try await readHistory(for: book) }
        let now = clock.now()
        state.withLock { state in
            state.book = book
            if reads { state.readsAgainAt = now + Self.settling }
        }
    }

    /// Milliseconds after which rows are written that were on their way, here and on other nodes, when limits began to
    /// count.
    static let settling: Int64 = 5000

    private func readHistory(for book: LimitBook) async throws {
        guard let database else { return }
        let common = sources.routeSubject
        let history = try await SpendingHistory.read(database, now: clock.now()) { book.subject(ofRoute: $0, common) }
        await limiter.adopt(history)
    }

    private func readHistoryAgain() async throws {
        let now = clock.now()
        guard let moment = state.withLock({ $0.readsAgainAt }), now >= moment else { return }
        try await readHistory(for: book)
        state.withLock { $0.readsAgainAt = nil }
    }

    /// Reads the sources again.
    package func reload() async throws {
        guard let database else { return }
        // One at a time, so that an older state never takes the place of a newer one.
        try await reloading.run {
            let stored = try await database.read { try LimitSources.stored($0) }
            let book = self.sources.book(with: stored)
            guard book != self.book else { return try await self.readHistoryAgain() }
            try await self.use(book)
            self.logger.notice("limits in force", metadata: ["limits": "\(book.entries.count)"])
        }
    }

    /// Looks for changes of files, of this node and of others, every second, until the task is cancelled.
    package func watch() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.limiter.run() }
            group.addTask {
                while !Task.isCancelled {
                    try? await Task.sleep(for: .seconds(1))
                    if Task.isCancelled { return }
                    do {
                        try await self.reload()
                    } catch {
                        self.logger.warning("limits not read", metadata: ["reason": "\(error)"])
                    }
                }
            }
        }
    }

    // MARK: Turns

    /// What a request must hold while it runs; nil when nothing limits it.
    ///
    /// - Throws: the reason for which it may not run, or that the store cannot be asked.
    func begin(
        _ request: AccountedRequest,
        _ prices: PriceBook,
        at wall: Int64
    ) async throws(LimitsFailure) -> (hold: LimitHold, standing: LimitStanding, route: ModelRoute?)? {
        let scopes = state.withLock { $0.book }.limited(request, sources.routeSubject)
        guard !scopes.isEmpty else { return nil }
        let route = try payable(request, scopes, prices)
        var estimate = request.estimate
        if let first = route?.targets.first { estimate.model = first.name }
        let claim = estimate.claim(on: scopes, prices, at: wall)
        let outcome: LimitOutcome
        do {
            outcome = try await limiter.reserve(claim)
        } catch {
            throw unavailable(error)
        }
        switch outcome {
        case .granted(let hold, let standing): return (hold, standing, route)
        case .refused(let refusal, let standing): throw refused(refusal, prices, standing)
        }
    }

    /// The part of a request's route that a budget can pay: nobody without a price is asked under one, first or last. nil
    /// where that is all of it.
    ///
    /// - Throws: what the client is told when nobody is left; whoever only stands in is nobody.
    private func payable(
        _ request: AccountedRequest,
        _ scopes: [LimitedScope],
        _ prices: PriceBook
    ) throws(LimitsFailure) -> ModelRoute? {
        guard !allowsUnpriced, let limited = scopes.first(where: { $0.limits.hasBudget }),
            let targets = request.asks?.targets,
            let unpriced = targets.first(where: { prices.price(of: $0.name) == nil })
        else { return nil }
        let priced = targets.filter { prices.price(of: $0.name) != nil }
        let offline = ModelRouter.offlineProvider
        if targets.first?.provider == offline || priced.contains(where: { $0.provider != offline }) {
            return ModelRoute(name: request.route, targets: priced, retries: request.asks?.retries ?? 0)
        }
        count(limited.scope.kind, limited.limits.budgetDay == nil ? .budgetMonth : .budgetDay)
        throw LimitsFailure(error: .unpriced(unpriced.name, limited.scope.kind), errorType: .policyAccessDenied)
    }

    private func count(_ scope: LimitScope.Kind, _ kind: LimitKind) {
        state.withLock { $0.refused[Refused(scope: scope, kind: kind), default: 0] += 1 }
    }

    /// Charges a turn with what it has used and ends it when a limit is overdrawn.
    func extend(_ hold: LimitHold, to use: LimitUse, _ prices: PriceBook) async throws(LimitsFailure) -> LimitHold {
        let result: (hold: LimitHold, refusal: LimitRefusal?)
        do {
            result = try await limiter.extend(hold, to: use)
        } catch {
            // It has been let in; its end will be charged.
            return hold
        }
        if let refusal = result.refusal {
            var failure = refused(refusal, prices, LimitStanding())
            failure.hold = result.hold
            throw failure
        }
        return result.hold
    }

    private func refused(_ refusal: LimitRefusal, _ prices: PriceBook, _ standing: LimitStanding) -> LimitsFailure {
        count(refusal.scope.kind, refusal.kind)
        var error = refusal.error(currency: prices.currency)
        error.headers = standing.headers
        return LimitsFailure(error: error, errorType: refusal.errorType)
    }

    /// Whoever has limits does not run without them.
    private func unavailable(_ error: any Error) -> LimitsFailure {
        logger.error("limits cannot be asked", metadata: ["reason": "\(error)"])
        return LimitsFailure(
            error: .overloaded("the store of the limits does not answer."),
            errorType: .oursOverloaded
        )
    }

    // MARK: Metrics

    /// Refusals by scope and kind, and holds.
    package var families: [MetricFamily] {
        let refused = state.withLock { $0.refused }
        let samples = LimitScope.Kind.allCases.flatMap { scope in
            LimitKind.allCases.map { kind in
                MetricFamily.Sample(
                    Double(refused[Refused(scope: scope, kind: kind)] ?? 0),
                    labels: [.init("scope", scope.rawValue), .init("kind", kind.rawValue)]
                )
            }
        }
        return [
            MetricFamily("opsgate_limit_refused_total", "Requests that a limit refused.", .counter, samples),
            MetricFamily(
                "opsgate_limit_holds",
                "Reservations of this process that are not settled.",
                .gauge,
                Double(limiter.holdCount)
            ),
        ]
    }
}

/// Why a turn may not begin or go on.
struct LimitsFailure: Error {
    var error: OpenAIError
    var errorType: ErrorType
    /// The hold as it is now, where it is a running turn's.
    var hold: LimitHold?
}

/// Lets one task after the other through.
private actor ReloadTurn {
    private var last: Task<Void, any Error>?

    func run(_ body: @escaping @Sendable () async throws -> Void) async throws {
        let before = last
        let task = Task {
            _ = await before?.result
            try await body()
        }
        last = task
        try await task.value
    }
}
