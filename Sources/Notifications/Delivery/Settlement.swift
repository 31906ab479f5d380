// What an attempt's result means for the rows of its message: pure.

/// What becomes of a row.
struct RowFate: Sendable, Hashable {
    var state: NoticeState
    var attempts: Int
    /// When it is due again; for final states the time of the settlement.
    var dueAt: Int64
    /// Whether this attempt reached the receiver, or may have: then what it told stays written down, and the id it was
    /// told under. Otherwise there stands again what stood there before.
    var mayHaveArrived: Bool
}

/// The result of an attempt, or that there was none.
enum AttemptResult: Sendable, Hashable {
    case tried(DeliveryResult)
    /// Given back without an attempt.
    case released

    var outcome: String? {
        switch self {
        case .tried(.delivered(let text)), .tried(.retry(_, let text)), .tried(.refused(let text)),
            .tried(.unknown(let text)), .tried(.slowDown(_, let text)):
            text.shownReason
        case .released: nil
        }
    }
}

/// Judges a result.
struct Settlement: Sendable {
    var result: AttemptResult
    /// Of the channel's receivers.
    var canTellDuplicates: Bool
    var rule: RetryRule
    /// 0 to 1, once for a message, so that the rows of a digest stay together.
    var jitter: Double
    var now: Int64

    /// The fate of each row of the message, in their order.
    func fates(_ message: ClaimedMessage) -> [RowFate] {
        // One pause for all: a digest that may have arrived must come again as a whole.
        let most = message.rows.map(\.attempts).max() ?? 0
        return message.rows.map { fate(of: $0, pausingFor: most + 1) }
    }

    private func fate(of row: ClaimedRow, pausingFor most: Int) -> RowFate {
        let attempts = row.attempts + 1
        let isLast = attempts >= (isDoubtful(row) ? rule.maximumDoubtfulAttempts : rule.maximumAttempts)
        switch result {
        case .tried(.delivered):
            return RowFate(state: .sent, attempts: attempts, dueAt: now, mayHaveArrived: true)
        case .tried(.refused):
            return RowFate(state: .dead, attempts: attempts, dueAt: now, mayHaveArrived: false)
        case .tried(.retry(let wish, _)):
            if isLast {
                // An earlier attempt may have arrived, whatever became of this one.
                let state = row.isRepeated ? NoticeState.unknown : .dead
                return RowFate(state: state, attempts: attempts, dueAt: now, mayHaveArrived: false)
            }
            let pause = rule.pause(afterAttempts: most, wish: wish, jitter: jitter)
            return RowFate(
                state: .pending,
                attempts: attempts,
                dueAt: now + pause,
                mayHaveArrived: false
            )
        case .tried(.unknown):
            if isLast || !canTellDuplicates {
                return RowFate(state: .unknown, attempts: attempts, dueAt: now, mayHaveArrived: true)
            }
            let pause = rule.pause(afterAttempts: most, jitter: jitter)
            return RowFate(state: .pending, attempts: attempts, dueAt: now + pause, mayHaveArrived: true)
        case .tried(.slowDown(let until, _)):
            return RowFate(
                state: .pending,
                attempts: row.attempts,
                dueAt: bounded(until),
                mayHaveArrived: false
            )
        case .released:
            return RowFate(state: .pending, attempts: row.attempts, dueAt: now, mayHaveArrived: false)
        }
    }

    /// Whether this attempt or one before it may have arrived.
    private func isDoubtful(_ row: ClaimedRow) -> Bool {
        if case .tried(.unknown) = result { true } else { row.isRepeated }
    }

    /// Until when the channel waits; nil when it need not.
    var blockedUntil: Int64? {
        if case .tried(.slowDown(let until, _)) = result { bounded(until) } else { nil }
    }

    /// At least a second, or a wrong clock would make it a loop.
    private func bounded(_ until: Int64) -> Int64 {
        min(max(until, now + 1_000), now + rule.longestWish)
    }
}
