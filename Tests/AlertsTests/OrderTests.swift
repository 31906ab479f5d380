// Whatever the order, however often, however many at once: the same events end in the same state.

import Alerts
import JSON
import Resources
import Storage
import Testing

@Suite struct OrderTests {
    /// A random history of a few fingerprints. What an event says follows from its moment, so that no two say
    /// different things about one moment; there arrival must decide, and order would matter.
    private static func history(seed: UInt64, fingerprints: Int, events: Int) -> [JSONValue] {
        var random = SeededNumbers(seed: seed)
        let levels = ["critical", "error", "warning", "info"]
        return (0..<events).map { _ in
            let id = "f\(Int.random(in: 0..<fingerprints, using: &random))"
            let start = 1000 + 10 * Int64.random(in: 0..<12, using: &random)
            let isFiring = Int.random(in: 0..<10, using: &random) < 6
            let end = start + 10 * Int64.random(in: 0..<5, using: &random)
            let moment = isFiring ? start : end
            return event(
                id,
                isFiring ? "firing" : "resolved",
                start: start,
                end: isFiring ? nil : end,
                level: levels[Int(moment / 10) % 4],
                title: "\(id) at \(moment)",
                labels: ["moment": .string("\(moment)"), "fires": .string("\(isFiring)")]
            )
        }
    }

    /// What the rule says about a history, without a store: `fingerprint start…end` in seconds.
    private static func expected(_ history: [JSONValue]) -> [String] {
        var points: [String: [TimelinePoint]] = [:]
        for event in history {
            let start = Int64(event["start_time"]?.int ?? 0)
            let id = event["external_id"]?.string ?? ""
            points[id, default: []].append(.firing(start))
            if let end = event["end_time"]?.int { points[id, default: []].append(.resolved(Int64(end))) }
        }
        return points.keys.sorted().flatMap { id in
            Timeline.episodes(points[id] ?? []).map { "\(id) \($0.start)…\($0.end.map { "\($0)" } ?? "")" }
        }
    }

    private static func withoutLevel(_ summary: [String]) -> [String] {
        summary.map { line in
            let parts = line.split(separator: " ")
            return "\(parts[0]) \(parts[3])"
        }
    }

    @Test("Any permutation with duplicates, in bodies of any size", arguments: Engine.allCases, 0..<12)
    func permutations(_ engine: Engine, _ round: Int) async throws {
        let seed = UInt64.random(in: 0..<1_000_000) &+ UInt64(round)
        let history = Self.history(seed: seed, fingerprints: 3, events: 24)
        var states: [[String]] = []
        try await Fixture.run(engine) { fixture in
            for attempt in 0..<4 {
                var random = SeededNumbers(seed: seed &* 31 &+ UInt64(attempt))
                let source = "p\(attempt)"
                try await fixture.makeSource(source, secret: "secret-\(source)")
                var deliveries = attempt == 0 ? history : (history + history.prefix(8)).shuffled(using: &random)
                while !deliveries.isEmpty {
                    let size = min(deliveries.count, attempt == 0 ? 1 : Int.random(in: 1...9, using: &random))
                    let body: JSONValue = [
                        "source_id": .string(source), "events": .array(Array(deliveries.prefix(size))),
                    ]
                    let reply = await fixture.post(body, secrets: ["secret-\(source)"])
                    #expect(reply.status == 200, "seed \(seed)")
                    deliveries.removeFirst(size)
                }
                let all = try await fixture.state(source: source)
                states.append(all)
                let summary = try await fixture.summary(source: source)
                #expect(Self.withoutLevel(summary) == Self.expected(history), "seed \(seed), attempt \(attempt)")
            }
        }
        for state in states.dropFirst() { #expect(state == states[0], "seed \(seed)") }
    }

    @Test("Concurrent deliveries of a shuffled history, each twice", arguments: Engine.allCases, 0..<4)
    func concurrency(_ engine: Engine, _ round: Int) async throws {
        let seed = UInt64.random(in: 0..<1_000_000) &+ UInt64(round)
        let history = Self.history(seed: seed, fingerprints: 2, events: 30)
        var random = SeededNumbers(seed: seed)
        let shuffled = (history + history).shuffled(using: &random)
        try await Fixture.run(engine) { fixture in
            // A second service on the same store stands for another node.
            let other = try AlertsService(database: fixture.database, clock: fixture.clock.clock)
            await withTaskGroup(of: Int.self) { group in
                for (index, event) in shuffled.enumerated() {
                    let service = index % 2 == 0 ? fixture.alerts : other
                    let body: JSONValue = ["source_id": "s1", "events": [event]]
                    group.addTask {
                        await service.receive(body: body.bytes, secrets: [Fixture.secret], query: []).status
                    }
                }
                for await status in group { #expect(status == 200, "seed \(seed)") }
            }
            let summary = try await fixture.summary()
            #expect(Self.withoutLevel(summary) == Self.expected(history), "seed \(seed)")
            let concurrent = try await fixture.state(source: "s1")
            try await Fixture.run(.sqlite) { reference in
                await reference.send(history)
                let ordered = try await reference.state(source: "s1")
                #expect(ordered == concurrent, "seed \(seed)")
            }
        }
    }

    @Test("Alerts keep what they came to when their events have been thrown away", arguments: Engine.allCases)
    func withoutEvents(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            await fixture.send([event("a", start: 1000, level: "critical", title: "first")])
            await fixture.send([event("a", "resolved", start: 1000, end: 1100, level: "critical")])
            await fixture.send([event("a", start: 1200, level: "error", title: "second")])
            try await fixture.database.write { try $0.execute("DELETE FROM alert_event") }
            // Late news about the first episode: history is looked at, of which only the alerts are left.
            await fixture.send([event("a", start: 1050, level: "info", title: "late")])
            try await fixture.expect(["a resolved critical 1000…1100", "a firing error 1200…"])
            let list = try await fixture.alerts.list(query: [("ordering", "started_at")], caller: .team(1))
            #expect(list["results"]?[0]?["title"] == "late")
            #expect(list["results"]?[0]?["event_count"] == 3)
            #expect(list["results"]?[1]?["title"] == "second")
        }
    }

    @Test("Of one moment, what arrives last is what is shown", arguments: Engine.allCases)
    func lastWord(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            await fixture.send([event("a", start: 1000, title: "value 80")])
            await fixture.send([event("a", start: 1000, title: "value 90")])
            await fixture.send([event("a", start: 1000, title: "value 80")])
            let list = try await fixture.alerts.list(query: [], caller: .team(1))
            #expect(list["results"]?[0]?["title"] == "value 90")
            #expect(list["results"]?[0]?["event_count"] == 2)
        }
    }
}
