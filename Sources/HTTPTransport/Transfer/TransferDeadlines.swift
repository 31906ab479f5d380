// Which phase a transfer is in and when its patience with the other side ends.

import Loops

/// The four time limits of a transfer, of which the total and at most one other run at a time.
struct TransferDeadlines {
    /// What the transfer waits for.
    enum Phase: Equatable {
        case connecting
        case awaitingHead
        case receiving
        /// Our own reader is behind: no limit of the other side's runs.
        case paused
    }

    /// Nanoseconds, like what follows.
    private let firstByte: Int64
    private let idle: Int64
    /// Moves on by the time in which our reader was behind: the other side could do nothing in it.
    private var total: Moment
    /// When it ends whatever the reader does: one that takes a byte a minute must not hold a connection for ever.
    private let last: Moment
    private var pausedAt: Moment?
    /// How many times the total limit a transfer may take because of its reader.
    private static let patienceWithReader: Int64 = 4
    /// The limit of the phase; nil while paused.
    private var limit: Moment?
    private(set) var phase = Phase.connecting

    init(_ timeouts: TransferTimeouts, startedAt now: Moment) {
        firstByte = timeouts.firstByteNanoseconds
        idle = timeouts.idleNanoseconds
        total = now.advanced(by: timeouts.totalNanoseconds)
        let (longest, isTooLong) = timeouts.totalNanoseconds.multipliedReportingOverflow(by: Self.patienceWithReader)
        last = now.advanced(by: isTooLong ? .max : longest)
        limit = now.advanced(by: timeouts.connectNanoseconds)
    }

    /// The next moment at which something is too late.
    var next: Moment {
        if phase == .paused { return last }
        return limit.map { min($0, total) } ?? total
    }

    /// The request can be sent. Happens again when a pooled connection turned out to be dead.
    mutating func connected(at now: Moment) {
        guard phase == .connecting else { return }
        phase = .awaitingHead
        limit = now.advanced(by: firstByte)
    }

    /// The final head or a piece of the body has come.
    mutating func received(at now: Moment) {
        guard phase != .paused else { return }
        phase = .receiving
        limit = now.advanced(by: idle)
    }

    /// Something was asked whose answer is a matter of its own, as in the dialogue with a mail server.
    mutating func asked(at now: Moment) {
        phase = .awaitingHead
        limit = now.advanced(by: firstByte)
    }

    mutating func paused(at now: Moment) {
        guard phase != .paused else { return }
        phase = .paused
        pausedAt = now
        limit = nil
    }

    mutating func unpaused(at now: Moment) {
        guard phase == .paused else { return }
        phase = .receiving
        limit = now.advanced(by: idle)
        let waited = pausedAt.map { max(0, now.nanoseconds - $0.nanoseconds) } ?? 0
        let (moved, isTooFar) = total.nanoseconds.addingReportingOverflow(waited)
        total = isTooFar ? last : min(last, Moment(nanoseconds: moved))
        pausedAt = nil
    }

    /// What was waited for in vain; nil when there is still time.
    func expired(at now: Moment) -> TransferFailure.Kind? {
        if let limit, limit <= now, limit <= total {
            switch phase {
            case .connecting: return .connectTimeout
            case .awaitingHead: return .firstByteTimeout
            case .receiving, .paused: return .idleTimeout
            }
        }
        return (phase == .paused ? last : total) <= now ? .totalTimeout : nil
    }
}
