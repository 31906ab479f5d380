// Limits that several nodes share, exact, in PostgreSQL.

import Foundation
package import Identity
package import Logging
package import Storage
import Synchronization

/// Counts in the store, by the store's clock. What comes while a transaction is under way waits for the next one and goes
/// together: one transaction at a time for a node, so that many requests cost as few commits as one.
///
/// Slots are counted by the node that holds them, each run of it under a name of its own. A node says every few seconds
/// that it lives; when it has not for `lifetime`, its slots are free. One that was only slow takes a new name then: its
/// old slots stay free, and are not freed twice. Estimates of a node that died stay charged, since nobody knows what it
/// used.
package final class SharedLimiter: Limiter {
    /// How long a node's word holds.
    package static let lifetime = Duration.seconds(15)

    enum Work: Sendable {
        case reserve(LimitClaim)
        case extend(LimitHold, LimitUse)
        case settle(LimitHold, LimitUse?)
        /// Nothing but the node's word, and now and then order.
        case beat(sweeps: Bool)
    }

    enum Done: Sendable {
        case outcome(LimitOutcome)
        case extended(LimitHold, LimitRefusal?)
        case nothing
    }

    private struct Job {
        let work: Work
        let waiter: CheckedContinuation<Done, any Error>?
    }

    private struct State {
        var jobs: [Job] = []
        /// So many of the next go one by one: together they were refused, for the sake of one of them.
        var alone = 0
        var isRunning = false
        var isClosing = false
        /// Whether the store knows this node's name.
        var hasSpoken = false
        var holds = 0
        var node = SharedLimiter.newName()
        var history = SpendingHistory()
        var drains: [CheckedContinuation<Void, Never>] = []
    }

    private let database: any Database
    private let logger: Logger
    private let clock: WallClock
    private let lifetime: Duration
    private let state = Mutex(State())
    /// Jobs of one transaction at the most.
    private static let batch = 256
    /// Once in an hour, or so.
    private static let beatsOfASweep = 1000

    package init(
        database: any Database,
        logger: Logger,
        clock: WallClock = .system,
        lifetime: Duration = SharedLimiter.lifetime
    ) {
        self.database = database
        self.logger = logger
        self.clock = clock
        self.lifetime = lifetime
    }

    private static func newName() -> String { String(UInt64.random(in: .min ... .max), radix: 36) }

    package var holdCount: Int { state.withLock { $0.holds } }

    package func reserve(_ claim: LimitClaim) async throws -> LimitOutcome {
        guard case .outcome(let outcome) = try await ask(.reserve(claim)) else { throw CancellationError() }
        if case .granted = outcome { state.withLock { $0.holds += 1 } }
        return outcome
    }

    package func extend(_ hold: LimitHold, to use: LimitUse) async throws -> (hold: LimitHold, refusal: LimitRefusal?) {
        guard case .extended(let hold, let refusal) = try await ask(.extend(hold, use)) else {
            throw CancellationError()
        }
        return (hold, refusal)
    }

    package func settle(_ hold: LimitHold, as use: LimitUse?) {
        state.withLock { $0.holds -= 1 }
        add(Job(work: .settle(hold, use), waiter: nil))
    }

    package func adopt(_ history: SpendingHistory) async {
        state.withLock { $0.history = history }
    }

    package func readings(of scopes: [LimitScope]) async throws -> [LimitScope: LimitReading] {
        let (wall, history) = (clock.now(), state.withLock { $0.history })
        return try await database.read { connection in
            let (now, alive) = try LimitRows.nodes(connection)
            let meters = try LimitRows.meters(Set(scopes), connection)
            return Dictionary(
                scopes.map { scope in
                    guard var meter = meters[scope] else { return (scope, LimitReading(history, scope, wall: wall)) }
                    meter.forget(holdersExcept: Set(alive.keys))
                    return (scope, LimitReading(meter, at: now, wall: wall))
                },
                uniquingKeysWith: { first, _ in first }
            )
        }
    }

    package func knownScopes() async throws -> [LimitScope] {
        try await database.read { try LimitRows.scopes($0) }
    }

    package func run() async {
        var beats = 0
        while !Task.isCancelled {
            if state.withLock({ $0.hasSpoken }) {
                _ = try? await ask(.beat(sweeps: beats % Self.beatsOfASweep == 0))
                beats += 1
            }
            try? await Task.sleep(for: lifetime / 4)
        }
    }

    package func drain() async {
        await withCheckedContinuation { continuation in
            let isIdle = state.withLock { state in
                state.isClosing = true
                if state.jobs.isEmpty && !state.isRunning { return true }
                state.drains.append(continuation)
                return false
            }
            if isIdle { continuation.resume() }
        }
        let node = state.withLock { state in
            defer { state.node = Self.newName() }
            return state.node
        }
        _ = try? await database.write { try LimitRows.remove(node, $0) }
    }

    // MARK: The pump

    private func ask(_ work: Work) async throws -> Done {
        try await withCheckedThrowingContinuation { add(Job(work: work, waiter: $0)) }
    }

    private func add(_ job: Job) {
        let mustStart = state.withLock { state in
            state.jobs.append(job)
            if state.isRunning { return false }
            state.isRunning = true
            return true
        }
        if mustStart { Task { await pump() } }
    }

    /// Works until nothing is left.
    private func pump() async {
        var failures = 0
        while true {
            let (jobs, node, history, drains) = state.withLock { state in
                let jobs = Array(state.jobs.prefix(state.alone > 0 ? 1 : Self.batch))
                state.alone = max(0, state.alone - 1)
                state.jobs.removeFirst(jobs.count)
                var drains: [CheckedContinuation<Void, Never>] = []
                if jobs.isEmpty {
                    state.isRunning = false
                    swap(&drains, &state.drains)
                }
                return (jobs, state.node, state.history, drains)
            }
            for drain in drains { drain.resume() }
            if jobs.isEmpty { return }
            do {
                let work = jobs.map(\.work)
                let lifetime = lifetime.milliseconds
                let done = try await database.write { connection in
                    try Self.run(work, node: node, lifetime: lifetime, history, connection)
                }
                failures = 0
                state.withLock { $0.hasSpoken = true }
                if let done {
                    for (job, done) in zip(jobs, done) { job.waiter?.resume(returning: done) }
                } else {
                    // Others take this node for dead and have given its slots away: it goes on as a new one.
                    logger.warning("limits: this node's word ran out; its slots were given back")
                    state.withLock { state in
                        state.node = Self.newName()
                        state.jobs.insert(contentsOf: jobs, at: 0)
                    }
                }
            } catch let error as DatabaseError where error.isFinal && jobs.count > 1 {
                state.withLock { state in
                    state.alone = jobs.count
                    state.jobs.insert(contentsOf: jobs, at: 0)
                }
            } catch {
                failures += 1
                await failed(jobs, error, failures)
            }
        }
    }

    /// Whoever waits is told; what was settled is tried again, since it would be charged for ever otherwise.
    private func failed(_ jobs: [Job], _ error: any Error, _ failures: Int) async {
        let isUnknown = (error as? DatabaseError)?.isOutcomeUnknown == true
        let isFinal = (error as? DatabaseError)?.isFinal == true
        for job in jobs { job.waiter?.resume(throwing: error) }
        // Done twice a settlement would free another's slot; done not at all it is charged as estimated.
        let again = isUnknown || isFinal ? [] : jobs.filter { if case .settle = $0.work { true } else { false } }
        let isGivenUp = state.withLock { state in
            // What was granted, if it was, is freed when the old name's word runs out.
            if isUnknown { state.node = Self.newName() }
            if state.isClosing, failures > 3 { return true }
            state.jobs.insert(contentsOf: again, at: 0)
            return false
        }
        logger.error(
            "limits not counted",
            metadata: ["settlements": "\(again.count)", "given_up": "\(isGivenUp)", "reason": "\(error)"]
        )
        guard !again.isEmpty, !isGivenUp else { return }
        try? await Task.sleep(for: .milliseconds(min(2000, 100 << min(failures, 5))))
    }

    /// - Returns: what came of each; nil when the node has no word any more that could be kept.
    private static func run(
        _ work: [Work],
        node: String,
        lifetime: Int64,
        _ history: SpendingHistory,
        _ connection: any SQLConnection
    ) throws -> [Done]? {
        try LimitRows.begin(connection)
        var (now, alive) = try LimitRows.nodes(connection)
        let known = try connection.query("SELECT expires_at FROM limit_node WHERE node = $1", [.text(node)])
        // A name that has run out is never used again.
        if alive[node] == nil, !known.isEmpty { return nil }
        if (alive[node] ?? 0) < now + lifetime / 2 {
            try LimitRows.renew(node, until: now + lifetime, connection)
            alive[node] = now + lifetime
        }
        if work.contains(where: \.sweeps) { try LimitRows.sweep(at: now, connection) }
        var table = LimitTable()
        table.history = history
        table.meters = try LimitRows.meters(Set(work.flatMap(\.scopes)), connection)
        let before = table.meters
        for scope in table.meters.keys { table.meters[scope]?.forget(holdersExcept: Set(alive.keys)) }
        let done = work.map { apply($0, to: &table, node: node, at: now) }
        try LimitRows.store(table.meters.filter { !$0.value.isSame(as: before[$0.key]) }, at: now, connection)
        return done
    }

    private static func apply(_ work: Work, to table: inout LimitTable, node: String, at now: Int64) -> Done {
        switch work {
        case .reserve(let claim): return .outcome(table.reserve(claim, holder: node, at: now))
        case .extend(let hold, let use):
            let (hold, refusal) = table.extend(hold, to: use, at: now)
            return .extended(hold, refusal)
        case .settle(let hold, let use):
            table.settle(hold, as: use, at: now)
            return .nothing
        case .beat: return .nothing
        }
    }
}

extension SharedLimiter.Work {
    fileprivate var sweeps: Bool { if case .beat(sweeps: true) = self { true } else { false } }

    fileprivate var scopes: [LimitScope] {
        switch self {
        case .reserve(let claim): claim.scopes.map(\.scope)
        case .extend(let hold, _), .settle(let hold, _): hold.scopes.map(\.scope)
        case .beat: []
        }
    }
}

extension LimitMeter {
    /// Whether another differs in nothing but the time.
    fileprivate func isSame(as other: LimitMeter?) -> Bool {
        guard var other else { return false }
        other.seen = seen
        return self == other
    }
}
