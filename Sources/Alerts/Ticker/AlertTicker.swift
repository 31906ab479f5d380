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
    /// The rules by which everything hidden or waiting was last looked at.
    private let looked = Mutex<RuleStamp?>(nil)
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

    /// Does all that is due now, in batches of at most `TickBatch.size` rows, each in a transaction of its own.
    ///
    /// - Returns: how many rows were looked at; nil when another node ticks.
    /// - Throws: `DatabaseError`; what was done until then stays done.
    @discardableResult
    package func tick() async throws -> Int? {
        let lease = try await Lease.acquire(Self.lease, holder: holder, for: Self.leaseTime, in: service.database)
        guard let lease else { return nil }
        let stamp = try await service.database.read { try RuleRows.stamp($0) }
        let hasNewRules = looked.withLock { $0 } != stamp
        var rows = 0
        for job in Self.jobs {
            rows += try await run(job, lease, hasNewRules: hasNewRules)
        }
        looked.withLock { $0 = stamp }
        return rows
    }

    private typealias Job = @Sendable (inout TickBatch) throws -> TickResult

    private static let jobs: [Job] = [
        HiddenAlerts.run, HeldAlerts.run, SilentAlerts.run, CalmedAlerts.run, Reminders.run, Escalations.run,
        FinishedIncidents.run,
    ]

    private func run(_ job: @escaping Job, _ lease: Lease, hasNewRules: Bool) async throws -> Int {
        var rows = 0
        var after: Int64 = 0
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
                    hasNewRules: hasNewRules
                )
                return try job(&batch)
            }
            rows += result.rows
            if result.notices > 0 { service.onNotices() }
            guard result.rows >= TickBatch.size else { break }
            after = result.last
        }
        return rows
    }
}
