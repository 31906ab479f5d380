// The rule book: what stands in it, when it is read again, and what cannot be read.

import Alerts
import JSON
import Resources
import Storage
import Testing

@Suite struct RuleBookTests {
    private static let subject = MatchSubject(
        sourceID: "s1",
        level: .warning,
        title: "t",
        content: "",
        host: "db-1",
        status: "firing",
        labels: [Label("env", "test")]
    )

    @Test("Only active rules, by priority and age, of all teams", arguments: Engine.allCases)
    func order(_ engine: Engine) async throws {
        try await RulesFixture.run(engine) { fixture in
            for (name, priority, isActive) in [("a", 50, true), ("b", 10, true), ("c", 50, true), ("d", 1, false)] {
                _ = try await fixture.rules.assignments.create(
                    RulesFixture.assignment(name, ["priority": .integer(priority), "is_active": .bool(isActive)]),
                    caller: .team(1)
                )
            }
            _ = try await fixture.rules.shields.create(RulesFixture.shield(), caller: .team(2))
            let book = try await fixture.book()
            #expect(book.assignments.map(\.name) == ["b", "a", "c"])
            #expect(book.channelTypes == [1: "EMAIL", 2: "ENTERPRISE_WECHAT_BOT", 3: "EMAIL"])
            let midnight = try Timestamp(parsing: "2025-10-21T00:00:00Z").milliseconds
            let noon = midnight + 43_200_000
            #expect(book.shield(Self.subject, team: 2, at: midnight)?.id == 1)
            #expect(book.shield(Self.subject, team: 2, at: noon) == nil)
            #expect(book.shield(Self.subject, team: 1, at: midnight) == nil)
            #expect(book.assignment(Self.subject, team: 1, at: noon)?.name == "b")
            #expect(book.assignment(Self.subject, team: 2, at: noon) == nil)
        }
    }

    @Test("A change on one shelf's side makes another read again", arguments: Engine.allCases)
    func version(_ engine: Engine) async throws {
        try await RulesFixture.run(engine) { fixture in
            let (here, there) = (RuleShelf(), RuleShelf())
            #expect(try await fixture.book(here).isEmpty)
            #expect(try await fixture.book(there).isEmpty)
            let service = fixture.rules.shields
            _ = try await service.create(RulesFixture.shield(), caller: .team(1))
            #expect(try await fixture.book(there).shields.count == 1)
            _ = try await service.patch(id: 1, ["name": "other"], caller: .team(1))
            #expect(try await fixture.book(there).shields.first?.name == "other")
            #expect(try await fixture.book(here).shields.first?.name == "other")
            try await service.delete(id: 1, caller: .team(1))
            #expect(try await fixture.book(there).isEmpty)
            _ = try await fixture.channels.patch(id: 1, ["channel_type": "WEBHOOK"], caller: .team(1))
            #expect(try await fixture.book(here).channelTypes[1] == "WEBHOOK")
            try await fixture.channels.delete(id: 1, caller: .team(1))
            #expect(try await fixture.book(here).channelTypes[1] == nil)
            // While nothing changes, nothing is read: a row that goes round the hooks is not seen.
            _ = try await service.create(RulesFixture.shield(), caller: .team(1))
            #expect(try await fixture.book(here).shields.count == 1)
            try await fixture.database.write { try $0.execute("DELETE FROM alert_shield") }
            #expect(try await fixture.book(here).shields.count == 1)
            #expect(try await fixture.book(RuleShelf()).shields.isEmpty)
        }
    }

    private struct Undone: Error {}

