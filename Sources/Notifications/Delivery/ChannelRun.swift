// One channel's turn: claim, send, settle, again, until there is nothing to do or others should have their turn.

import Identity
import Logging
import Storage

struct ChannelRun: Sendable {
    let service: DeliveryService
    let channel: Int64

    /// - Returns: until when the channel is to be left alone, by the store's time; nil when it may be begun again.
    func run() async -> Int64? {
        for round in 0..<service.settings.roundsAtOnce where !Task.isCancelled {
            let begun = service.clock.now()
            do {
                switch try await claim() {
                case .nothing:
                    // Another node was quicker. If it was not that, this must not become a loop.
                    return round == 0 ? service.storeNow + 100 : nil
                case .elsewhere:
                    return service.storeNow + 50
                case .wait(let until):
                    return until
                case .closed(let rows, let reason):
                    service.count { $0.dead += Int64(rows) }
                    service.logger.warning(
                        "notices given up",
                        metadata: ["channel": "\(channel)", "notices": "\(rows)", "reason": "\(reason)"]
                    )
                    return nil
                case .claimed(let claim):
                    note(claim)
                    if claim.isEmpty { return service.storeNow + 1_000 }
                    let failures = await Delivery(service: service, claim: claim, begun: begun).run()
                    if failures >= service.settings.failuresBeforeRest {
                        return service.storeNow + service.rest(after: channel)
                    }
                }
            } catch let fault as ChannelFault {
                service.logger.error(
                    "channel cannot be opened; its notices wait",
                    metadata: ["channel": "\(channel)", "reason": "\(fault.message)"]
                )
                return service.storeNow + service.settings.longestRest
            } catch {
                service.storeFailed("notices could not be claimed", error)
                return service.storeNow + service.rest(after: channel)
            }
        }
        return nil
    }

    /// One claim.
    func claim() async throws -> ClaimResult {
        try await service.database.write { [service, channel] connection in
            try connection.relyOnRowLocks()
            return try service.claimer.claim(channel, now: try service.time(connection), on: connection)
        }
    }

    private func note(_ claim: Claim) {
        let counts = claim.counts
        service.count { statistics in
            statistics.dropped += Int64(counts.dropped)
            statistics.postponed += Int64(counts.postponed)
            statistics.takenOver += Int64(counts.takenOver)
            statistics.dead += Int64(counts.dead)
            statistics.unknown += Int64(counts.unknown)
            statistics.retries += Int64(counts.retries)
        }
        if counts.takenOver > 0 {
            service.logger.notice(
                "notices taken over from a worker that was not heard of again",
                metadata: ["channel": "\(channel)", "notices": "\(counts.takenOver)"]
            )
        }
        for fault in counts.faults {
            service.logger.error("notice not composed", metadata: ["channel": "\(channel)", "reason": "\(fault)"])
        }
        if counts.dead + counts.unknown > 0 {
            service.logger.error(
                "notices given up",
                metadata: ["channel": "\(channel)", "notices": "\(counts.dead + counts.unknown)"]
            )
        }
    }
}
