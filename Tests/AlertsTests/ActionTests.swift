// Acts on alerts: results one by one, the state afterwards, the audit, the notices, two at the same time.

import Alerts
import Identity
import JSON
import Resources
import Storage
import Testing

@Suite struct ActionTests {
    @Test("From assigned to closed, with audit and times", arguments: Engine.allCases)
    func path(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            try await fixture.makePeople()
            try await fixture.makeAlerts(2)
            let before = try await fixture.row(1)
            #expect(before["handling"] == "unassigned")
            let given = try await fixture.act(.assign, [1], .bob, ["assignee": ["ada", "me@example.com"]])
            #expect(given.status == 200)
            #expect(given.body["code"] == 0)
            #expect(given.body["message"] == "1 of 1 alert assigned")
            #expect(given.body["data"]?["1"]?["result"] == true)
            #expect(given.body["data"]?["1"]?["data"]?["handling"] == "pending")
            #expect(given.body["data"]?["1"]?["data"]?["operators"] == ["ada", "me@example.com"])
            let pending = try await fixture.row(1)
            #expect(pending["status"] == "firing")
            #expect(pending["handling"] == "pending")
            #expect(pending["assigned_at"] == "2025-10-21T10:00:00Z")
            #expect(pending["updated_at"] != before["updated_at"])
            try await fixture.act(.acknowledge, [1], .ada)
            let taken = try await fixture.row(1)
            #expect(taken["status"] == "acknowledged")
            #expect(taken["acknowledged_by"] == "ada")
            fixture.clock.set(fixture.clock.now + 60_000)
            try await fixture.act(.close, [1], .ada, ["reason": "known", "note": "see wiki"])
            let closed = try await fixture.row(1)
            #expect(closed["status"] == "closed")
            #expect(closed["closed_by"] == "ada")
            #expect(closed["close_reason"] == "known")
            #expect(closed["ended_at"] == "2025-10-21T10:01:00Z")
            #expect(try await fixture.row(2)["handling"] == "unassigned")
            #expect(
                try await fixture.audit("alert", 1) == [
                    "alert.assign bob unassigned→pending", "alert.acknowledge ada pending→processing",
                    "alert.close ada processing→closed",
                ]
            )
        }
    }

    @Test("Failures are named beside successes; 409 when nothing was done", arguments: Engine.allCases)
    func partial(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            try await fixture.makePeople()
            try await fixture.makeAlerts(3)
            try await fixture.makeProcessing([2])
            let some = try await fixture.act(.assign, [1, 2, 99], .bob, ["assignee": ["bob"]])
            #expect(some.status == 200)
            #expect(some.body["message"] == "1 of 3 alerts assigned; not assigned: 2, 99")
            #expect(some.body["data"]?["1"]?["result"] == true)
            #expect(some.body["data"]?["2"]?["result"] == false)
            #expect(some.body["data"]?["2"]?["data"]?["code"] == "invalid_state")
            #expect(some.body["data"]?["2"]?["message"]?.string?.contains("processing") == true)
            #expect(some.body["data"]?["99"]?["data"]?["code"] == "not_found")
            let none = try await fixture.act(.acknowledge, [1, 3, 99], .ada)
            #expect(none.status == 409)
            #expect(none.body["code"] == 409)
            #expect(none.body["errors"]?.array?.count == 3)
            #expect(none.body["data"]?["1"]?["data"]?["code"] == "not_operator")
            #expect(none.body["data"]?["3"]?["data"]?["code"] == "invalid_state")
            #expect(try await fixture.row(1)["handling"] == "pending")
            #expect(try await fixture.audit("alert", 3) == [])
        }
    }

    @Test("Alerts of another team are not there", arguments: Engine.allCases)
    func teams(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            try await fixture.makePeople()
            try await fixture.makeAlerts(1)
            let foreign = Caller.named("eve", team: 2)
            let refused = try await fixture.act(.assign, [1], foreign, ["assignee": ["ada"]])
            let missing = try await fixture.act(.assign, [77], foreign, ["assignee": ["ada"]])
            #expect(refused.status == 409)
            #expect(refused.body["data"]?["1"] == missing.body["data"]?["77"])
            #expect(try await fixture.row(1)["handling"] == "unassigned")
            await #expect(throws: ResourceError.forbidden(.alertsManage)) {
                try await fixture.act(.assign, [1], .team(1, role: .viewer), ["assignee": ["ada"]])
            }
        }
    }

    @Test("People of another team get nothing, and are not told apart from nobody", arguments: Engine.allCases)
    func foreignPeople(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            try await fixture.makePeople()
            try await fixture.makeAlerts(1)
            try await fixture.makeProcessing([1])
            let channel = try await fixture.makeChannel("mail")
            func refusal(_ name: String) async throws -> String? {
                let error = await #expect(throws: ResourceError.self) {
                    try await fixture.act(
                        .reassign,
                        [1],
                        .admin,
                        ["assignee": [.string(name)], "notify_channels": [.integer(channel)]]
                    )
                }
                return error?.errors.first?.message.replacing(name, with: "?")
            }
            #expect(try await refusal("eve") == refusal("xyz"))
            #expect(try await fixture.row(1)["operators"] == ["ada"])
            #expect(try await fixture.noticeRows() == [])
            // Where nothing can be seen, no name says anything either.
            let away = Caller.named("zoe", team: 3)
            for name in ["ada", "eve", "xyz"] {
                let reply = try await fixture.act(.assign, [1], away, ["assignee": [.string(name)]])
                #expect(reply.status == 409)
                #expect(reply.body["data"]?["1"]?["data"]?["code"] == "not_found")
            }
            // Administrators see every team.
            try await fixture.database.write {
                try $0.execute("UPDATE users SET role = 'administrator' WHERE username = 'eve'")
            }
            let given = try await fixture.act(.reassign, [1], .admin, ["assignee": ["eve"]])
            #expect(given.status == 200)
        }
    }

    @Test(
        "Bodies that make no sense are refused with the member named",
        arguments: [
            ("alert_id", "{\"assignee\":[\"ada\"]}"), ("alert_id", "{\"alert_id\":[],\"assignee\":[\"ada\"]}"),
            ("alert_id", "{\"alert_id\":3,\"assignee\":[\"ada\"]}"),
            ("alert_id", "{\"alert_id\":[\"ALERT-3\"],\"assignee\":[\"ada\"]}"),
            ("alert_id", "{\"alert_id\":[0],\"assignee\":[\"ada\"]}"),
            ("alert_id", "{\"alert_id\":[1.5],\"assignee\":[\"ada\"]}"), ("assignee", "{\"alert_id\":[1]}"),
            ("assignee", "{\"alert_id\":[1],\"assignee\":\"ada\"}"),
            ("assignee", "{\"alert_id\":[1],\"assignee\":[\"nobody\"]}"),
            ("assignee", "{\"alert_id\":[1],\"assignee\":[\"gone\"]}"),
            ("assignee", "{\"alert_id\":[1],\"assignee\":[\"eve\"]}"),
            ("assignment_id", "{\"alert_id\":[1],\"assignment_id\":9}"),
            ("notify_channels", "{\"alert_id\":[1],\"assignee\":[\"ada\"],\"notify_channels\":[9]}"),
            ("reason", "{\"alert_id\":[1],\"assignee\":[\"ada\"],\"reason\":1}"),
            ("colour", "{\"alert_id\":[1],\"assignee\":[\"ada\"],\"colour\":\"red\"}"),
            ("with_alerts", "{\"alert_id\":[1],\"assignee\":[\"ada\"],\"with_alerts\":true}"),
        ]
    )
    func malformed(field: String, body: String) async throws {
        try await Fixture.run(.sqlite) { fixture in
            try await fixture.makePeople()
            try await fixture.makeAlerts(1)
            let object = try #require(try JSONValue(parsing: body).object)
            let error = await #expect(throws: ResourceError.self) {
                try await fixture.alerts.act(.assign, body: object, caller: .ada)
            }
            #expect(error?.status == 400)
            #expect(error?.errors.map(\.field) == [field])
            #expect(try await fixture.row(1)["handling"] == "unassigned")
        }
    }

    @Test("Numbers may be texts, each counts once, and there are at most 100")
    func numbers() async throws {
        try await Fixture.run(.sqlite) { fixture in
            try await fixture.makePeople()
            try await fixture.makeAlerts(1)
            let body: JSONObject = ["alert_id": ["1", 1, "01"], "assignee": ["ada"], "note": .null]
            let reply = try await fixture.alerts.act(.assign, body: body, caller: .bob)
            #expect(reply.items.count == 1)
            #expect(reply.status == 200)
            let error = await #expect(throws: ResourceError.self) {
                try await fixture.act(.assign, Array(1...101), .bob, ["assignee": ["ada"]])
            }
            #expect(error?.errors.first?.field == "alert_id")
        }
    }

    @Test(
        "A rule gives its people, tells its channels, and reminds until somebody takes it",
        arguments: Engine.allCases
    )
    func rules(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            try await fixture.makePeople()
            try await fixture.makeAlerts(2)
            let mail = try await fixture.makeChannel("mail")
            let other = try await fixture.makeChannel("other")
            let rule = try await fixture.makeAssignment(people: ["ada", "bob"], channels: [mail])
            try await fixture.act(.assign, [1], .bob, ["assignment_id": .integer(rule)])
            #expect(
                try await fixture.noticeRows() == ["alert/1/assignment \(mail) ada", "alert/1/assignment \(mail) bob"]
            )
            let given = try await fixture.row(1)
            #expect(given["operators"] == ["ada", "bob"])
            #expect(given["assignment"]?.int == Int(rule))
            func reminder() async throws -> Int64? {
                try await fixture.database.read {
                    try $0.query("SELECT reminder_due_at FROM alert WHERE id = 1").first?.optionalInt("reminder_due_at")
                }
            }
            #expect(try await reminder() == fixture.clock.now + 600_000)
            try await fixture.act(.acknowledge, [1], .ada)
            #expect(try await reminder() == nil)
            // Without a rule: the channels named; nobody is told when none is.
            try await fixture.act(.assign, [2], .bob, ["assignee": ["ada"]])
            #expect(try await fixture.noticeRows().count == 2)
            fixture.clock.set(fixture.clock.now + 1000)
            try await fixture.act(
                .reassign,
                [2],
                .ada,
                ["assignee": ["bob"], "notify_channels": [.integer(other)]]
            )
            #expect(try await fixture.noticeRows().last == "alert/2/assignment \(other) bob")
        }
    }

    @Test("Rules and channels of another team, or not active, are none", arguments: Engine.allCases)
    func foreignRules(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            try await fixture.makePeople()
            try await fixture.makeAlerts(1)
            let foreign = try await fixture.makeChannel("theirs", team: 2)
            let off = try await fixture.makeChannel("off", isActive: false)
            let rule = try await fixture.makeAssignment(people: ["ada"], channels: [foreign], team: 2)
            for (field, value): (String, JSONValue) in [
                ("assignment_id", .integer(rule)), ("notify_channels", [.integer(foreign)]),
                ("notify_channels", [.integer(off)]),
            ] {
                let error = await #expect(throws: ResourceError.self) {
                    try await fixture.act(.assign, [1], .bob, ["assignee": ["ada"], field: value])
                }
                #expect(error?.errors.first?.field == field)
            }
            // An administrator sees them, but they do not serve this alert.
            let reply = try await fixture.act(.assign, [1], .admin, ["assignment_id": .integer(rule)])
            #expect(reply.status == 409)
            #expect(reply.body["data"]?["1"]?["message"]?.string?.contains("another team") == true)
            #expect(try await fixture.noticeRows() == [])
        }
    }

    @Test("A later start begins a new episode, an old one stays in the closed", arguments: Engine.allCases)
    func episodes(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            try await fixture.makePeople()
            let start = fixture.clock.now / 1000 - 60
            await fixture.send([event("a", start: start)])
            for (action, status) in [(AlertAction.close, "closed"), (.resolve, "resolved")] {
                let id = try await fixture.count("alert")
                try await fixture.act(action, [id], .admin)
                let ended = try await fixture.row(id)
                #expect(ended["status"]?.string == status)
                #expect(ended["closed_by"] == "admin")
                // The same thing again, told with other words; and the source's own resolve.
                await fixture.send([event("a", start: start, title: "again")])
                #expect(try await fixture.row(id)["status"]?.string == status)
                try await fixture.expect("alert", has: Int(id))
                fixture.clock.set(fixture.clock.now + 120_000)
                await fixture.send([event("a", start: fixture.clock.now / 1000 - 10)])
                try await fixture.expect("alert", has: Int(id) + 1)
                #expect(try await fixture.row(id + 1)["status"] == "firing")
                #expect(try await fixture.row(id)["status"]?.string == status)
            }
        }
    }

    @Test("Of two at the same time one wins; the other is told the state", arguments: Engine.allCases)
    func concurrent(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            try await fixture.makePeople()
            try await fixture.makeAlerts(8)
            let all: [Int64] = Array(1...8)
            let callers = [Caller.ada, .bob, .ada, .bob]
            @Sendable func assign(_ number: Int) async throws -> ActionReply {
                let ids = number % 2 == 0 ? all : all.reversed()
                return try await fixture.act(.assign, ids, callers[number], ["assignee": ["ada"]])
            }
            async let first = assign(0)
            async let second = assign(1)
            async let third = assign(2)
            async let fourth = assign(3)
            let replies = try await [first, second, third, fourth]
            for id in all {
                let items = replies.flatMap(\.items).filter { $0.id == id }
                #expect(items.count { $0.isDone } == 1, "alert \(id)")
                for item in items where !item.isDone {
                    guard case .failure(let refusal) = item.outcome else { continue }
                    #expect(refusal.kind == .invalidState)
                    #expect(refusal.message.contains("pending"))
                }
                let entries = try await fixture.audit("alert", id)
                #expect(entries.count == 1)
            }
        }
    }

    @Test("Acts and events at the same time: nothing is lost", arguments: Engine.allCases)
    func amidEvents(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            try await fixture.makePeople()
            try await fixture.makeAlerts(20)
            let start = fixture.clock.now / 1000 - 60
            try await withThrowingTaskGroup(of: Void.self) { group in
                for round in 0..<10 {
                    group.addTask {
                        await fixture.send(
                            (1...20).map { event("e\($0)", start: start, title: "round \(round)") }
                        )
                    }
                }
                for id in 1...20 {
                    group.addTask { try await fixture.act(.assign, [Int64(id)], .bob, ["assignee": ["ada"]]) }
                }
                try await group.waitForAll()
            }
            for id in 1...20 {
                let row = try await fixture.row(Int64(id))
                #expect(row["handling"] == "pending")
                #expect(row["event_count"] == 11)
            }
        }
    }
}
