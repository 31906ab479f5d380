// Takes the bodies that wait into one transaction, so that many small ones cost one commit.

import Storage
import Synchronization

/// How much may wait for the store; more is refused (503), and the sender comes again.
package struct IngestLimits: Sendable {
    package var bodies: Int
    /// A single larger body is taken when nothing else waits.
    package var events: Int

    package init(bodies: Int = 5_000, events: Int = 200_000) {
        self.bodies = bodies
        self.events = events
    }
}

/// Runs deliveries through `IngestTransaction`, one transaction at a time in this process; what arrives meanwhile goes
/// together into the next. Bounded: too much waiting is `.overloaded` at once.
final class IngestQueue: Sendable {
    private struct Waiting {
        var delivery: Delivery
        var continuation: CheckedContinuation<DeliveryOutcome, any Error>
    }

    private struct State {
        var waiting: [Waiting] = []
        var events = 0
        var isRunning = false
    }

    private let database: any Database
    private let state = Mutex(State())
    private let limits: IngestLimits
    /// Bounds how long the first body of a transaction waits for the others.
    private let batchDeliveries = 512
    private let batchEvents = 5_000

    private let shelf: RuleShelf
    private let onNotices: @Sendable () -> Void

    /// - Parameter onNotices: called after a commit that put notices into the outbox.
    init(
        database: any Database,
        limits: IngestLimits,
        shelf: RuleShelf,
        onNotices: @escaping @Sendable () -> Void
    ) {
        self.shelf = shelf
        self.onNotices = onNotices
        self.database = database
        self.limits = limits
    }

    /// What waits for the next transaction.
    var waiting: (bodies: Int, events: Int) {
        state.withLock { ($0.waiting.count, $0.events) }
    }

    /// Returns when the delivery is durable.
    ///
    /// - Throws: `DatabaseError`; nothing of the delivery was kept then, unless its outcome is unknown.
    func ingest(_ delivery: Delivery) async throws -> DeliveryOutcome {
        try await withCheckedThrowingContinuation { continuation in
            let start = state.withLock { state -> Bool? in
                let isFull =
                    state.waiting.count >= limits.bodies
                    || (!state.waiting.isEmpty && state.events + delivery.events.count > limits.events)
                if isFull { return nil }
                state.waiting.append(Waiting(delivery: delivery, continuation: continuation))
                state.events += delivery.events.count
                defer { state.isRunning = true }
                return !state.isRunning
            }
            switch start {
            case nil:
                continuation.resume(throwing: DatabaseError(.overloaded, "too many events wait for the store already"))
            case true?:
                Task { await drain() }
            case false?:
                break
            }
        }
    }

    private func drain() async {
        while let batch = take() {
            do {
                let outcomes = try await run(batch.map(\.delivery))
                for (waiting, outcome) in zip(batch, outcomes) { waiting.continuation.resume(returning: outcome) }
            } catch {
                if batch.count > 1, Self.mayBeOneBody(error) {
                    await runApart(batch)
                } else {
                    for waiting in batch { waiting.continuation.resume(throwing: error) }
                }
            }
        }
    }

    /// Whether the fault may lie in one of the bodies rather than in the store as a whole.
    private static func mayBeOneBody(_ error: any Error) -> Bool {
        guard let error = error as? DatabaseError else { return true }
        return switch error.kind {
        case .constraint, .decoding, .statement: true
        default: false
        }
    }

    /// One by one, so that a body that cannot be kept does not take others with it.
    private func runApart(_ batch: [Waiting]) async {
        for waiting in batch {
            do {
                let outcomes = try await run([waiting.delivery])
                waiting.continuation.resume(returning: outcomes.first ?? .sourceChanged)
            } catch {
                waiting.continuation.resume(throwing: error)
            }
        }
    }

    /// Another node may have been first with an episode; what it wrote is seen at the next attempt.
    private func run(_ deliveries: [Delivery]) async throws -> [DeliveryOutcome] {
        var attempts = 0
        while true {
            do {
                let shelf = shelf
                let result = try await database.write {
                    try IngestTransaction(connection: $0, shelf: shelf).run(deliveries)
                }
                if result.notices > 0 { onNotices() }
                return result.outcomes
            } catch let error as DatabaseError where error.isUniqueViolation() && attempts < 5 {
                attempts += 1
            }
        }
    }

    private func take() -> [Waiting]? {
        state.withLock { state in
            var count = 0
            var events = 0
            for waiting in state.waiting {
                if count > 0, count == batchDeliveries || events + waiting.delivery.events.count > batchEvents { break }
                count += 1
                events += waiting.delivery.events.count
            }
            guard count > 0 else {
                state.isRunning = false
                return nil
            }
            let batch = Array(state.waiting.prefix(count))
            state.waiting.removeFirst(count)
            state.events -= events
            return batch
        }
    }
}
