// The tools that act and the tools that tell of acts: rights, budgets, sentences, and a read-back that fails.

import Alerts
import Identity
import JSON
import Resources
import Storage
import Synchronization
import Testing
import Tools

@Suite struct ActToolTests {
    static let writes = ["alert_acknowledge", "alert_assign", "alert_close", "incident_create", "shield_create"]
    static let reads = ["alert_timeline", "incident_list", "incident_get", "notification_log", "shield_preview"]

    private static func call(
        _ alerts: AlertsService,
        _ fixture: Fixture,
        _ name: String,
        _ arguments: JSONObject = [:],
        caller: Caller = .ada,
        bytes: Int = 24_000
    ) async throws -> ToolResult {
        let tool = try #require(alerts.tools.first { $0.name == name })
        let checked = try ArgumentCheck(schema: tool.parameters).check(JSONValue.object(arguments).text).get()
        return try await tool.run(checked, ToolCallContext(caller: caller, now: fixture.clock.now, bytes: bytes))
    }

    private static func call(
        _ fixture: Fixture,
        _ name: String,
        _ arguments: JSONObject = [:],
        caller: Caller = .ada,
        bytes: Int = 24_000
    ) async throws -> ToolResult {
        try await call(fixture.alerts, fixture, name, arguments, caller: caller, bytes: bytes)
    }

    private static func describe(_ fixture: Fixture, _ name: String, _ arguments: JSONObject, _ caller: Caller = .ada)
        async throws -> String
    {
        let tool = try #require(fixture.alerts.tools.first { $0.name == name })
        return await tool.describe(arguments, ToolCallContext(caller: caller, now: fixture.clock.now))
    }

    @Test("Declarations: effect, permission, closed schemas, and no pattern grants a write")
    func declarations() async throws {
        try await Fixture.run(.sqlite) { fixture in
            let registry = try ToolRegistry(fixture.alerts.tools)
            for name in Self.writes + Self.reads {
                let tool = try #require(registry[name])
                #expect(tool.effect == (Self.writes.contains(name) ? .write : .read))
                #expect(tool.permission == (Self.writes.contains(name) ? .alertsManage : .alertsView))
                #expect(tool.parameters["additionalProperties"] == false)
                #expect(tool.summary.last == ".")
            }
            let granted = registry.granted(by: ["alert*", "incident_*", "shield_*", "notification_*"]).map(\.name)
            #expect(Set(granted).isDisjoint(with: Self.writes))
            #expect(Set(granted).isSuperset(of: Self.reads))
        }
    }

