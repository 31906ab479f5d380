// When a failing target is left alone and asked again: the breaker by itself, time in hand.

import Providers
import Testing

@Suite struct BreakerTests {
    private let start = ContinuousClock.now

    /// The breaker as a reference: expectations take no `inout`.
    private final class Held {
        private var breaker: Breaker

        init(at now: ContinuousClock.Instant) { breaker = Breaker(at: now) }

        var openedAt: ContinuousClock.Instant? { breaker.openedAt }
        func isQuiet(at now: ContinuousClock.Instant) -> Bool { breaker.isQuiet(at: now) }
        func admit(at now: ContinuousClock.Instant, isAlone: Bool = false) -> Breaker.Admission {
            breaker.admit(at: now, isAlone: isAlone)
        }
        func admitEarly(at now: ContinuousClock.Instant) -> Bool { breaker.admitEarly(at: now) }
        func failed(at now: ContinuousClock.Instant, retryAfter: Duration? = nil) {
            breaker.failed(at: now, retryAfter: retryAfter)
        }
        func abandoned(at now: ContinuousClock.Instant) { breaker.abandoned(at: now) }

        func answered(at now: ContinuousClock.Instant, counts: Bool = true) {
            breaker.answered(at: now, counts: counts)
        }
    }

    private func opened() -> Held {
        let breaker = Held(at: start)
        for _ in 0..<5 { breaker.failed(at: start) }
        return breaker
    }

    @Test func fiveOutagesInARowOpenIt() {
        let breaker = Held(at: start)
        for _ in 0..<4 { breaker.failed(at: start) }
        #expect(breaker.admit(at: start) == .yes)
        breaker.failed(at: start)
        #expect(breaker.admit(at: start) == .no(until: start + .seconds(10)))
        #expect(breaker.admit(at: start, isAlone: true) == .no(until: start + .seconds(10)))
        #expect(breaker.openedAt == start)
    }

    @Test func anAnswerBetweenStartsTheCountAgain() {
        let breaker = Held(at: start)
        for _ in 0..<4 { breaker.failed(at: start) }
        breaker.answered(at: start)
        for _ in 0..<4 { breaker.failed(at: start) }
        #expect(breaker.admit(at: start) == .yes)
    }

    @Test func halfOfTenOpenIt() {
        let breaker = Held(at: start)
        for second in 0..<4 {
            breaker.answered(at: start + .seconds(second))
            breaker.failed(at: start + .seconds(second))
        }
        breaker.answered(at: start + .seconds(5))
        #expect(breaker.openedAt == nil)
        breaker.failed(at: start + .seconds(6))
        #expect(breaker.openedAt == start + .seconds(6))
    }

    @Test func oldOutagesAreForgotten() {
        let breaker = Held(at: start)
        for _ in 0..<4 { breaker.failed(at: start) }
        breaker.answered(at: start)
        let later = start + .seconds(31)
        for _ in 0..<4 {
            breaker.answered(at: later)
            breaker.failed(at: later)
        }
        breaker.answered(at: later)
        #expect(breaker.openedAt == nil)
        #expect(!breaker.isQuiet(at: later))
        #expect(breaker.isQuiet(at: later + .seconds(31)))
    }

    @Test func clientFaultsAreNotCounted() {
        let breaker = Held(at: start)
        for _ in 0..<4 { breaker.failed(at: start) }
        // They do not excuse an outage either.
        for _ in 0..<100 { breaker.answered(at: start, counts: false) }
        breaker.failed(at: start)
        #expect(breaker.openedAt != nil)
    }

    @Test func oneProbeAtATime() {
        let breaker = opened()
        let later = start + .seconds(10)
        #expect(breaker.admit(at: later) == .probe)
        #expect(breaker.admit(at: later) == .no(until: later + Breaker.probePatience))
        breaker.answered(at: later)
        #expect(breaker.admit(at: later) == .yes)
        #expect(breaker.openedAt == nil)
    }

    @Test func aRefusedProbeShowsThatTheTargetIsBack() {
        let breaker = opened()
        #expect(breaker.admit(at: start + .seconds(10)) == .probe)
        breaker.answered(at: start + .seconds(10), counts: false)
        #expect(breaker.openedAt == nil)
    }

    @Test func failedProbesDoubleTheRestUpToTwoMinutes() {
        let breaker = opened()
        var now = start
        var rests: [Int64] = []
        for _ in 0..<6 {
            guard case .no(let until) = breaker.admit(at: now) else {
                Issue.record("it should be open")
                return
            }
            rests.append((until - now).components.seconds)
            now = until
            #expect(breaker.admit(at: now) == .probe)
            breaker.failed(at: now)
        }
        #expect(rests == [10, 20, 40, 80, 120, 120])
        #expect(breaker.openedAt == start)
    }

