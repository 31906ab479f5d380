// The rules as resources: their verbs, what refers to what, and what may be deleted.

import Alerts
import Identity
import JSON
import Resources
import Storage
import Testing

@Suite struct RuleResourceTests {
    @Test("Declarations and tables agree", arguments: Engine.allCases)
    func schema(_ engine: Engine) async throws {
        try await RulesFixture.run(engine) { fixture in
            for resource in RuleServices.resources {
                let problems = try await resource.schemaProblems(fixture.database)
                #expect(problems == [])
            }
        }
    }

    @Test("Made, read, listed, changed, deleted", arguments: Engine.allCases)
    func verbs(_ engine: Engine) async throws {
        try await RulesFixture.run(engine) { fixture in
            let bodies: [(ResourceService, JSONObject, JSONObject)] = [
                (fixture.rules.shields, RulesFixture.shield(), ["is_active": false]),
                (fixture.rules.assignments, RulesFixture.assignment(), ["priority": 5]),
                (
                    fixture.rules.aggregationRules, ["name": "a", "group_by": ["labels.cluster", "host"]],
                    ["threshold": 3]
                ),
                (fixture.rules.correlationRules, ["name": "c", "group_by": ["labels.service"]], ["root": "worst"]),
            ]
            for (service, body, change) in bodies {
                let made = try await service.create(body, caller: .team(1))
                let id = Int64(made["id"]?.int ?? 0)
                for (member, value) in body { #expect(made[member] == value) }
                // What was read can be sent back.
                let same = try await service.replace(id: id, made.object ?? [:], caller: .team(1))
                #expect(same == made)
                let changed = try await service.patch(id: id, change, caller: .team(1))
                for (member, value) in change { #expect(changed[member] == value) }
                #expect(
                    try await service.list(query: [("search", body["name"]?.string ?? "")], caller: .team(1)).count == 1
                )
                // Another team knows nothing of it.
                #expect(try await service.list(query: [], caller: .team(2)).count == 0)
                await #expect(throws: ResourceError.notFound) { try await service.get(id: id, caller: .team(2)) }
                await #expect(throws: ResourceError.forbidden(.alertsManage)) {
                    try await service.delete(id: id, caller: .team(1, role: .viewer))
                }
                // One name a team.
                #expect(await refused { _ = try await service.create(body, caller: .team(1)) } == ["name"])
                try await service.delete(id: id, caller: .team(1))
                let name = service.resource.name
                #expect(fixture.audited.actions.suffix(3) == ["\(name).create", "\(name).update", "\(name).delete"])
            }
        }
    }

    @Test("A channel that an assignment uses stays, and the refusal says who uses it", arguments: Engine.allCases)
    func references(_ engine: Engine) async throws {
        try await RulesFixture.run(engine) { fixture in
            let made = try await fixture.rules.assignments.create(
                RulesFixture.assignment(
                    "a",
                    ["escalation": [["after_minutes": 5, "personnel": ["bob"], "notify_channels": [2]]]]
                ),
                caller: .team(1)
            )
            let id = Int64(made["id"]?.int ?? 0)
            for (channel, field) in [(1, "notify_channels"), (2, "escalation_channels")] as [(Int64, String)] {
                do {
                    try await fixture.channels.delete(id: channel, caller: .team(1))
                    Issue.record("channel \(channel) was deleted")
                } catch let error as ResourceError {
                    #expect(error.status == 409)
                    #expect(error.errors == [FieldError("assignment", "1 row refers to it by \(field): \(id)")])
                }
            }
            _ = try await fixture.rules.assignments.patch(id: id, ["escalation": []], caller: .team(1))
            try await fixture.channels.delete(id: 2, caller: .team(1))
            try await fixture.rules.assignments.delete(id: id, caller: .team(1))
            try await fixture.channels.delete(id: 1, caller: .team(1))
        }
    }

    @Test("What rules have done does not keep them from being deleted", arguments: Engine.allCases)
    func alertsOfRules(_ engine: Engine) async throws {
        try await RulesFixture.run(engine) { fixture in
            _ = try await fixture.rules.shields.create(RulesFixture.shield(), caller: .team(1))
            _ = try await fixture.rules.assignments.create(RulesFixture.assignment(), caller: .team(1))
            _ = try await fixture.rules.aggregationRules.create(["name": "a", "group_by": []], caller: .team(1))
            await fixture.alerts.send([event("x", start: 1_000)])
            try await fixture.database.write { try $0.execute("UPDATE alert SET shield = 1, assignment = 1, rule = 1") }
            for service in [fixture.rules.shields, fixture.rules.assignments, fixture.rules.aggregationRules] {
                try await service.delete(id: 1, caller: .team(1))
            }
            // The number is never given again, so what holds it cannot come to belong to another rule.
            let next = try await fixture.rules.shields.create(RulesFixture.shield(), caller: .team(1))
            #expect(next["id"] == 2)
        }
    }
}
