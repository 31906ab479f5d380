// The messages of one claim on their way: sent, timed, settled.

import Identity
import Logging
import Storage
import Synchronization

struct Delivery: Sendable {
    let service: DeliveryService
    let claim: Claim
    /// When the claim was asked for, by this node's clock.
    let begun: Int64

    /// Sends and settles every message: one receiver's in their order, those of several receivers side by side as far
    /// as the channel allows.
    ///
    /// - Returns: failures in a row at the end, over all receivers; none when the other side told us to wait.
    func run() async -> Int {
        var lanes: [[ClaimedMessage]] = []
        var lane: [String: Int] = [:]
        for message in claim.messages {
            if let index = lane[message.receiver] {
                lanes[index].append(message)
            } else {
                lane[message.receiver] = lanes.count
                lanes.append([message])
            }
        }
        let streak = FailureStreak(limit: service.settings.failuresBeforeRest)
        await withTaskGroup { group in
            var rest = lanes[...]
            for _ in 0..<claim.channel.sendsAtOnce(service.settings) {
                if let next = rest.popFirst() { group.addTask { await self.deliver(next, streak) } }
            }
            for await _ in group {
                if let next = rest.popFirst() { group.addTask { await self.deliver(next, streak) } }
            }
        }
        return streak.failures
    }

    private func deliver(_ messages: [ClaimedMessage], _ streak: FailureStreak) async {
        for message in messages {
            guard mayBegin, !streak.isOver else {
                await settle(message, title: nil, .released)
                continue
            }
            let (rendered, problem) = render(message)
            if let problem {
                service.logger.warning(
                    "template failed; a plain text was sent",
                    metadata: ["channel": "\(claim.channel.id)", "reason": "\(problem.shownReason)"]
                )
            }
            let result = await attempt(rendered, to: message.receiver)
            switch result {
            case .delivered:
                streak.succeeded()
                service.succeeded(claim.channel.id)
            case .refused: break
            case .retry, .unknown: streak.failed()
            case .slowDown: streak.block()
            }
            await settle(message, title: rendered.title, .tried(result))
        }
    }

    /// A message that begins late would still be on its way when another worker may claim it.
    private var mayBegin: Bool {
        !Task.isCancelled && service.clock.now() - begun < service.settings.startLimit
    }

    private func render(_ message: ClaimedMessage) -> (ChannelMessage, String?) {
        let contents = message.rows.map(\.content)
        if let only = contents.first, contents.count == 1 {
            return service.renderer.message(only, channel: claim.channel, messageID: message.messageID)
        }
        return service.renderer.digest(
            contents,
            total: contents.count,
            channel: claim.channel,
            messageID: message.messageID
        )
    }

    /// One attempt, bounded in time. It is not torn off when the service ends, since then nobody would know whether it
    /// arrived; it gets some time first.
    private func attempt(_ message: ChannelMessage, to receiver: String) async -> DeliveryResult {
        let channel = claim.channel
        let sender = service.sender
        let work = Task { await sender.send(message, channel: channel, receivers: receiver.isEmpty ? [] : [receiver]) }
        let limit = Self.cancel(work, after: service.settings.sendLimit)
        defer { limit.cancel() }
        return await withTaskCancellationHandler {
            await work.value
        } onCancel: { [drainTime = service.settings.drainTime] in
            _ = Self.cancel(work, after: drainTime)
        }
    }

    private static func cancel(_ work: Task<DeliveryResult, Never>, after time: Duration) -> Task<Void, Never> {
        Task {
            do { try await Task.sleep(for: time) } catch { return }
            work.cancel()
        }
    }

    /// Writes down what became of a message. Insists while the store fails, for as long as it makes sense: an outcome
    /// that is not written down means that the message is sent once more.
    private func settle(_ message: ClaimedMessage, title: String?, _ result: AttemptResult) async {
        // A task of its own, since it must be written even when the service is to end.
        await Task { await insist(on: message, title: title, result) }.value
    }

    private func insist(on message: ClaimedMessage, title: String?, _ result: AttemptResult) async {
        let jitter = service.jitter()
        var pause = Duration.milliseconds(50)
        for attempt in 1... {
            do {
                let report = try await service.database.write { [service, claim] connection in
                    try connection.relyOnRowLocks()
                    return try Settler.settle(
                        message,
                        channel: claim.channel.id,
                        title: title,
                        Settlement(
                            result: result,
                            canTellDuplicates: claim.channel.type.canTellDuplicates,
                            rule: service.settings.retry,
                            jitter: jitter,
                            now: try service.time(connection)
                        ),
                        on: connection
                    )
                }
                return note(report, message, result)
            } catch {
                service.storeFailed("a notice's outcome could not be written", error)
                let isFinal = (error as? DatabaseError)?.concernsTransaction != true
                if attempt >= Self.settlementAttempts || isFinal { return }
            }
            try? await Task.sleep(for: pause)
            pause = min(pause * 2, .seconds(5))
        }
    }

    /// About as long as a claim holds.
    private static let settlementAttempts = 16

    private func note(_ report: SettlementReport, _ message: ClaimedMessage, _ result: AttemptResult) {
        service.count { statistics in
            let sent = report.rows[.sent] ?? 0
            if sent > 0 {
                statistics.messagesSent += 1
                statistics.digestsSent += message.isDigest ? 1 : 0
                statistics.noticesSent += Int64(sent)
            }
            statistics.dead += Int64(report.rows[.dead] ?? 0)
            statistics.unknown += Int64(report.rows[.unknown] ?? 0)
            statistics.fenced += Int64(report.fenced)
            let back = Int64(report.rows[.pending] ?? 0)
            switch result {
            case .released: statistics.released += back
            case .tried(.slowDown):
                statistics.released += back
                statistics.slowDowns += 1
            case .tried: statistics.retries += back
            }
        }
        var metadata: Logger.Metadata = ["channel": "\(claim.channel.id)", "message": "\(message.messageID)"]
        if let outcome = result.outcome { metadata["reason"] = "\(outcome)" }
        if report.fenced > 0 {
            service.logger.warning("a notice was settled late; another worker has it", metadata: metadata)
        }
        if case .tried(.slowDown) = result {
            service.logger.warning("channel blocked by the other side", metadata: metadata)
        }
        if !report.lost.isEmpty {
            metadata["notices"] = "\(report.lost.count)"
            metadata["first"] = "\(report.lost.min() ?? 0)"
            let state = (report.rows[.dead] ?? 0) > 0 ? "dead letter" : "fate of a notice unknown"
            service.logger.error("\(state)", metadata: metadata)
        }
    }
}

/// Failures in a row on one channel, over the receivers that are served side by side.
final class FailureStreak: Sendable {
    private struct State {
        var failures = 0
        var isBlocked = false
    }

    private let state = Mutex(State())
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    var failures: Int { state.withLock { $0.isBlocked ? 0 : $0.failures } }
    /// Nothing more is to be begun.
    var isOver: Bool { state.withLock { $0.isBlocked || $0.failures >= limit } }
    func succeeded() { state.withLock { $0.failures = 0 } }
    func failed() { state.withLock { $0.failures += 1 } }
    func block() { state.withLock { $0.isBlocked = true } }
}