    @Test("A book read in a transaction that is undone is not remembered as good", arguments: Engine.allCases)
    func rolledBack(_ engine: Engine) async throws {
        try await RulesFixture.run(engine) { fixture in
            let shelf = RuleShelf()
            let shields = fixture.rules.shields
            await #expect(throws: Undone.self) {
                try await fixture.database.write { connection in
                    _ = try shields.create(RulesFixture.shield("undone"), caller: .team(1), on: connection)
                    guard try shelf.book(connection).shields.first?.name == "undone" else { return }
                    throw Undone()
                }
            }
            _ = try await shields.create(RulesFixture.shield("kept"), caller: .team(1))
            #expect(try await fixture.book(shelf).shields.map(\.name) == ["kept"])
        }
    }

    @Test("A row that no longer makes sense is left out, and can be switched off or mended", arguments: Engine.allCases)
    func unreadable(_ engine: Engine) async throws {
        try await RulesFixture.run(engine) { fixture in
            let service = fixture.rules.shields
            for name in ["good", "bad"] { _ = try await service.create(RulesFixture.shield(name), caller: .team(1)) }
            try await fixture.database.write { connection in
                try connection.execute(
                    "UPDATE alert_shield SET suppression_time = $1 WHERE name = 'bad'",
                    [.text(#"{"type":"day","start_time":"01:00","end_time":"02:00","time_zone":"Gone/Zone"}"#)]
                )
                try connection.execute("UPDATE alert_rule_version SET version = 5")
            }
            #expect(try await fixture.book().shields.map(\.name) == ["good"])
            let found = await refused { _ = try await service.patch(id: 2, ["name": "worse"], caller: .team(1)) }
            #expect(found == ["suppression_time.time_zone"])
            _ = try await service.patch(id: 2, ["is_active": false], caller: .team(1))
            let stillBad = await refused {
                _ = try await service.patch(id: 2, ["match_rules": [[]]], caller: .team(1))
            }
            #expect(stillBad == ["match_rules[0]"])
            let mended: JSONObject = ["is_active": true, "suppression_time": RulesFixture.night]
            _ = try await service.patch(id: 2, mended, caller: .team(1))
            #expect(try await fixture.book().shields.count == 2)
        }
    }

    @Test("Windows, levels and titles of aggregation rules", arguments: Engine.allCases)
    func aggregation(_ engine: Engine) async throws {
        try await RulesFixture.run(engine) { fixture in
            _ = try await fixture.rules.aggregationRules.create(
                [
                    "name": "fixed", "group_by": ["host"], "window_type": "fixed", "window_size": "25min",
                    "alignment": "hour", "levels": ["warning", "0"], "close_time": "1hour", "priority": 1,
                ],
                caller: .team(1)
            )
            _ = try await fixture.rules.aggregationRules.create(
                ["name": "session", "group_by": [], "window_type": "session", "priority": 2],
                caller: .team(1)
            )
            let rules = try await fixture.book().aggregations
            let (fixed, session) = (try #require(rules.first), try #require(rules.last))
            #expect(fixed.window == .fixed(size: 1_500_000, alignment: 3_600_000))
            #expect(session.window == .session(timeout: 600_000, maximum: 3_600_000))
            #expect(fixed.closeAfter == 3_600_000 && session.closeAfter == nil)
            #expect(fixed.levels == [.warning, .critical])
            #expect(fixed.takes(Self.subject, team: 1) && !fixed.takes(Self.subject, team: 2))
            var info = Self.subject
            info.level = .info
            #expect(!fixed.takes(info, team: 1) && session.takes(info, team: 1))
            let hour: Int64 = 3_600_000
            #expect(fixed.window.fixedWindow(at: hour) == hour..<(hour + 1_500_000))
            #expect(fixed.window.fixedWindow(at: hour + 3_000_001) == (hour + 3_000_000)..<(2 * hour))
            #expect(fixed.window.fixedWindow(at: -1) == -600_000..<0)
            #expect(session.window.fixedWindow(at: 0) == nil)
        }
    }

    @Test("Titles are filled in once")
    func titles() {
        func title(_ template: String) -> String {
            RuleTitle.text(template, rule: "r", keys: ["host", "labels.a"], values: ["${count}", "x"], count: 3)
        }
        #expect(title("") == "r: host=${count}, labels.a=x")
        #expect(title("${count} on ${host}/${labels.a} ${") == "3 on ${count}/x ${")
        #expect(title(String(repeating: "${labels.a}", count: 2_000)).utf8.count == TextLimits.title)
        #expect(RuleTitle.text("", rule: "r", keys: [], values: [], count: 1) == "r")
    }
}
