// Serves jobs on one connection: transactions, repetition, reconnecting.

import Glibc

/// Runs on a thread of its own. The connection is made when the first job comes and again after it was lost.
struct PostgreSQLWorker {
    let settings: PostgreSQLSettings
    let options: DatabaseOptions
    let queue: JobQueue
    let lane: WriteLane
    private var connection: PostgreSQLConnection?
    /// After a failed attempt to connect: its error, and when the next may be made.
    private var refusal: (error: DatabaseError, retryAt: ContinuousClock.Instant, pause: Duration)?

    /// A transaction that keeps failing for the same passing reason is given up after so many attempts.
    private static let maximumAttempts = 12
    /// After so many it runs alone.
    private static let sociableAttempts = 3
    private static let maximumReconnects = 3

    init(settings: PostgreSQLSettings, options: DatabaseOptions, queue: JobQueue, lane: WriteLane) {
        self.settings = settings
        self.options = options
        self.queue = queue
        self.lane = lane
    }

    /// What became of one attempt.
    private enum Outcome {
        case settled
        /// Nothing was kept; the reason may pass.
        case repeatable(DatabaseError)
        /// Nothing was kept; the connection has gone.
        case lost(DatabaseError)
    }

    /// Connects now, so that a wrong address is noticed at once.
    mutating func connect() throws(DatabaseError) {
        connection = try PostgreSQLConnection(settings, statementTimeout: options.statementTimeout)
    }

    /// Serves until the queue is closed and empty.
    mutating func serve() {
        while let jobs = queue.take(upTo: 1) {
            for job in jobs { serve(job) }
        }
    }

    private mutating func serve(_ job: Job) {
        var attempts = 0
        var reconnects = 0
        while true {
            let connection: PostgreSQLConnection
            do {
                connection = try connected(for: job)
            } catch {
                return job.fail(error)
            }
            let outcome =
                job.isReadOnly
                ? attempt(job, on: connection)
                : lane.run(alone: attempts >= Self.sociableAttempts) { attempt(job, on: connection) }
            switch outcome {
            case .settled:
                if connection.isLost { self.connection = nil }
                return
            case .repeatable(let error):
                attempts += 1
                if attempts >= Self.maximumAttempts { return job.fail(error) }
                // At random, so that those that collided do not collide again; 1 to 64 ms.
                Self.sleep(.microseconds(Int.random(in: 500...(1000 << min(attempts, 6)))))
            case .lost(let error):
                self.connection = nil
                reconnects += 1
                if reconnects > Self.maximumReconnects { return job.fail(error) }
            }
        }
    }

    private func attempt(_ job: Job, on connection: PostgreSQLConnection) -> Outcome {
        do {
            // Reads see one state of the store. Writes behave as if they ran one after the other, as with SQLite.
            _ = try connection.run(
                job.isReadOnly
                    ? "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" : "BEGIN ISOLATION LEVEL SERIALIZABLE"
            )
        } catch {
            if connection.isLost { return .lost(error) }
            job.fail(error)
            return .settled
        }
        let delivery: Job.Delivery
        do {
            delivery = try connection.perform(job)
        } catch {
            // The first failure decides, whatever the body has made of it.
            let cause = connection.failure
            if connection.isLost { return .lost(cause ?? Self.lost) }
            if (try? connection.run("ROLLBACK")) == nil { return .lost(cause ?? Self.lost) }
            if let cause, connection.hasStaleStatements {
                if (try? connection.forgetStatements()) == nil { return .lost(cause) }
                return .repeatable(cause)
            }
            // A body may find by itself that it came too late (see `DatabaseError.collision`).
            if let cause = cause ?? (error as? DatabaseError), PostgreSQLErrors.isTransient(cause) {
                return .repeatable(cause)
            }
            job.fail(error)
            return .settled
        }
        return commit(job, delivery, on: connection)
    }

    private func commit(_ job: Job, _ delivery: Job.Delivery, on connection: PostgreSQLConnection) -> Outcome {
        do {
            let tag = try connection.run("COMMIT")
            if tag == "COMMIT" {
                delivery()
            } else {
                job.fail(DatabaseError(.statement, "the transaction was undone, since a statement had failed"))
            }
            return .settled
        } catch {
            // An answer of the server is certain: it was not committed.
            if PostgreSQLErrors.isTransient(error) { return .repeatable(error) }
            if !connection.isLost {
                job.fail(error)
            } else if job.isReadOnly {
                return .lost(error)
            } else {
                job.fail(
                    DatabaseError(
                        .unavailable,
                        "the connection was lost during COMMIT; whether the changes were kept is unknown",
                        isOutcomeUnknown: true
                    )
                )
            }
            return .settled
        }
    }

    /// The connection, made anew where needed: tries until the job's patience is over.
    private mutating func connected(for job: Job) throws(DatabaseError) -> PostgreSQLConnection {
        if let connection { return connection }
        let deadline = job.acceptedAt + (job.patience ?? options.reconnectPatience)
        while true {
            if let refusal, refusal.retryAt > .now {
                if refusal.retryAt >= deadline { throw refusal.error }
                Self.sleep(refusal.retryAt - .now)
            }
            do {
                try connect()
                refusal = nil
                if let connection { return connection }
            } catch {
                let pause = min((refusal?.pause ?? .milliseconds(25)) * 2, .seconds(1))
                refusal = (error, .now + pause, pause)
                if .now >= deadline { throw error }
            }
        }
    }

    private static let lost = DatabaseError(.unavailable, "the connection to the server was lost")

    private static func sleep(_ time: Duration) {
        let (seconds, attoseconds) = max(time, .zero).components
        var pause = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
        nanosleep(&pause, nil)  // no signal ends it early: they are blocked in worker threads
    }
}
