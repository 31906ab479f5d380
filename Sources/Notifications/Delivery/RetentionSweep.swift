// Removes what has been over for long, slowly, on one node at a time.

import Identity
import Logging
import Resources
import Storage

struct RetentionSweep: Sendable {
    let database: any Database
    let settings: DeliverySettings
    let clock: WallClock
    let logger: Logger
    /// Tells this node's lease from others'.
    private let holder: String

    init(database: any Database, settings: DeliverySettings, clock: WallClock, logger: Logger) {
        self.database = database
        self.settings = settings
        self.clock = clock
        self.logger = logger
        holder = "delivery-\(UInt64.random(in: 0 ... .max))"
    }

    private static let lease = "notification.retention"
    private static let leaseTime = Duration.seconds(600)
    /// Between two slices, so that senders are not held up.
    private static let breath = Duration.milliseconds(50)

    /// Sweeps from time to time until the task is cancelled.
    func run(_ removed: (Int) -> Void) async {
        while !Task.isCancelled {
            do {
                removed(try await sweep())
            } catch is CancellationError {
                return
            } catch {
                logger.warning("old notices could not be removed", metadata: ["reason": "\(error)"])
            }
            do { try await Task.sleep(for: settings.sweepInterval) } catch { return }
        }
    }

    /// Removes everything that is old enough, slice by slice; how much. 0 when another node is at it.
    func sweep() async throws -> Int {
        guard var lease = try await Lease.acquire(Self.lease, holder: holder, for: Self.leaseTime, in: database) else {
            return 0
        }
        let before = clock.now() - settings.retention.wholeMilliseconds
        let size = settings.sweepSize
        var total = 0
        while true {
            let held = lease
            let count = try await database.write { connection in
                try held.confirm(on: connection)
                return try connection.execute(
                    fragment: """
                        DELETE FROM notification WHERE id IN (
                            SELECT id FROM notification WHERE \(raw: NoticeState.isOver) AND updated_at < \(before)
                            ORDER BY updated_at LIMIT \(size))
                        """
                )
            }
            total += count
            guard count == size else { break }
            try await Task.sleep(for: Self.breath)
            guard let renewed = try await lease.renew(for: Self.leaseTime, in: database) else { return total }
            lease = renewed
        }
        try await lease.release(in: database)
        if total > 0 { logger.info("old notices removed", metadata: ["notices": "\(total)"]) }
        return total
    }
}
