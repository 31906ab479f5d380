// The rules as resources: what is refused when it is saved, each place named.

import Alerts
import Identity
import JSON
import Resources
import Storage
import Testing

@Suite struct RuleRefusalTests {
    @Test("Shields: every bad field is named", arguments: Engine.allCases)
    func badShields(_ engine: Engine) async throws {
        try await RulesFixture.run(engine) { fixture in
            let bad: [(JSONObject, [String])] = [
                (["match_type": "all"], ["match_type"]),
                (["match_type": "some"], ["match_type"]),
                (["match_rules": []], ["match_rules"]),
                (["match_rules": [[]]], ["match_rules[0]"]),
                (["match_rules": "x"], ["match_rules"]),
                (
                    ["match_rules": [[["key": "host", "operator": "like", "value": "x"]]]],
                    ["match_rules[0][0].operator"]
                ),
                (["match_rules": [[["key": "host", "operator": "re", "value": "("]]]], ["match_rules[0][0].value"]),
                (["suppression_time": [:]], ["suppression_time"]),
                (["suppression_time": .null], ["suppression_time"]),
                (["suppression_time": ["type": "day", "start_time": "1"]], ["suppression_time.start_time"]),
                (
                    [
                        "suppression_time": [
                            "type": "one", "start_time": "2025-10-20T00:00:00Z", "end_time": "2025-10-21T10:00:00Z",
                        ]
                    ],
                    ["suppression_time.end_time"]
                ),
                (
                    ["match_rules": [[["key": "x", "operator": "eq", "value": ""]]], "suppression_time": ["type": 1]],
                    ["match_rules[0][0].key", "suppression_time.type"]
                ),
                (["is_active": 1], ["is_active"]),
                (["nothing": 1], ["nothing"]),
            ]
            for (members, places) in bad {
                let found = await refused {
                    _ = try await fixture.rules.shields.create(RulesFixture.shield("s", members), caller: .team(1))
                }
                #expect(found == places, "\(JSONValue.object(members).text)")
            }
            let found = await refused {
                _ = try await fixture.rules.shields.create(["name": "s"], caller: .team(1))
            }
            #expect(found == ["suppression_time"])
            try await fixture.alerts.expect("alert_shield", has: 0)
        }
    }

    @Test("Assignments: every bad field is named", arguments: Engine.allCases)
    func badAssignments(_ engine: Engine) async throws {
        try await RulesFixture.run(engine) { fixture in
            func step(_ after: JSONValue, _ people: JSONValue, _ channels: JSONValue) -> JSONValue {
                ["after_minutes": after, "personnel": people, "notify_channels": channels]
            }
            func pace(_ minutes: JSONValue, _ count: JSONValue) -> JSONValue {
                ["interval_minutes": minutes, "max_count": count]
            }
            let bad: [(JSONObject, [String])] = [
                (["personnel": ["alice", "nobody"]], ["personnel[1]"]),
                (["personnel": ["carol", "root", "dave"]], ["personnel[0]", "personnel[2]"]),
                (["personnel": ["a@b@c"]], ["personnel[0]"]),
                (["personnel": ["a@example.com\r\nBcc: x@example.com"]], ["personnel[0]"]),
                (["personnel": ["alice", "alice"]], ["personnel[1]"]),
                (["personnel": [], "notify_channels": []], ["personnel"]),
                (["personnel": [], "notify_channels": [1]], ["personnel"]),
                (["escalation": [step(5, [], [1]), step(6, [], [2])]], ["escalation[0].personnel"]),
                (["notify_channels": [9]], ["notify_channels"]),
                (["notify_channels": [3]], ["notify_channels"]),
                (["notify_channels": [1, 1]], ["notify_channels[1]"]),
                (["notification_scenario": ["assignment", "closed"]], ["notification_scenario"]),
                (["notification_frequency": ["bad": pace(1, 1)]], ["notification_frequency.bad"]),
                (
                    ["notification_frequency": ["critical": pace(0, 1_001)]],
                    [
                        "notification_frequency.critical.interval_minutes",
                        "notification_frequency.critical.max_count",
                    ]
                ),
                (
                    ["notification_frequency": ["1": pace(10_081, .null)]],
                    ["notification_frequency.1.interval_minutes", "notification_frequency.1.max_count"]
                ),
                (
                    ["notification_frequency": ["critical": pace(1, 1), "0": pace(1, 1)]],
                    ["notification_frequency.0"]
                ),
                (["escalation": ["x"]], ["escalation[0]"]),
                (["escalation": [step(0, [], [1])]], ["escalation[0].after_minutes"]),
                (["escalation": [step(5, ["bob"], [])]], ["escalation[0].notify_channels"]),
                (
                    ["escalation": [step(5, ["nobody"], [1, 3])]],
                    ["escalation[0].personnel[0]", "escalation[0].notify_channels[1]"]
                ),
                (["escalation": [step(5, [], [1]), step(5, [], [1])]], ["escalation[1].after_minutes"]),
                (["config": ["type": "week", "start_time": "01:00", "end_time": "02:00"]], ["config.week_month"]),
                (["priority": -1], ["priority"]),
                (["escalation_channels": [1]], ["escalation_channels"]),
                (["match_type": "filter"], ["match_rules"]),
            ]
            for (members, places) in bad {
                let found = await refused {
                    _ = try await fixture.rules.assignments.create(
                        RulesFixture.assignment("a", members),
                        caller: .team(1)
                    )
                }
                #expect(found == places, "\(JSONValue.object(members).text)")
            }
            let good = try await fixture.rules.assignments.create(
                RulesFixture.assignment(
                    "a",
                    [
                        "personnel": ["alice", "root", "ops@example.com"],
                        "notification_frequency": ["0": pace(10, 3), "warning": pace(60, 1)],
                        "escalation": [step(5, ["bob"], [2]), step(10, [], [1, 2])],
                        "config": ["type": "week", "start_time": "09:00", "end_time": "18:00", "week_month": [1, 2]],
                    ]
                ),
                caller: .team(1)
            )
            #expect(good["escalation_channels"] == [1, 2])
            let rule = try #require(try await fixture.book().assignments.first)
            #expect(rule.personnel == ["alice", "root", "ops@example.com"])
            #expect(rule.frequency[.critical] == ReminderPace(intervalMinutes: 10, maxCount: 3))
            #expect(rule.escalation.map(\.channels) == [[2], [1, 2]])
            #expect(rule.scenarios == ["assignment", "recovered"])
            #expect(rule.schedule?.isRecurring == true)
        }
    }

