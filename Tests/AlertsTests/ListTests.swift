// The list of alerts: filters, order, pages, teams.

import Alerts
import Identity
import JSON
import Resources
import Testing

@Suite struct ListTests {
    /// Five alerts: starts 1000, 2000 … (seconds), e1 and e3 resolved.
    private static func fill(_ fixture: Fixture) async {
        await fixture.send([
            event(
                "e0",
                start: 1000,
                level: "critical",
                title: "Disk full",
                labels: ["region": "eu", "instance": "web-01:9100"]
            ),
            event(
                "e1",
                "resolved",
                start: 2000,
                end: 2600,
                level: "warning",
                title: "CPU 50% high",
                labels: ["region": "eu"]
            ),
            event(
                "e2",
                start: 3000,
                level: "info",
                title: "Note_a",
                labels: ["region": "us", "instance": "web-02.example.com"]
            ),
            event(
                "e3",
                "resolved",
                start: 4000,
                end: 9000,
                level: "critical",
                title: "Down",
                labels: ["instance": "web-010"]
            ),
            event("e4", start: 5000, level: "error", title: "Queue", labels: ["region": "cn", "odd=name": "a,b"]),
        ])
    }

    private static func ids(_ fixture: Fixture, _ query: [(String, String)], caller: Caller = .team(1)) async throws
        -> [String]
    {
        let list = try await fixture.alerts.list(query: query, caller: caller)
        let results = list["results"]?.array ?? []
        #expect(list["count"]?.int == results.count || query.contains { $0.0 == "page_size" })
        return results.compactMap { $0["external_id"]?.string }.sorted()
    }

    @Test("Filters", arguments: Engine.allCases)
    func filters(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            await Self.fill(fixture)
            let cases: [([(String, String)], [String])] = [
                ([], ["e0", "e1", "e2", "e3", "e4"]),
                ([("level", "critical")], ["e0", "e3"]),
                ([("level", "critical,error")], ["e0", "e3", "e4"]),
                ([("level", "critical"), ("status", "firing")], ["e0"]),
                ([("active", "true")], ["e0", "e2", "e4"]),
                ([("active", "false")], ["e1", "e3"]),
                ([("source_id", "s1")], ["e0", "e1", "e2", "e3", "e4"]),
                ([("source_id", "other")], []),
                ([("label.region", "eu")], ["e0", "e1"]),
                ([("label.region", "eu"), ("label.instance", "web-01:9100")], ["e0"]),
                ([("label.region", "")], ["e3"]),
                ([("label.odd=name", "a,b")], ["e4"]),
                ([("labels", "{\"region\":\"us\"}")], ["e2"]),
                ([("labels", "{\"region\":\"us\",\"x\":\"y\"}")], []),
                ([("host", "web-01")], ["e0"]),
                ([("search", "disk")], ["e0"]),
                ([("search", "50%")], ["e1"]),
                ([("search", "e_a")], ["e2"]),
                // Second 2700: e1 had ended by then.
                ([("since", "1970-01-01T00:45:00Z")], ["e0", "e2", "e3", "e4"]),
                ([("since", "1970-01-01T00:45:00Z"), ("until", "1970-01-01T00:50:00Z")], ["e0", "e2"]),
                ([("until", "1970-01-01T01:50:00 01:00")], ["e0", "e1", "e2"]),
                ([("started_at__gte", "1970-01-01T01:06:40Z")], ["e3", "e4"]),
            ]
            for (query, expected) in cases {
                let found = try await Self.ids(fixture, query)
                #expect(found == expected, "\(query)")
            }
        }
    }

    @Test("Order and pages", arguments: Engine.allCases)
    func pages(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            await Self.fill(fixture)
            func titles(_ query: [(String, String)]) async throws -> [String] {
                let list = try await fixture.alerts.list(query: query, caller: .team(1))
                return (list["results"]?.array ?? []).compactMap { $0["external_id"]?.string }
            }
            #expect(try await titles([("ordering", "level")]) == ["e0", "e3", "e4", "e1", "e2"])
            #expect(try await titles([("ordering", "-started_at")]) == ["e4", "e3", "e2", "e1", "e0"])
            #expect(try await titles([]) == ["e3", "e4", "e2", "e1", "e0"])
            let list = try await fixture.alerts.list(
                query: [("ordering", "started_at"), ("page", "2"), ("page_size", "2")],
                caller: .team(1)
            )
            #expect(list["count"] == 5)
            #expect(list["page"] == 2)
            #expect(list["page_size"] == 2)
            #expect((list["results"]?.array ?? []).compactMap { $0["external_id"]?.string } == ["e2", "e3"])
        }
    }

    @Test(
        "Parameters that make no sense are named",
        arguments: [
            ("nonsense", "1"), ("level", "bad"), ("status", "bad"), ("page_size", "1001"), ("since", "yesterday"),
            ("active", "perhaps"), ("labels", "[1]"), ("labels", "{\"a\":1}"), ("ordering", "secret"), ("label.", "x"),
        ]
    )
    func refused(name: String, value: String) async throws {
        try await Fixture.run(.sqlite) { fixture in
            let error = await #expect(throws: ResourceError.self) {
                _ = try await fixture.alerts.list(query: [(name, value)], caller: .team(1))
            }
            #expect(error?.status == 400)
            #expect(error?.errors.first?.field == name)
        }
    }

    @Test("Teams do not see each other's alerts and sources", arguments: Engine.allCases)
    func teams(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            await fixture.send([event("a", start: 1000)])
            try await fixture.makeSource("t2", secret: "secret-two", caller: .team(2))
            let body: JSONValue = ["source_id": "t2", "events": [event("b", start: 1000)]]
            #expect(await fixture.post(body, secrets: ["secret-two"]).status == 200)
            let one = try await Self.ids(fixture, [])
            let two = try await Self.ids(fixture, [], caller: .team(2))
            #expect(one == ["a"])
            #expect(two == ["b"])
            await #expect(throws: ResourceError.notFound) { try await fixture.alerts.get(id: 2, caller: .team(1)) }
            let own = try await fixture.alerts.get(id: 2, caller: .team(2))
            #expect(own["external_id"] == "b")
            let sources = try await fixture.alerts.sources.list(query: [], caller: .team(2))
            #expect(sources.results.compactMap { $0["source_id"]?.string } == ["t2"])
            // The same fingerprint of another source is another alert.
            #expect(
                await fixture.post(
                    ["source_id": "t2", "events": [event("a", start: 1000)]],
                    secrets: ["secret-two"]
                ).number("created") == 1
            )
        }
    }
}
