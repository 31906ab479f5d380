// Whose key it is: turns, rests, retirement, reloads.

import Identity
import Providers
import Testing

@Suite struct KeyRingTests {
    private let now = ContinuousClock.now

    /// The ring as a reference: expectations take no `inout`.
    private final class Held {
        private var ring: KeyRing

        init(_ keys: [String]) { ring = KeyRing(keys: keys.map { Secret($0) }) }

        func usable(_ now: ContinuousClock.Instant) -> Int { ring.usable(at: now) }
        func retire(_ id: Int, at now: ContinuousClock.Instant) { ring.retire(id, at: now) }
        func refuse(_ id: Int, for model: String, at now: ContinuousClock.Instant, isOfKey: Bool = false) {
            ring.refuse(id, for: model, at: now, isOfKey: isOfKey)
        }

        func isReady(at now: ContinuousClock.Instant, besides tried: Set<Int>) -> Bool {
            ring.isReady(for: "m", at: now, besides: tried)
        }

        func adopt(_ keys: [Secret]) { ring.adopt(keys) }

        func limited(_ id: Int, for model: String, retryAfter: Duration?, at now: ContinuousClock.Instant) {
            ring.limited(id, for: model, retryAfter: retryAfter, at: now)
        }

        func pick(
            for model: String,
            at now: ContinuousClock.Instant,
            trustsGuesses: Bool = true
        ) -> KeyRing.Pick {
            ring.pick(for: model, at: now, trustsGuesses: trustsGuesses)
        }
    }

    private func ring(_ keys: String...) -> Held { Held(keys) }

