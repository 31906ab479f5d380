// Which phase a transfer is in and when its patience with the other side ends.

/// The four time limits of a transfer, of which the total and at most one other run at a time.
struct TransferDeadlines {
    /// What the transfer waits for.
    enum Phase: Equatable {
        case connecting
        case awaitingHead
        case receiving
        /// Our own reader is behind: only the total limit runs.
        case paused
    }

    private let firstByte: Duration
    /// Nanoseconds; asked for with every piece.
    private let idle: Int64
    private let total: Moment
    /// The limit of the phase; nil while paused.
    private var limit: Moment?
    private(set) var phase = Phase.connecting

    init(_ timeouts: TransferTimeouts, startedAt now: Moment) {
        firstByte = timeouts.firstByte
        idle = now.advanced(by: timeouts.idle).nanoseconds - now.nanoseconds
        total = now.advanced(by: timeouts.total)
        limit = now.advanced(by: timeouts.connect)
    }

    /// The next moment at which something is too late.
    var next: Moment { limit.map { min($0, total) } ?? total }

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
        limit = Moment(nanoseconds: now.nanoseconds + idle)
    }

    /// Something was asked whose answer is a matter of its own, as in the dialogue with a mail server.
    mutating func asked(at now: Moment) {
        phase = .awaitingHead
        limit = now.advanced(by: firstByte)
    }

    mutating func paused() {
        phase = .paused
        limit = nil
    }

    mutating func unpaused(at now: Moment) {
        guard phase == .paused else { return }
        phase = .receiving
        limit = Moment(nanoseconds: now.nanoseconds + idle)
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
        return total <= now ? .totalTimeout : nil
    }
}