    @Test("Assign, acknowledge, close: done, read back, and told in one sentence before", arguments: Engine.allCases)
    func acts(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            try await fixture.makePeople()
            await fixture.send([
                event("a", start: fixture.clock.now / 1000, title: "DiskFull", labels: ["instance": "db-1:9100"]),
                event("b", start: fixture.clock.now / 1000, title: "Odd\u{202E}\nname"),
            ])
            #expect(
                try await Self.describe(fixture, "alert_assign", ["ids": [1], "assignee": ["ada"]])
                    == "Assign alert 1 \"DiskFull\" on db-1 to ada."
            )
            #expect(
                try await Self.describe(fixture, "alert_close", ["ids": [1, 2, 9], "reason": "done"])
                    == "Close 3 alerts: 1 \"DiskFull\" on db-1; 2 \"Odd name\"; 9 (not found), reason: \"done\"."
            )
            let given = try await Self.call(fixture, "alert_assign", ["ids": [1, 2], "assignee": ["ada"]])
            #expect(given.status == .ok)
            #expect(given.data["assigned"] == [1, 2])
            #expect(given.data["alerts"]?[0]?["handling"] == "pending")
            #expect(given.data["alerts"]?[0]?["operators"] == ["ada"])
            let again = try await Self.call(fixture, "alert_assign", ["ids": [1], "assignee": ["bob"]])
            #expect(again.data["alerts"]?[0]?["operators"] == ["bob"])
            let taken = try await Self.call(fixture, "alert_acknowledge", ["ids": [1, 2]])
            #expect(taken.status == .ok)
            #expect(taken.total == 2)
            #expect(taken.returned == 1)
            #expect(taken.data["acknowledged"] == [2])
            #expect(taken.data["failed"]?[0]?["code"] == "not_operator")
            #expect(taken.hint?.contains("1 of 2") == true)
            let closed = try await Self.call(fixture, "alert_close", ["ids": [2], "reason": "done"])
            #expect(closed.data["alerts"]?[0]?["status"] == "closed")
            let none = try await Self.call(fixture, "alert_close", ["ids": [2], "reason": "done"])
            #expect(none.status == .error)
            #expect(none.message?.contains("closed already") == true)
        }
    }

    @Test("A read-back that fails is a warning, and the change stands", arguments: Engine.allCases)
    func readBack(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            try await fixture.makePeople()
            try await fixture.makeAlerts(2)
            let blind = BlindDatabase(fixture.database)
            let alerts = try AlertsService(database: blind, clock: fixture.clock.clock)
            let closed = try await Self.call(
                alerts,
                fixture,
                "alert_close",
                ["ids": [1], "reason": "x"],
                caller: .admin
            )
            #expect(closed.status == .ok)
            #expect(closed.data["closed"] == [1])
            #expect(closed.data["warning"]?.string?.contains("Do not repeat") == true)
            #expect(try await fixture.row(1)["status"] == "closed")
            let made = try await Self.call(alerts, fixture, "incident_create", ["title": "t", "alert_ids": [2]])
            #expect(made.status == .ok)
            #expect(made.data["warning"] != nil)
            let shield = try await Self.call(alerts, fixture, "shield_create", Self.shield)
            #expect(shield.status == .ok)
            #expect(shield.data["warning"] != nil)
            try await fixture.expect("alert_shield", has: 1)
        }
    }

    private static let shield: JSONObject = [
        "matchers": [["name": "region", "operator": "eq", "value": "eu"]], "ends_at": "2h", "comment": "Maintenance",
    ]

    @Test("Callers without the right, or of another team, do nothing and learn nothing", arguments: Engine.allCases)
    func rights(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            try await fixture.makePeople()
            try await fixture.makeAlerts(1)
            _ = try await Self.call(fixture, "incident_create", ["title": "Secret", "alert_ids": [1]])
            let channel = try await fixture.makeChannel("secret-channel")
            try await fixture.act(.assign, [1], .ada, ["assignee": ["bob"], "notify_channels": [.integer(channel)]])
            let calls: [(String, JSONObject)] = [
                ("alert_acknowledge", ["ids": [1]]), ("alert_assign", ["ids": [1], "assignee": ["bob"]]),
                ("alert_close", ["ids": [1], "reason": "x"]), ("incident_create", ["title": "t", "alert_ids": [1]]),
                ("alert_timeline", ["id": 1]), ("incident_list", [:]), ("incident_get", ["id": 1]),
                ("notification_log", ["alert_id": 1]), ("notification_log", [:]), ("alert_get", ["id": 1]),
                ("shield_preview", ["matchers": [["name": "title", "operator": "contains", "value": "t"]]]),
            ]
            let eve = Caller.named("eve", team: 2)
            for (name, arguments) in calls {
                let result = try await Self.call(fixture, name, arguments, caller: eve)
                let text = String(decoding: result.json(limit: 24_000), as: UTF8.self)
                for word in ["title of", "Secret", "bob", "secret-channel"] {
                    // What the caller named may be repeated.
                    if JSONValue.object(arguments).text.contains(word) { continue }
                    #expect(!text.contains(word), "\(name): \(text)")
                }
                #expect(result.total ?? 0 == 0 || result.status == .error, "\(name)")
            }
            let words = try await Self.describe(fixture, "alert_close", ["ids": [1], "reason": "x"], eve)
            #expect(words == "Close alert 1 (not found), reason: \"x\".")
            let before = try await fixture.row(1)
            for name in ["alert_acknowledge", "alert_assign", "alert_close", "incident_create", "shield_create"] {
                let arguments = calls.first { $0.0 == name }?.1 ?? Self.shield
                let result = try await Self.call(fixture, name, arguments, caller: .team(1, role: .viewer))
                #expect(result.status == .error, "\(name)")
                #expect(result.message?.contains("alerts.manage") == true, "\(name)")
            }
            #expect(try await fixture.row(1) == before)
            try await fixture.expect("alert_shield", has: 0)
        }
    }

    @Test("Arguments: arrays of at most 20, a reason, an end within 30 days, matchers that say something")
    func arguments() async throws {
        try await Fixture.run(.sqlite) { fixture in
            try await fixture.makePeople()
            try await fixture.makeAlerts(1)
            let tool = try #require(fixture.alerts.tools.first { $0.name == "alert_close" })
            let check = ArgumentCheck(schema: tool.parameters)
            for text in [
                "{\"ids\":1,\"reason\":\"x\"}", "{\"ids\":[1]}", "{\"ids\":[\"1\"],\"reason\":\"x\"}",
                "{\"ids\":[\(Array(repeating: "1", count: 21).joined(separator: ","))],\"reason\":\"x\"}",
                "{\"ids\":[1],\"reason\":\"x\",\"force\":true}",
            ] {
                guard case .failure = check.check(text) else {
                    Issue.record("\(text) was taken")
                    continue
                }
            }
            #expect(try await Self.call(fixture, "alert_close", ["ids": [1], "reason": " "]).status == .error)
            #expect(try await Self.call(fixture, "alert_close", ["ids": [], "reason": "x"]).status == .error)
            for (name, value, word): (String, JSONValue, String) in [
                ("matchers", [], "matchers"), ("ends_at", "31d", "30 days"), ("ends_at", "soon", "ends_at"),
                ("ends_at", "2020-01-01T00:00:00Z", "later"), ("comment", " ", "comment"),
                ("matchers", [["name": "region", "operator": "re", "value": "("]], "match_rules"),
                ("matchers", [["name": "", "operator": "eq", "value": "x"]], "name"),
            ] {
                var arguments = Self.shield
                arguments[name] = value
                let result = try await Self.call(fixture, "shield_create", arguments)
                #expect(result.status == .error, "\(name) \(value.text)")
                #expect(result.message?.contains(word) == true, "\(result.message ?? "")")
            }
            try await fixture.expect("alert_shield", has: 0)
        }
    }

    @Test("A bot assigns to people it names, so that the sentence shows all of them")
    func assignsByName() async throws {
        try await Fixture.run(.sqlite) { fixture in
            let tool = try #require(fixture.alerts.tools.first { $0.name == "alert_assign" })
            let check = ArgumentCheck(schema: tool.parameters)
            for text in [
                "{\"ids\":[1],\"assignment_id\":1}", "{\"ids\":[1],\"assignee\":[\"ada\"],\"assignment_id\":1}",
                "{\"ids\":[1]}",
            ] {
                guard case .failure = check.check(text) else {
                    Issue.record("\(text) was taken")
                    continue
                }
            }
        }
    }

    @Test("A shield is counted before and made", arguments: Engine.allCases)
    func shields(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            let start = fixture.clock.now / 1000
            await fixture.send([
                event("a", start: start, labels: ["region": "eu"]), event("b", start: start, labels: ["region": "us"]),
                event("c", start: start),
            ])
            let equal = try await Self.call(fixture, "shield_preview", ["matchers": Self.shield["matchers"] ?? []])
            #expect(equal.total == 1)
            let unequal = try await Self.call(
                fixture,
                "shield_preview",
                ["matchers": [["name": "region", "operator": "ne", "value": "us"]]]
            )
            #expect(unequal.total == 2)
            #expect(unequal.data["open_alerts"]?["matching_only_by_missing_labels"] == 1)
            let words = try await Self.describe(fixture, "shield_create", Self.shield)
            #expect(words.contains("labels.region eq \"eu\" until 2025-10-21T12:00:00Z"), "\(words)")
            #expect(words.contains("1 open alert matches now"), "\(words)")
            let made = try await Self.call(fixture, "shield_create", Self.shield)
            #expect(made.status == .ok)
            #expect(made.data["description"] == "Maintenance")
            #expect(made.data["suppression_time"]?["end_time"] == "2025-10-21T12:00:00Z")
            #expect(made.data["is_active"] == true)
            try await fixture.expect("alert_shield", has: 1)
            let again = try await Self.call(fixture, "shield_create", Self.shield)
            #expect(again.status == .ok)
        }
    }

    @Test("A timeline tells events, acts and notices in one order, within its budget", arguments: Engine.allCases)
    func timeline(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            try await fixture.makePeople()
            let channel = try await fixture.makeChannel("mail")
            let start = fixture.clock.now / 1000 - 600
            await fixture.send([event("a", start: start)])
            try await fixture.act(.assign, [1], .bob, ["assignee": ["ada"], "notify_channels": [.integer(channel)]])
            fixture.clock.set(fixture.clock.now + 1000)
            try await fixture.act(.acknowledge, [1], .ada, ["note": "on it\u{202E}"])
            let result = try await Self.call(fixture, "alert_timeline", ["id": 1])
            #expect(result.total == 4)
            let entries = result.data.array ?? []
            #expect(entries.compactMap { $0["type"]?.string } == ["act", "notice", "act", "event"])
            #expect(entries[0]["by"] == "ada")
            #expect(entries[0]["note"] == "on it")
            #expect(entries[1]["channel_name"] == "mail")
            #expect(entries[1]["receiver"] == "ada")
            #expect(entries[1]["state"] == "pending")
            // 200 further events: the newest 100 entries, the total exact; few bytes, few entries.
            await fixture.send(
                (0..<200).map { event("a", start: start, title: "again \($0)") }
            )
            let many = try await Self.call(fixture, "alert_timeline", ["id": 1], bytes: 100_000)
            #expect(many.total == 204)
            #expect(many.returned == 100)
            #expect(many.truncated)
            let small = try await Self.call(fixture, "alert_timeline", ["id": 1], bytes: 4_000)
            #expect((small.returned ?? 0) > 0)
            #expect(small.json(limit: 4_000).count <= 4_000)
            #expect(small.total == 204)
        }
    }

    @Test("Incidents and notices: exact totals, pages without gaps", arguments: Engine.allCases)
    func lists(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            try await fixture.makePeople()
            try await fixture.makeAlerts(30)
            let channel = try await fixture.makeChannel("mail")
            let nothing = try await Self.call(fixture, "incident_list")
            #expect(nothing.status == .noData)
            for id in 1...25 {
                _ = try await Self.call(
                    fixture,
                    "incident_create",
                    ["title": .string("Incident \(id)"), "alert_ids": [.integer(id)]]
                )
                try await fixture.act(
                    .assign,
                    [Int64(id)],
                    .bob,
                    ["assignee": ["ada"], "notify_channels": [.integer(channel)]]
                )
            }
            for name in ["incident_list", "notification_log"] {
                var seen: [Int] = []
                var cursor: String?
                repeat {
                    var arguments: JSONObject = ["limit": 10]
                    if let cursor { arguments["cursor"] = .string(cursor) }
                    let page = try await Self.call(fixture, name, arguments)
                    #expect(page.total == 25)
                    #expect(page.truncated == (page.cursor != nil))
                    seen += (page.data.array ?? []).compactMap { $0["id"]?.int }
                    cursor = page.cursor
                } while cursor != nil
                #expect(seen.count == 25, "\(name)")
                #expect(Set(seen).count == 25, "\(name)")
            }
            let one = try await Self.call(fixture, "incident_get", ["id": 3])
            #expect(one.data["title"] == "Incident 3")
            #expect(one.data["alerts"]?[0]?["id"] == 3)
            #expect(one.data["alert_count"] == 1)
            let some = try await Self.call(fixture, "incident_list", ["status": ["closed"]])
            #expect(some.status == .noData)
            #expect(some.hint?.contains("25 incidents") == true)
            let sent = try await Self.call(fixture, "notification_log", ["alert_id": 3, "state": ["pending"]])
            #expect(sent.total == 1)
            #expect(sent.data[0]?["about"] == "alert 3")
            let detail = try await Self.call(fixture, "alert_get", ["id": 3])
            #expect(detail.data["notices"] == ["pending": 1])
            #expect(detail.data["incident"] == 3)
            #expect(detail.data["operators"] == ["ada"])
            let counts = try await Self.call(fixture, "alerts_count", ["group_by": "handling"])
            #expect(
                counts.data["groups"] == [["key": "pending", "count": 25], ["key": "unassigned", "count": 5]]
            )
            let mine = try await Self.call(fixture, "alerts_list", ["operator": "ada", "handling": ["pending"]])
            #expect(mine.total == 25)
            // A single condition with alternatives, and a cursor behind it.
            let either: JSONObject = ["handling": ["pending", "resolved"], "limit": 20]
            let first = try await Self.call(fixture, "alerts_list", either, caller: .admin)
            var more = either
            more["cursor"] = .string(first.cursor ?? "")
            let second = try await Self.call(fixture, "alerts_list", more, caller: .admin)
            let ids = [first, second].flatMap { $0.data.array ?? [] }.compactMap { $0["id"]?.int }
            #expect(ids.count == 25)
            #expect(Set(ids).count == 25)
        }
    }
}

/// A store that can be written and not read once something was written, as when a connection is lost in between.
private final class BlindDatabase: Database {
    private let inner: any Database
    private let hasWritten = Mutex(false)

    init(_ inner: any Database) { self.inner = inner }

    var dialect: SQLDialect { inner.dialect }

    func read<T: Sendable>(_ body: @escaping @Sendable (any SQLConnection) throws -> T) async throws -> T {
        if hasWritten.withLock({ $0 }) { throw DatabaseError(.unavailable, "blind") }
        return try await inner.read(body)
    }

    func write<T: Sendable>(_ body: @escaping @Sendable (any SQLConnection) throws -> T) async throws -> T {
        let result = try await inner.write(body)
        hasWritten.withLock { $0 = true }
        return result
    }

    func check() async throws { try await inner.check() }
    func close() async {}
}
