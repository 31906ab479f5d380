// When a target that fails is left alone, and when it is asked again. Pure: time comes in, decisions go out.

/// A circuit breaker for one target.
///
/// Closed, it counts outages; 5 in a row, or half of at least 10 answers in 30 seconds, open it. Open, it admits nobody
/// for 10 seconds, then one call as a probe: an answer closes it, another outage opens it for twice as long, up to 2
/// minutes. What a client did wrong (4xx) says nothing about the target and is not counted. An outage that came with
/// `Retry-After` keeps others away until then, at once, but for 2 minutes at most.
package struct Breaker: Sendable {
    /// Whether a call may go out.
    package enum Admission: Sendable, Hashable {
        case yes
        /// As the one that finds out whether the target is back.
        case probe
        /// Not before then.
        case no(until: ContinuousClock.Instant)
    }

    private enum Phase: Sendable {
        case closed
        case open(since: ContinuousClock.Instant, until: ContinuousClock.Instant)
        case probing(since: ContinuousClock.Instant, openedAt: ContinuousClock.Instant)
    }

    /// Answers and outages in five seconds.
    private struct Bucket: Sendable {
        let number: Int64
        var answers = 0
        var outages = 0
    }

    package static let consecutiveLimit = 5
    package static let windowMinimum = 10
    package static let firstRest: Duration = .seconds(10)
    package static let longestRest: Duration = .seconds(120)
    /// A probe that has run for so long (a whole answer takes minutes) does not keep others from trying.
    package static let probePatience: Duration = .seconds(10)
    private static let bucketSeconds: Int64 = 5
    private static let bucketCount: Int64 = 6

    private let start: ContinuousClock.Instant
    private var phase = Phase.closed
    private var consecutive = 0
    private var openings = 0
    /// Until when the target has asked to be left alone.
    private var restUntil: ContinuousClock.Instant?
    private var buckets: [Bucket] = []

    package init(at now: ContinuousClock.Instant) {
        start = now
    }

    /// When it opened; nil while it is closed.
    package var openedAt: ContinuousClock.Instant? {
        switch phase {
        case .closed: nil
        case .open(let since, _): since
        case .probing(_, let openedAt): openedAt
        }
    }

    /// Whether there is nothing to remember at `now`.
    package func isQuiet(at now: ContinuousClock.Instant) -> Bool {
        guard case .closed = phase, consecutive == 0, !isResting(at: now) else { return false }
        let oldest = number(at: now) - Self.bucketCount + 1
        return !buckets.contains { $0.number >= oldest && $0.outages > 0 }
    }

    /// Asks for a call. After `.yes` or `.probe`, one of `answered`, `failed` and `abandoned` follows.
    ///
    /// - Parameter isAlone: whether there is nobody else to ask. A target that works, and has asked for a rest, is asked
    ///   all the same then: it may have meant that one call.
    package mutating func admit(at now: ContinuousClock.Instant, isAlone: Bool = false) -> Admission {
        switch phase {
        case .closed where isAlone: return .yes
        case .closed: return restUntil.flatMap { now < $0 ? .no(until: $0) : nil } ?? .yes
        case .open(let since, let until):
            guard now >= until else { return .no(until: until) }
            phase = .probing(since: now, openedAt: since)
            return .probe
        case .probing(let since, let openedAt):
            let next = since + Self.probePatience
            guard now >= next else { return .no(until: next) }
            phase = .probing(since: now, openedAt: openedAt)
            return .probe
        }
    }

    /// Makes the next call the probe before its time: nobody else is left. False while another probe is out. A target
    /// that has asked for a rest, and counts as working, takes all: it may have meant that one call.
    package mutating func admitEarly(at now: ContinuousClock.Instant) -> Bool {
        if isResting(at: now), case .closed = phase { return true }
        if case .open(let since, _) = phase {
            phase = .probing(since: now, openedAt: since)
            return true
        }
        if case .no = admit(at: now) { return false }
        return true
    }

    /// The target answered, be it with a refusal.
    ///
    /// - Parameter counts: whether the answer was the target's merit; a refused request is nobody's.
    package mutating func answered(at now: ContinuousClock.Instant, counts: Bool = true) {
        switch phase {
        case .closed:
            guard counts else { return }
            consecutive = 0
            record(at: now) { $0.answers += 1 }
        case .probing:
            phase = .closed
            (consecutive, openings, restUntil) = (0, 0, nil)
            buckets = []
        case .open: break  // A call from before it opened.
        }
    }

    /// The target was not there, or did not work.
    ///
    /// - Parameter retryAfter: how long it has asked to wait.
    package mutating func failed(at now: ContinuousClock.Instant, retryAfter: Duration? = nil) {
        if let retryAfter {
            let until = now + min(retryAfter, Self.longestRest)
            restUntil = max(restUntil ?? until, until)
        }
        switch phase {
        case .closed:
            consecutive += 1
            record(at: now) { $0.outages += 1 }
            let answers = buckets.reduce(0) { $0 + $1.answers }
            let outages = buckets.reduce(0) { $0 + $1.outages }
            let isHalf = answers + outages >= Self.windowMinimum && outages >= answers
            if consecutive >= Self.consecutiveLimit || isHalf { open(at: now, since: now) }
        case .probing(_, let openedAt): open(at: now, since: openedAt)
        case .open: break
        }
    }

    /// The call ended without telling anything: it was cancelled.
    package mutating func abandoned(at now: ContinuousClock.Instant) {
        // The next call probes at once.
        if case .probing(_, let openedAt) = phase { phase = .open(since: openedAt, until: now) }
    }

    private mutating func open(at now: ContinuousClock.Instant, since: ContinuousClock.Instant) {
        let rest = min(Self.longestRest, Self.firstRest * (1 << min(openings, 4)))
        openings += 1
        phase = .open(since: since, until: max(now + rest, restUntil ?? now))
        consecutive = 0
        buckets = []
    }

    private func isResting(at now: ContinuousClock.Instant) -> Bool { restUntil.map { now < $0 } ?? false }

    private mutating func record(at now: ContinuousClock.Instant, _ change: (inout Bucket) -> Void) {
        let number = number(at: now)
        buckets.removeAll { $0.number <= number - Self.bucketCount }
        if buckets.last?.number != number { buckets.append(Bucket(number: number)) }
        change(&buckets[buckets.count - 1])
    }

    private func number(at now: ContinuousClock.Instant) -> Int64 {
        (now - start).components.seconds / Self.bucketSeconds
    }
}
