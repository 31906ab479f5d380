// Levels: the four that are always there, and words for them that the ingest understands.

import Alerts
import Identity
import JSON
import Resources
import Testing

@Suite struct LevelTests {
    private static let admin = Caller.team(1, role: .administrator)

    @Test("The four levels are there for each type, and stay", arguments: Engine.allCases)
    func builtIn(_ engine: Engine) async throws {
        try await RulesFixture.run(engine) { fixture in
            let levels = fixture.rules.levels
            let page = try await levels.list(query: [("type", "alert")], caller: .team(1, role: .viewer))
            #expect(page.results.map { $0["name"] } == ["critical", "error", "warning", "info"])
            #expect(try await levels.list(query: [], caller: .team(1)).count == 12)
            #expect(page.results.first?["display_name"] == "致命 Critical")
            #expect(await refused { _ = try await levels.list(query: [("type", "x")], caller: .team(1)) } == ["type"])
            do {
                try await levels.delete(id: 1, caller: Self.admin)
                Issue.record("a level that is built in was deleted")
            } catch let error as ResourceError {
                #expect(error.status == 409)
            }
            let found = await refused {
                _ = try await levels.patch(id: 1, ["level": "info", "name": "worst"], caller: Self.admin)
            }
            #expect(found == ["name", "level"])
            let painted = try await levels.patch(id: 1, ["color": "#000000", "aliases": ["sev1"]], caller: Self.admin)
            #expect(painted["color"] == "#000000" && painted["is_built_in"] == true)
        }
    }

    @Test("Only administrators change what holds for all teams", arguments: Engine.allCases)
    func rights(_ engine: Engine) async throws {
        try await RulesFixture.run(engine) { fixture in
            await #expect(throws: ResourceError.forbidden(.accountManage)) {
                try await fixture.rules.levels.create(["name": "P1", "level": "critical"], caller: .team(1))
            }
        }
    }

    @Test("Bad fields are named", arguments: Engine.allCases)
    func refusals(_ engine: Engine) async throws {
        try await RulesFixture.run(engine) { fixture in
            let levels = fixture.rules.levels
            _ = try await levels.create(["name": "P1", "level": "critical", "aliases": ["sev1"]], caller: Self.admin)
            let bad: [(JSONObject, [String])] = [
                (["level": "worst"], ["level"]), (["name": " "], ["name"]), (["name": "Critical"], ["name"]),
                (["name": "p1"], ["name"]), (["name": "SEV1"], ["name"]), (["aliases": ["a", "2"]], ["aliases[1]"]),
                (["aliases": ["x", "P1"]], ["aliases[1]"]), (["aliases": ["a", "A"]], ["aliases[1]"]),
                (["aliases": ["P9"]], ["aliases[0]"]), (["color": "red"], ["color"]),
                (["level_type": "x"], ["level_type"]),
                (["is_built_in": true], ["is_built_in"]),
            ]
            for (members, places) in bad {
                var body: JSONObject = ["name": "P9", "level": "info"]
                for (key, value) in members { body[key] = value }
                let found = await refused { _ = try await levels.create(body, caller: Self.admin) }
                #expect(found == places, "\(JSONValue.object(members).text)")
            }
            // The same word may mean something else for incidents.
            _ = try await levels.create(
                ["name": "P1", "level": "error", "level_type": "incident"],
                caller: Self.admin
            )
        }
    }

    @Test(
        "The ingest knows the words, at once, between the source's own and the common ones",
        arguments: Engine.allCases
    )
    func words(_ engine: Engine) async throws {
        try await RulesFixture.run(engine) { fixture in
            func level(_ word: String, at start: Int64) async throws -> String {
                await fixture.alerts.send([event("\(word)\(start)", start: start, level: word)])
                let lines = try await fixture.alerts.summary()
                let line = lines.first { $0.hasPrefix("\(word)\(start) ") } ?? ""
                return String(line.split(separator: " ")[2])
            }
            #expect(try await level("sev9", at: 1_000) == "warning")
            #expect(try await level("high", at: 1_000) == "critical")
            let made = try await fixture.rules.levels.create(
                ["name": "Sev9", "level": "info", "aliases": ["high", "own"]],
                caller: Self.admin
            )
            #expect(try await level("sev9", at: 2_000) == "info")
            #expect(try await level("high", at: 2_000) == "info")
            _ = try await fixture.alerts.alerts.sources.patch(
                id: 1,
                ["level_map": ["own": "error", "critical": "error"]],
                caller: .team(1)
            )
            #expect(try await level("own", at: 3_000) == "error")
            #expect(try await level("critical", at: 3_000) == "error")
            #expect(try await level("sev9", at: 3_000) == "info")
            let id = Int64(made["id"]?.int ?? 0)
            _ = try await fixture.rules.levels.patch(id: id, ["level": "critical"], caller: Self.admin)
            #expect(try await level("sev9", at: 4_000) == "critical")
            try await fixture.rules.levels.delete(id: id, caller: Self.admin)
            #expect(try await level("sev9", at: 5_000) == "warning")
        }
    }
}
