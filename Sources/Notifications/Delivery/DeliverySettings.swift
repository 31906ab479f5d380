// The numbers of delivery: patience, bounds, pace.

/// How the outbox is worked through. The defaults are what a program wants; tests shorten them.
package struct DeliverySettings: Sendable {
    /// How long a claim holds; longer than `startLimit` and `sendLimit` together.
    package var lease: Int64 = 60_000
    /// How long after its claim a message may still be begun, in milliseconds; later it is handed back.
    package var startLimit: Int64 = 15_000
    /// How long one attempt may take before its task is cancelled.
    package var sendLimit: Duration = .seconds(40)
    /// How long attempts under way may go on when the service is to end.
    package var drainTime: Duration = .seconds(8)
    /// Channels worked on at once by one node.
    package var channelsAtOnce = 32
    /// Claims after which a channel lets others go first.
    package var roundsAtOnce = 8
    /// Messages of one claim to different receivers that are sent at the same time, for channels with receivers.
    package var messagesAtOnce = 4
    /// Messages that one claim takes, of a channel without a pace.
    package var messagesPerClaim = 16
    /// Rows that one digest holds, and that one claim looks at.
    package var digestLimit = 1_000
    /// The longest pause between two looks at the store.
    package var idleInterval: Int64 = 1_500
    /// How long a channel rests that failed some times in a row; doubled up to `longestRest`.
    package var firstRest: Int64 = 2_000
    package var longestRest: Int64 = 60_000
    /// Failures in a row after which a channel rests, so that a dead server does not eat every row's attempts.
    package var failuresBeforeRest = 3
    package var retry = RetryRule()
    /// How long rows in a final state are kept.
    package var retention: Duration = .seconds(90 * 86_400)
    /// Between two looks for rows that are to be removed.
    package var sweepInterval: Duration = .seconds(3_600)
    /// Rows removed in one transaction.
    package var sweepSize = 500

    package init() {}
}

/// When an attempt that failed is repeated, and how often.
package struct RetryRule: Sendable, Hashable {
    /// The first pause, in milliseconds; each following is twice as long.
    package var firstPause: Int64 = 5_000
    package var longestPause: Int64 = 3_600_000
    /// After so many attempts a notice is given up: with the pauses above, 10 hours after the first, or 5 if chance
    /// halves all of them. A mail server that is down for a morning loses nothing; what has become stale by then the
    /// composer drops.
    package var maximumAttempts = 20
    /// After so many attempts, some ten minutes, when one of them may have arrived: receivers know duplicates for
    /// minutes, not for hours.
    package var maximumDoubtfulAttempts = 8
    /// What the other side may ask for at the most (Retry-After): a wrong header must not silence a channel for days.
    package var longestWish: Int64 = 3_600_000

    package init() {}

    /// The pause after a number of attempts, in milliseconds.
    /// - Parameters:
    ///   - attempts: made so far, this one included; at least 1.
    ///   - wish: what the other side asked for; the pause is not shorter.
    ///   - jitter: 0 to 1; takes up to half of the pause away, so that those who failed together do not come together.
    package func pause(afterAttempts attempts: Int, wish: Duration? = nil, jitter: Double) -> Int64 {
        let doublings = min(max(attempts - 1, 0), 20)
        let whole = min(longestPause, firstPause * (1 << doublings))
        let pause = whole - Int64(Double(whole) / 2 * min(max(jitter, 0), 1))
        guard let wish else { return pause }
        return max(pause, min(longestWish, wish.wholeMilliseconds))
    }
}

extension Duration {
    /// Whole milliseconds, rounded up; at least 0, and bounded so that sums of times cannot overflow.
    var wholeMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        guard seconds >= 0 else { return 0 }
        guard seconds < 1_000_000_000_000 else { return 1_000_000_000_000_000 }
        return seconds * 1_000 + max(0, (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }
}