    /// One rests because the upstream has said so, the other because we believe it: that one can be asked.
    @Test func aGuessCanBeDoubtedThoughAnotherComesBackBefore() throws {
        let ring = ring("a", "b")
        let (first, second) = (try #require(next(ring)), try #require(next(ring)))
        ring.refuse(first.id, for: "m", at: now, isOfKey: true)
        ring.limited(second.id, for: "m", retryAfter: .seconds(20), at: now)
        guard case .resting(let until, let isGuess) = ring.pick(for: "m", at: now) else {
            Issue.record("one of them goes")
            return
        }
        #expect(until == now + .seconds(20) && isGuess)
        guard case .key(let id, _) = ring.pick(for: "m", at: now, trustsGuesses: false) else {
            Issue.record("nobody goes")
            return
        }
        #expect(id == first.id)
    }

    private func next(_ ring: Held, _ later: Duration = .zero, model: String = "m") -> (id: Int, key: String)? {
        guard case .key(let id, let key) = ring.pick(for: model, at: now + later) else { return nil }
        return (id, key?.reveal() ?? "-")
    }

    private func order(_ ring: Held, _ count: Int, _ later: Duration = .zero) -> [String] {
        (0..<count).compactMap { _ in next(ring, later)?.key }
    }

    @Test func inTurns() {
        let ring = ring("a", "b", "c")
        #expect(order(ring, 6) == ["a", "b", "c", "a", "b", "c"])
    }

    @Test func aLimitedKeyRestsAsLongAsTheUpstreamSays() throws {
        let ring = ring("a", "b")
        let first = try #require(next(ring))
        ring.limited(first.id, for: "m", retryAfter: .seconds(7), at: now)
        #expect(order(ring, 3, .seconds(6)) == ["b", "b", "b"])
        // It is back, behind the one that was not limited.
        #expect(order(ring, 1, .seconds(8)) == ["b"])
        #expect(order(ring, 2, .seconds(61)) == ["a", "b"])
    }

    @Test func theOneLimitedLongestAgoFirst() throws {
        let ring = ring("a", "b")
        let (a, b) = (try #require(next(ring)), try #require(next(ring)))
        ring.limited(b.id, for: "m", retryAfter: .seconds(1), at: now)
        ring.limited(a.id, for: "m", retryAfter: .seconds(1), at: now + .milliseconds(500))
        #expect(order(ring, 1, .seconds(3)) == ["b"])
    }

    @Test func withoutAWordItRestsTwentySeconds() throws {
        let ring = ring("a")
        ring.limited(try #require(next(ring)).id, for: "m", retryAfter: nil, at: now)
        guard case .resting(let until, let isGuess) = ring.pick(for: "m", at: now + .seconds(1)) else {
            Issue.record("it should rest")
            return
        }
        #expect(until == now + .seconds(20) && isGuess)
        guard case .key = ring.pick(for: "m", at: now, trustsGuesses: false) else {
            Issue.record("a guess can be overruled")
            return
        }
    }

    @Test func aLimitOfOneModelIsNoLimitOfAnother() throws {
        let ring = ring("a")
        ring.limited(try #require(next(ring)).id, for: "m", retryAfter: .seconds(9), at: now)
        #expect(next(ring) == nil)
        #expect(next(ring, model: "n") != nil)
    }

    @Test func refusedKeysRetire() throws {
        let ring = ring("a", "b")
        ring.retire(try #require(next(ring)).id, at: now)
        #expect(order(ring, 2, .seconds(299)) == ["b", "b"])
        #expect(ring.usable(now) == 1)
        ring.retire(try #require(next(ring)).id, at: now)
        guard case .exhausted = ring.pick(for: "m", at: now) else {
            Issue.record("none should be left")
            return
        }
    }

    @Test func aForbiddenModelCostsNoOtherModelItsKey() throws {
        let ring = ring("a")
        ring.refuse(try #require(next(ring)).id, for: "m", at: now)
        #expect(next(ring) == nil)
        #expect(next(ring, model: "n")?.key == "a")
        // Names come from clients: what is remembered of them is bounded.
        for index in 0..<1000 { ring.refuse(1, for: "model-\(index)", at: now) }
        #expect(next(ring, model: "n")?.key == "a")
    }

    @Test func aRefusalLastsAMinuteAtMostAndIsAGuess() throws {
        let ring = ring("a")
        ring.refuse(try #require(next(ring)).id, for: "m", at: now)
        #expect(next(ring, .seconds(60))?.key == "a")
        guard case .key = ring.pick(for: "m", at: now, trustsGuesses: false) else {
            Issue.record("one caller's refusal does not shut the others out")
            return
        }
    }

    @Test func aRetiredKeyGetsAnotherChance() throws {
        let ring = ring("a")
        ring.retire(try #require(next(ring)).id, at: now)
        #expect(next(ring, .seconds(299)) == nil && ring.usable(now) == 0)
        #expect(next(ring, .seconds(300))?.key == "a")
        #expect(ring.usable(now + .seconds(300)) == 1)
    }

    @Test func lookingTakesNobodysTurn() throws {
        let ring = ring("a", "b")
        let a = try #require(next(ring))
        for _ in 0..<3 { #expect(ring.isReady(at: now, besides: [a.id])) }
        let b = try #require(next(ring))
        #expect(b.key == "b")
        #expect(!ring.isReady(at: now, besides: [a.id, b.id]))
    }

    @Test func theSameKeysAgainChangeNothing() throws {
        let ring = ring("a", "b")
        ring.retire(try #require(next(ring)).id, at: now)
        ring.adopt([Secret("a"), Secret("b")])
        #expect(order(ring, 2) == ["b", "b"])
    }

    @Test func otherKeysBringRetiredOnesBackAndKeepRests() throws {
        let ring = ring("a", "b")
        let (a, b) = (try #require(next(ring)), try #require(next(ring)))
        ring.retire(a.id, at: now)
        ring.limited(b.id, for: "m", retryAfter: .seconds(60), at: now)
        ring.adopt([Secret("a"), Secret("b"), Secret("c")])
        #expect(Set(order(ring, 4, .seconds(1))) == ["a", "c"])
        ring.adopt([Secret("d")])
        #expect(order(ring, 2) == ["d", "d"])
        // News of a key that is gone is no news.
        ring.retire(b.id, at: now)
        #expect(ring.usable(now) == 1)
    }

    @Test func withoutKeysThereIsNoneToLose() throws {
        let ring = ring()
        let none = try #require(next(ring))
        #expect(none.key == "-")
        ring.retire(none.id, at: now)
        ring.refuse(none.id, for: "m", at: now)
        #expect(next(ring) != nil)
    }
}
