// The bounded queue between tasks, which wait for a result, and worker threads, which wait for work.

import Synchronization

/// A body that waits to be run in a transaction.
struct Job: Sendable {
    /// Hands the result over to the waiting task; called once the transaction is durable.
    typealias Delivery = @Sendable () -> Void

    let isReadOnly: Bool
    let acceptedAt: ContinuousClock.Instant
    /// How long to wait for a server that is away; `nil`: what the database's options say.
    let patience: Duration?
    /// Runs the body. Either the delivery or `fail` must be called in the end, once.
    let run: @Sendable (any SQLConnection) throws -> Delivery
    let fail: @Sendable (any Error) -> Void
}

/// Jobs in the order in which they came.
final class JobQueue: Sendable {
    private struct State {
        var jobs: [Job?] = []
        /// The jobs before this position have been taken and are `nil`.
        var head = 0
        /// Threads that sleep, or are about to, without a signal under way to them.
        var sleepers = 0
        var isClosed = false
        /// Threads that found nothing to do, ended ones included.
        var idle = 0

        var count: Int { jobs.count - head }

        mutating func take(upTo limit: Int) -> [Job] {
            var taken: [Job] = []
            while taken.count < limit, head < jobs.count {
                if let job = jobs[head].take() { taken.append(job) }
                head += 1
            }
            if head == jobs.count {
                jobs.removeAll(keepingCapacity: head <= 1024)
                head = 0
            } else if head >= 1024 {
                jobs.removeFirst(head)
                head = 0
            }
            return taken
        }
    }

    private let state = Mutex(State())
    private let semaphore = Semaphore()
    private let maximumWaiting: Int

    init(maximumWaiting: Int) { self.maximumWaiting = maximumWaiting }

    /// Queues the body and waits for what becomes of it.
    func run<T: Sendable>(
        readOnly: Bool,
        patience: Duration? = nil,
        _ body: @escaping @Sendable (any SQLConnection) throws -> T
    ) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            let job = Job(
                isReadOnly: readOnly,
                acceptedAt: .now,
                patience: patience,
                run: { connection in
                    let value = try body(connection)
                    return { continuation.resume(returning: value) }
                },
                fail: { continuation.resume(throwing: $0) }
            )
            if let refusal = push(job) { continuation.resume(throwing: refusal) }
        }
    }

    /// Takes the oldest jobs, at most `limit`; sleeps while there are none. `nil`: closed, and none are left.
    func take(upTo limit: Int) -> [Job]? {
        var isIdle = false
        while true {
            let (jobs, isOver) = state.withLock { state -> ([Job], Bool) in
                if state.count > 0 {
                    if isIdle { state.idle -= 1 }
                    return (state.take(upTo: limit), false)
                }
                if !isIdle { state.idle += 1 }
                isIdle = true
                if state.isClosed { return ([], true) }
                state.sleepers += 1
                return ([], false)
            }
            if isOver { return nil }
            if !jobs.isEmpty { return jobs }
            semaphore.wait()
        }
    }

    /// Refuses jobs from now on; those that wait are still handed out.
    func close() {
        let sleepers = state.withLock { state in
            state.isClosed = true
            defer { state.sleepers = 0 }
            return state.sleepers
        }
        for _ in 0..<sleepers { semaphore.signal() }
    }

    /// Its part of a database's load.
    ///
    /// - Parameter threads: how many work on it; ones that have ended count as idle.
    func lane(_ name: String, threads: Int) -> DatabaseLoad.Lane {
        let (waiting, idle) = state.withLock { ($0.count, $0.idle) }
        return .init(name: name, waiting: waiting, busyThreads: max(0, threads - idle), threads: threads)
    }

    private func push(_ job: Job) -> DatabaseError? {
        let (refusal, wake) = state.withLock { state -> (DatabaseError?, Bool) in
            if state.isClosed { return (DatabaseError(.closed, "the database is closed"), false) }
            if state.count >= maximumWaiting {
                return (DatabaseError(.overloaded, "\(state.count) jobs wait for the database already"), false)
            }
            state.jobs.append(job)
            guard state.sleepers > 0 else { return (nil, false) }
            state.sleepers -= 1
            return (nil, true)
        }
        if wake { semaphore.signal() }
        return refusal
    }
}