    @Test func aCancelledProbeLeavesRoomForTheNext() {
        let breaker = opened()
        #expect(breaker.admit(at: start + .seconds(10)) == .probe)
        breaker.abandoned(at: start + .seconds(11))
        #expect(breaker.admit(at: start + .seconds(11)) == .probe)
    }

    @Test func aSlowProbeDoesNotKeepOthersOutForEver() {
        let breaker = opened()
        #expect(breaker.admit(at: start + .seconds(10)) == .probe)
        #expect(breaker.admit(at: start + .seconds(20)) == .probe)
    }

    @Test func whoIsLeftMayAskEarly() {
        let breaker = opened()
        #expect(breaker.admitEarly(at: start + .seconds(1)))
        #expect(!breaker.admitEarly(at: start + .seconds(1)))
        breaker.failed(at: start + .seconds(1))
        #expect(breaker.admit(at: start + .seconds(2)) == .no(until: start + .seconds(21)))
    }

    @Test func aRestThatWasAskedForBeginsAtOnce() {
        let breaker = Held(at: start)
        breaker.failed(at: start, retryAfter: .seconds(7))
        #expect(breaker.admit(at: start + .seconds(6)) == .no(until: start + .seconds(7)))
        // Where there is nobody else, and where nobody else is left, for all: it is not known to be down.
        #expect(breaker.admit(at: start, isAlone: true) == .yes)
        #expect(breaker.admitEarly(at: start) && breaker.admitEarly(at: start))
        breaker.failed(at: start + .seconds(1), retryAfter: .seconds(2))
        breaker.answered(at: start + .seconds(2))
        #expect(breaker.admit(at: start + .seconds(6)) == .no(until: start + .seconds(7)))
        #expect(breaker.admit(at: start + .seconds(7)) == .yes && breaker.openedAt == nil)
        breaker.failed(at: start + .seconds(8), retryAfter: .zero)
        #expect(breaker.admit(at: start + .seconds(8)) == .yes)
    }

    @Test func aRestThatWasAskedForIsBoundedAndRemembered() {
        let breaker = Held(at: start)
        breaker.failed(at: start, retryAfter: .seconds(86_000))
        breaker.answered(at: start)
        #expect(!breaker.isQuiet(at: start + .seconds(119)))
        #expect(breaker.admit(at: start) == .no(until: start + Breaker.longestRest))
        #expect(breaker.isQuiet(at: start + .seconds(120)))
    }

    @Test func anOpenBreakerRestsAsLongAsWasAskedFor() {
        let breaker = Held(at: start)
        for _ in 0..<5 { breaker.failed(at: start, retryAfter: .seconds(40)) }
        let later = start + .seconds(40)
        #expect(breaker.openedAt == start)
        #expect(breaker.admit(at: start + .seconds(39)) == .no(until: later))
        // A probe that fails waits for twice its own time, whatever less was asked for; one that succeeds ends it all.
        #expect(breaker.admit(at: later) == .probe)
        breaker.failed(at: later, retryAfter: .seconds(1))
        #expect(breaker.admit(at: later) == .no(until: later + .seconds(20)))
        #expect(breaker.admit(at: later + .seconds(20)) == .probe)
        breaker.answered(at: later + .seconds(20))
        #expect(breaker.admit(at: later + .seconds(20)) == .yes)
    }

    /// Whatever happens, an open breaker admits again in the end, and never two calls at one moment.
    @Test(arguments: 1...40 as ClosedRange<UInt64>) func neverStuck(seed: UInt64) {
        var chance = SeededChance(seed)
        let breaker = Held(at: start)
        var now = start
        for _ in 0..<300 {
            now += .milliseconds(Int64.random(in: 0...4000, using: &chance))
            switch breaker.admit(at: now) {
            case .no(let until):
                #expect(until > now && until - now <= Breaker.longestRest, "seed \(seed)")
            case .probe:
                let second = breaker.admit(at: now)
                #expect(second != .yes && second != .probe, "seed \(seed)")
                fallthrough
            case .yes:
                switch Int.random(in: 0..<5, using: &chance) {
                case 0: breaker.answered(at: now)
                case 1: breaker.answered(at: now, counts: false)
                case 2: breaker.abandoned(at: now)
                case 3: breaker.failed(at: now, retryAfter: .seconds(Int64.random(in: 0...600, using: &chance)))
                default: breaker.failed(at: now)
                }
            }
        }
        now += Breaker.longestRest
        let last = breaker.admit(at: now)
        #expect([.yes, .probe].contains(last), "seed \(seed)")
    }
}
