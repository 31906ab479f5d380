// What happens to alerts because time has passed, and not because something came in.

import Identity
package import Logging
import Storage
import Synchronization

/// Looks every few seconds for what is due: reminders, escalations, alerts of which nothing was heard, shields that
/// ended, flapping that calmed, incidents that are over. One node of all does it, by a lease; what is due stands in the
/// store, so a restart or another node changes nothing.
package final class AlertTicker: Sendable {
    private let service: AlertsService
    private let holder: String
    private let interval: Duration
    private let logger: Logger
    private let memory = Mutex(Memory())
    private static let lease = "alerts.ticker"
    private static let leaseTime: Duration = .seconds(60)
    /// Bounds what a job does in one tick, so that the others have their turn.
    private static let maximumBatches = 200

    /// - Parameters:
    ///   - holder: tells this node from others.
    ///   - interval: between two looks.
    package init(
        _ service: AlertsService,
        holder: String,
        interval: Duration = .seconds(5),
        logger: Logger = Logger(label: "opsgate.alerts")
    ) {
        self.service = service
        self.holder = holder
        self.interval = interval
        self.logger = logger
    }

    /// Ticks until the task is cancelled. A store that does not answer is asked again.
    package func run() async {
        while !Task.isCancelled {
            do {
                try await tick()
            } catch {
                logger.warning("what is due for alerts could not be done", metadata: ["reason": "\(error)"])
            }
            try? await Task.sleep(for: interval)
        }
        if let lease = try? await Lease.acquire(Self.lease, holder: holder, for: .seconds(1), in: service.database) {
            try? await lease.release(in: service.database)
        }
    }

    /// Does all that is due now, in batches of at most `TickBatch.size` rows, each in a transaction of its own. A job
    /// that fails is logged and tried again with the next tick; the others are done.
    ///
    /// - Returns: how many rows were looked at; nil when another node ticks.
    /// - Throws: `DatabaseError` when the store cannot be asked at all.
    @discardableResult
    package func tick() async throws -> Int? {
        let lease = try await Lease.acquire(Self.lease, holder: holder, for: Self.leaseTime, in: service.database)
        guard let lease else { return nil }
        let stamp = try await service.database.read { try RuleRows.stamp($0) }
        let minute = service.clock.now() / 60_000
        let known = memory.withLock { memory in
            // Where a job went on to is good for the rules of that time only.
            if memory.stamp != stamp { memory.places = [:] }
            memory.stamp = stamp
            return memory
        }
        // What an ingest that goes by older rules is about to keep would not be seen, and not be looked for again.
        if known.looked != stamp { try await service.database.write { try PipelineLocks.waitForIngest($0) } }
        var round = Round(hasNewRules: known.looked != stamp, isNewMinute: known.minute != minute)
        for job in Self.jobs {
            do {
                try await run(job, lease, from: known.places[job.name] ?? 0, &round)
            } catch {
                round.isComplete = false
                logger.warning(
                    "what is due for alerts could not be done",
                    metadata: ["job": "\(job.name)", "reason": "\(error)"]
                )
            }
            if Task.isCancelled { return round.rows }
        }
        let (isComplete, places) = (round.isComplete, round.places)
        memory.withLock { memory in
            memory.places = places
            guard isComplete else { return }
            memory.looked = stamp
            memory.minute = minute
        }
        return round.rows
    }

    /// What a node remembers from tick to tick; without it, everything is looked at once more.
    private struct Memory {
        /// The rules by which everything hidden or waiting was last looked at, to the end.
        var looked: RuleStamp?
        /// The minute in which that was done last.
        var minute: Int64?
        /// The rules of the last tick, and the rows at which its jobs had to stop.
        var stamp: RuleStamp?
        var places: [String: Int64] = [:]
    }

    /// One tick.
    private struct Round {
        let hasNewRules: Bool
        let isNewMinute: Bool
        var rows = 0
        /// No job failed or left anything over.
        var isComplete = true
        var places: [String: Int64] = [:]
    }

    private struct Job: Sendable {
        let name: String
        let run: @Sendable (inout TickBatch) throws -> TickResult
    }

    private static let jobs = [
        Job(name: "hidden", run: HiddenAlerts.run), Job(name: "held", run: HeldAlerts.run),
        Job(name: "unassigned", run: UnassignedAlerts.run), Job(name: "silent", run: SilentAlerts.run),
        Job(name: "calmed", run: CalmedAlerts.run), Job(name: "reminders", run: Reminders.run),
        Job(name: "escalations", run: Escalations.run), Job(name: "finished incidents", run: FinishedIncidents.run),
    ]

    private func run(_ job: Job, _ lease: Lease, from place: Int64, _ round: inout Round) async throws {
        let (hasNewRules, isNewMinute) = (round.hasNewRules, round.isNewMinute)
        var after = place
        for _ in 0..<Self.maximumBatches {
            let (service, start) = (service, after)
            let now = service.clock.now()
            let result = try await service.database.write { connection -> TickResult in
                let rules = try AlertEffects.begin(service.shelf, connection)
                try lease.confirm(on: connection)
                var batch = TickBatch(
                    work: PipelineWork(connection: connection, rules: rules, now: now),
                    audit: service.auditSink,
                    after: start,
                    hasNewRules: hasNewRules,
                    isNewMinute: isNewMinute
                )
                return try job.run(&batch)
            }
            round.rows += result.rows
            if result.skipped > 0 { round.isComplete = false }
            if result.notices > 0 { service.onNotices() }
            guard result.rows >= TickBatch.size else { return }
            after = result.last
        }
        round.isComplete = false
        round.places[job.name] = after
    }
}
