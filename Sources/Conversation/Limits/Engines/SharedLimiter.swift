// Limits that several nodes share, in PostgreSQL.

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
///
/// No more is granted than the limits allow, all nodes together, while every node's word holds: turns of a node that was
/// slow for longer run on uncounted. Tokens taken back of a charge that nobody heard of may stay in part, never too few.
package final class SharedLimiter: Limiter {
    /// How long a node's word holds.
    package static let lifetime = Duration.seconds(15)

    private struct Job {
        let work: SharedWork
        let waiter: CheckedContinuation<SharedWork.Done, any Error>?
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
        /// Transactions that were committed or not, the last at the end. The next one finds out.
        var doubts: [SharedDoubt] = []
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

    private func ask(_ work: SharedWork) async throws -> SharedWork.Done {
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
        while let (jobs, batch) = next() {
            let note = SharedNote()
            do {
                let done = try await database.write { try batch.run($0, note) }
                failures = 0
                if let done {
                    state.withLock { state in
                        state.hasSpoken = true
                        state.doubts = []
                    }
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
                await failed(jobs, error, note.doubt, failures)
            }
        }
    }

    /// The next transaction; nil when there is nothing to do.
    private func next() -> (jobs: [Job], batch: SharedBatch)? {
        let (jobs, batch, drains) = state.withLock { state in
            let jobs = Array(state.jobs.prefix(state.alone > 0 ? 1 : Self.batch))
            state.alone = max(0, state.alone - 1)
            state.jobs.removeFirst(jobs.count)
            let batch = SharedBatch(
                work: jobs.map(\.work),
                node: state.node,
                lifetime: lifetime.milliseconds,
                history: state.history,
                doubts: state.doubts
            )
            var drains: [CheckedContinuation<Void, Never>] = []
            if jobs.isEmpty && state.doubts.isEmpty {
                state.isRunning = false
                swap(&drains, &state.drains)
            }
            return (jobs, batch, drains)
        }
        for drain in drains { drain.resume() }
        return batch.work.isEmpty && batch.doubts.isEmpty ? nil : (jobs, batch)
    }

    /// Whoever waits is told; what was settled is tried again, since it would be charged for ever otherwise.
    ///
    /// - Parameter doubt: what was done if it was committed after all.
    private func failed(_ jobs: [Job], _ error: any Error, _ doubt: SharedDoubt?, _ failures: Int) async {
        for job in jobs { job.waiter?.resume(throwing: error) }
        let isUnknown = (error as? DatabaseError)?.isOutcomeUnknown == true
        let isFinal = (error as? DatabaseError)?.isFinal == true
        // Of what is in doubt the next transaction finds out what is left to do. Done twice, a settlement would free
        // another's slot.
        let again = isUnknown ? [] : jobs.filter(\.work.isSettlement)
        let isGivenUp = state.withLock { state in
            if state.isClosing, failures > 3 {
                state.doubts = []
                return true
            }
            if isUnknown, let doubt { state.doubts.append(doubt) }
            // Nobody waits behind one that the store refuses.
            state.jobs.insert(contentsOf: again, at: isFinal ? state.jobs.count : 0)
            return false
        }
        logger.error(
            "limits not counted",
            metadata: [
                "settlements": "\(again.count)", "in_doubt": "\(isUnknown)", "given_up": "\(isGivenUp)",
                "reason": "\(error)",
            ]
        )
        guard !isGivenUp, isUnknown || !again.isEmpty || jobs.isEmpty else { return }
        try? await Task.sleep(for: .milliseconds(min(2000, 100 << min(failures, 5))))
    }
}
