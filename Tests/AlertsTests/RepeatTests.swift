// The same once more: late duplicates, signs of life, and senders that had lost sight of something.

import Alerts
import JSON
import Storage
import Testing

@Suite struct RepeatTests {
    @Test("A duplicate tells that it was heard of, to the minute, and nothing else", arguments: Engine.allCases)
    func seen(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            await fixture.send([event("a", start: 1000)])
            let first = try await fixture.number("SELECT last_seen_at AS number FROM alert")
            #expect(first == fixture.clock.now)
            fixture.clock.set(first + 30_000)
            #expect(await fixture.send([event("a", start: 1000)]).number("duplicates") == 1)
            #expect(try await fixture.number("SELECT last_seen_at AS number FROM alert") == first)
            fixture.clock.set(first + 61_000)
            #expect(await fixture.send([event("a", start: 1000)]).number("duplicates") == 1)
            #expect(try await fixture.number("SELECT last_seen_at AS number FROM alert") == first + 61_000)
            #expect(try await fixture.number("SELECT event_count AS number FROM alert") == 1)
            #expect(try await fixture.number("SELECT updated_at AS number FROM alert") == first)
        }
    }

    /// Alertmanager that lost contact to Prometheus resolves, and comes back with the same start.
    @Test("The same firing long after its resolve had come begins an episode", arguments: Engine.allCases)
    func revived(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            let clock = fixture.clock
            let firing = event("a", start: 1000)
            await fixture.send([firing])
            await fixture.send([event("a", "resolved", start: 1000, end: 1100)])
            clock.set(clock.now + 600_000)
            #expect(await fixture.send([firing]).number("duplicates") == 1)
            try await fixture.expect(["a resolved warning 1000…1100"])
            clock.set(clock.now + 1_000)
            let at = clock.now / 1000
            #expect(await fixture.send([firing]).number("created") == 1)
            try await fixture.expect(["a resolved warning 1000…1100", "a firing warning \(at)…"])
            // It repeats itself, and that is all.
            clock.set(clock.now + 3_600_000)
            #expect(await fixture.send([firing]).number("duplicates") == 1)
            try await fixture.expect(["a resolved warning 1000…1100", "a firing warning \(at)…"])
            // Its resolve has the old start and ends the newest.
            await fixture.send([event("a", "resolved", start: 1000, end: at + 60)])
            try await fixture.expect(["a resolved warning 1000…1100", "a resolved warning \(at)…\(at + 60)"])
        }
    }

    @Test("An old body sent again whole begins nothing", arguments: Engine.allCases)
    func whole(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            let body = [event("a", start: 1000), event("a", "resolved", start: 1000, end: 1100)]
            await fixture.send(body)
            fixture.clock.set(fixture.clock.now + 3_600_000)
            #expect(await fixture.send(body).number("duplicates") == 2)
            try await fixture.expect(["a resolved warning 1000…1100"])
        }
    }
}
