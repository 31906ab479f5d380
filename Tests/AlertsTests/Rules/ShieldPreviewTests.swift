// The preview of a shield: what it counts, and where it stops counting.

import Alerts
import Identity
import JSON
import Resources
import Testing

@Suite struct ShieldPreviewTests {
    private static let envNotTest: JSONValue = [[["key": "labels.env", "operator": "ne", "value": "prod"]]]
    /// The fixture's clock, in seconds.
    private static let now: Int64 = 1_761_040_800

    private static func fill(_ fixture: RulesFixture) async throws {
        // Two days ago, out of reach of the events, though one goes on.
        fixture.alerts.clock.set((now - 172_800) * 1000)
        await fixture.alerts.send([event("old", start: now - 172_800, labels: ["env": "test"])])
        // Twelve hours ago: at night.
        fixture.alerts.clock.set((now - 43_200) * 1000)
        await fixture.alerts.send([
            event("night", start: now - 43_200, labels: ["env": "test"]),
            event("over", start: now - 43_300, labels: ["env": "test"]),
            event("over", "resolved", start: now - 43_300, end: now - 43_200, labels: ["env": "test"]),
        ])
        fixture.alerts.clock.set(now * 1000)
        await fixture.alerts.send([
            event("prod", start: now - 60, labels: ["env": "prod"]),
            event("bare", start: now - 50, title: "bare\u{202E}"),
            event("test", start: now - 40, labels: ["env": "test"]),
        ])
        try await fixture.alerts.makeSource("theirs", secret: "secret-theirs", caller: .team(2))
        let theirs: JSONValue = ["source_id": "theirs", "events": [event("x", start: now - 30)]]
        _ = await fixture.alerts.post(theirs, secrets: ["secret-theirs"])
    }

    @Test("Counts open alerts and the day's events, and those that only lack the label", arguments: Engine.allCases)
    func counts(_ engine: Engine) async throws {
        try await RulesFixture.run(engine) { fixture in
            try await Self.fill(fixture)
            let answer = try await fixture.rules.previewShield(
                ["match_type": "filter", "match_rules": Self.envNotTest],
                caller: .team(1, role: .viewer)
            )
            #expect(answer["at"] == "2025-10-21T10:00:00Z")
            #expect(answer["is_in_force"] == true && answer["in_force_until"] == .null)
            #expect(
                answer["open_alerts"] == [
                    "would_hide": 4, "matching": 4, "matching_only_by_missing_labels": 1, "examined": 5,
                    "is_complete": true,
                ]
            )
            #expect(
                answer["events"] == [
                    "since": "2025-10-20T10:00:00Z", "would_have_hidden": 5, "matching": 5,
                    "matching_only_by_missing_labels": 1, "examined": 6, "is_complete": true,
                ]
            )
            let examples = answer["examples"]?.array ?? []
            #expect(examples.map { $0["title"] } == ["title of test", "bare", "title of night", "title of old"])
            #expect(examples.map { $0["only_by_missing_labels"] } == [false, true, false, false])
            #expect(examples.first?["source_id"] == "s1")
        }
    }

    @Test("A window that comes again counts the events that fell into it", arguments: Engine.allCases)
    func windows(_ engine: Engine) async throws {
        try await RulesFixture.run(engine) { fixture in
            try await Self.fill(fixture)
            let body: JSONObject = ["match_rules": Self.envNotTest, "suppression_time": RulesFixture.night]
            // Not in force now: the next time it is.
            let next = try await fixture.rules.previewShield(body, caller: .team(1))
            #expect(next["at"] == "2025-10-21T22:00:00Z")
            #expect(next["is_in_force"] == true && next["in_force_until"] == "2025-10-22T06:00:00Z")
            #expect(next["open_alerts"]?["would_hide"] == 4)
            #expect(next["events"]?["matching"] == 5 && next["events"]?["would_have_hidden"] == 3)
            var noon = body
            noon["at"] = "2025-10-21T12:00:00Z"
            let then = try await fixture.rules.previewShield(noon, caller: .team(1))
            #expect(then["is_in_force"] == false)
            #expect(then["open_alerts"]?["would_hide"] == 0 && then["open_alerts"]?["matching"] == 4)
        }
    }

    @Test("Reads in pages and says when it stops", arguments: Engine.allCases)
    func bounds(_ engine: Engine) async throws {
        try await RulesFixture.run(engine) { fixture in
            await fixture.alerts.send((0..<60).map { event("e\($0)", start: Self.now - 100 + $0) })
            func run(_ bounds: ShieldPreview.Bounds) async throws -> JSONValue {
                try await ShieldPreview(
                    ["match_rules": [[["key": "title", "operator": "contains", "value": "title"]]]],
                    team: 1,
                    now: Self.now * 1000,
                    bounds: bounds
                ).run(fixture.database)
            }
            for page in [7, 30, 60, 1_000] {
                let whole = try await run(ShieldPreview.Bounds(alerts: 60, events: 61, page: page))
                #expect(whole["open_alerts"]?["matching"] == 60 && whole["open_alerts"]?["is_complete"] == true)
                #expect(whole["events"]?["matching"] == 60 && whole["events"]?["is_complete"] == true)
                #expect(whole["examples"]?.array?.count == 20)
                #expect(whole["examples"]?[0]?["title"] == "title of e59")
            }
            let part = try await run(ShieldPreview.Bounds(alerts: 50, events: 40, page: 7))
            #expect(part["open_alerts"]?["examined"] == 50 && part["open_alerts"]?["is_complete"] == false)
            #expect(part["events"]?["examined"] == 40 && part["events"]?["is_complete"] == false)
        }
    }

    @Test("Bad bodies are refused, each place named", arguments: Engine.allCases)
    func refusals(_ engine: Engine) async throws {
        try await RulesFixture.run(engine) { fixture in
            let bad: [(JSONObject, [String])] = [
                ([:], ["match_rules"]), (["match_type": "all"], ["match_type"]),
                (["match_rules": Self.envNotTest, "nothing": 1], ["nothing"]),
                (["match_rules": Self.envNotTest, "at": "soon"], ["at"]),
                (
                    ["match_rules": [[]], "suppression_time": ["type": "x"]],
                    ["match_rules[0]", "suppression_time.type"]
                ),
            ]
            let rules = fixture.rules
            for (body, places) in bad {
                let found = await refused { _ = try await rules.previewShield(body, caller: .team(1)) }
                #expect(found == places)
            }
            let found = await refused {
                _ = try await rules.previewShield(["match_rules": Self.envNotTest], caller: .team(1), team: 2)
            }
            #expect(found == ["team"])
        }
    }
}
