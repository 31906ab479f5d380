// The rule of episodes, without a store.

import Alerts
import Testing

@Suite struct TimelineTests {
    private func span(_ start: Int64, _ last: Int64, _ first: Int64? = nil, _ end: Int64? = nil) -> EpisodeSpan {
        EpisodeSpan(start: start, lastFiring: last, firstResolved: first, end: end)
    }

    @Test("Episodes of points")
    func episodes() {
        #expect(Timeline.episodes([.firing(1), .resolved(5), .firing(10)]) == [span(1, 1, 5, 5), span(10, 10)])
        #expect(Timeline.episodes([.firing(3), .firing(1)]) == [span(1, 3)])
        #expect(Timeline.episodes([.firing(1), .resolved(12), .resolved(5)]) == [span(1, 1, 5, 12)])
        #expect(
            Timeline.episodes([.firing(1), .resolved(12), .resolved(5), .firing(10)])
                == [span(1, 1, 5, 5), span(10, 10, 12, 12)]
        )
        // Began and ended at once: an episode, not the end of nothing.
        #expect(Timeline.episodes([.resolved(5), .firing(5)]) == [span(5, 5, 5, 5)])
        #expect(Timeline.episodes([.resolved(5)]).isEmpty)
    }

    @Test("The corners of an episode make it again")
    func corners() {
        for one in [span(1, 1), span(1, 4), span(1, 1, 5, 5), span(1, 3, 5, 9)] {
            #expect(Timeline.episodes(one.points) == [one])
        }
    }

    @Test("A moment belongs to the last episode that began by then")
    func belonging() {
        let episodes = [span(1, 1, 5, 5), span(10, 10)]
        #expect(Timeline.index(of: 0, in: episodes) == nil)
        #expect(Timeline.index(of: 1, in: episodes) == 0)
        #expect(Timeline.index(of: 9, in: episodes) == 0)
        #expect(Timeline.index(of: 10, in: episodes) == 1)
    }

    @Test("Steps that the newest episode decides, and those that need history")
    func steps() {
        func fire(_ start: Int64) -> AlertEvent {
            AlertEvent(fingerprint: "f", status: .firing, startedAt: start, title: "t")
        }
        func resolve(_ start: Int64, _ end: Int64) -> AlertEvent {
            AlertEvent(fingerprint: "f", status: .resolved, startedAt: start, endedAt: end, title: "t")
        }
        #expect(Timeline.step(fire(1), newest: nil, isOnly: true) == .create(span(1, 1)))
        #expect(Timeline.step(resolve(1, 5), newest: nil, isOnly: true) == .create(span(1, 1, 5, 5)))
        #expect(Timeline.step(resolve(1, 5), newest: span(1, 1), isOnly: true) == .keep(span(1, 1, 5, 5)))
        #expect(Timeline.step(fire(6), newest: span(1, 1, 5, 5), isOnly: true) == .create(span(6, 6)))
        #expect(Timeline.step(fire(1), newest: span(1, 1, 5, 5), isOnly: true) == .keep(span(1, 1, 5, 5)))
        #expect(Timeline.step(fire(0), newest: span(1, 1), isOnly: true) == .keep(span(0, 1)))
        #expect(Timeline.step(fire(0), newest: span(1, 1), isOnly: false) == .needsHistory)
        #expect(Timeline.step(resolve(1, 2), newest: span(1, 3), isOnly: true) == .needsHistory)
        #expect(Timeline.step(fire(7), newest: span(1, 1, 5, 9), isOnly: true) == .needsHistory)
    }

    /// The short way must never say anything else than the whole history does.
    @Test("The short way agrees with the whole", arguments: 0..<300)
    func agreement(seed: Int) {
        var random = SeededNumbers(seed: UInt64(seed))
        var points: [TimelinePoint] = []
        for _ in 0..<12 {
            let start = Int64.random(in: 0..<30, using: &random)
            let isFiring = Bool.random(using: &random)
            let event = AlertEvent(
                fingerprint: "f",
                status: isFiring ? .firing : .resolved,
                startedAt: start,
                endedAt: isFiring ? nil : start + Int64.random(in: 0..<10, using: &random),
                title: "t"
            )
            let before = Timeline.episodes(points)
            points += event.points
            let after = Timeline.episodes(points)
            switch Timeline.step(event, newest: before.last, isOnly: before.count <= 1) {
            case .needsHistory: break
            case .create(let span): #expect(after == before + [span], "seed \(seed)")
            case .keep(let span): #expect(after == before.dropLast() + [span], "seed \(seed)")
            }
            #expect(after.count >= before.count, "episodes are never joined; seed \(seed)")
        }
    }
}