    @Test("People or channels that go may not leave nobody to be told", arguments: Engine.allCases)
    func nobodyLeft(_ engine: Engine) async throws {
        try await RulesFixture.run(engine) { fixture in
            let service = fixture.rules.assignments
            _ = try await service.create(
                RulesFixture.assignment("a", ["personnel": [], "notify_channels": [1, 2]]),
                caller: .team(1)
            )
            let found = await refused {
                _ = try await service.patch(id: 1, ["notify_channels": [1]], caller: .team(1))
            }
            #expect(found == ["personnel"])
            _ = try await service.patch(id: 1, ["notify_channels": [2]], caller: .team(1))
        }
    }

    @Test("Who has left does not stand in the way of other changes", arguments: Engine.allCases)
    func leavers(_ engine: Engine) async throws {
        try await RulesFixture.run(engine) { fixture in
            let service = fixture.rules.assignments
            _ = try await service.create(RulesFixture.assignment(), caller: .team(1))
            try await fixture.database.write {
                try $0.execute("UPDATE users SET is_active = 0 WHERE username = 'alice'")
            }
            _ = try await service.patch(id: 1, ["priority": 7], caller: .team(1))
            let found = await refused {
                _ = try await service.patch(id: 1, ["personnel": ["bob", "alice"]], caller: .team(1))
            }
            #expect(found == ["personnel[1]"])
        }
    }

    @Test("Aggregation and correlation rules: every bad field is named", arguments: Engine.allCases)
    func badGroupings(_ engine: Engine) async throws {
        try await RulesFixture.run(engine) { fixture in
            let aggregations: [(JSONObject, [String])] = [
                (["group_by": .null], ["group_by"]),
                (["group_by": ["host", "cluster"]], ["group_by[1]"]),
                (["group_by": ["host", "host"]], ["group_by[1]"]),
                (["levels": ["critical", "worst"]], ["levels[1]"]),
                (["window_type": "round"], ["window_type"]),
                (["window_size": "0min"], ["window_size"]),
                (["window_size": "8day"], ["window_size"]),
                (["window_size": "soon"], ["window_size"]),
                (["window_type": "fixed", "alignment": "week"], ["alignment"]),
                (
                    ["window_type": "session", "session_timeout": "2hour", "max_window_size": "1hour"],
                    ["max_window_size"]
                ),
                (["window_type": "session", "session_timeout": "x"], ["session_timeout"]),
                (["threshold": 0], ["threshold"]),
                (["close_time": "-1"], ["close_time"]),
                (["title": "in ${labels.cluster}"], ["title"]),
                (["match_type": "filter"], ["match_rules"]),
            ]
            for (members, places) in aggregations {
                var body: JSONObject = ["name": "a", "group_by": ["host"]]
                for (key, value) in members { body[key] = value }
                let found = await refused {
                    _ = try await fixture.rules.aggregationRules.create(body, caller: .team(1))
                }
                #expect(found == places, "\(JSONValue.object(members).text)")
            }
            let correlations: [(JSONObject, [String])] = [
                (["group_by": []], ["group_by"]), (["within": "0"], ["within"]), (["within": "31day"], ["within"]),
                (["min_alerts": 1], ["min_alerts"]), (["root": "last"], ["root"]), (["title": "${x}"], ["title"]),
            ]
            for (members, places) in correlations {
                var body: JSONObject = ["name": "c", "group_by": ["host"]]
                for (key, value) in members { body[key] = value }
                let found = await refused {
                    _ = try await fixture.rules.correlationRules.create(body, caller: .team(1))
                }
                #expect(found == places, "\(JSONValue.object(members).text)")
            }
        }
    }
}
