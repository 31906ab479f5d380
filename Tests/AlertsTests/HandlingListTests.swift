// The list of alerts by what people did: bk-lite's filters.

import Alerts
import Identity
import JSON
import Resources
import Storage
import Testing

@Suite struct HandlingListTests {
    /// e1 unassigned, e2 pending (ada, bob), e3 processing (ada), e4 resolved by its source, e5 closed (ada), e6 shielded.
    private static func fill(_ fixture: Fixture) async throws {
        try await fixture.makePeople()
        try await fixture.makeAlerts(6)
        try await fixture.act(.assign, [2], .bob, ["assignee": ["bob", "ada"]])
        try await fixture.makeProcessing([3, 5])
        try await fixture.act(.close, [5], .ada)
        let start = fixture.clock.now / 1000 - 60
        await fixture.send([event("e4", "resolved", start: start, end: start + 30)])
        try await fixture.database.write { try $0.execute("UPDATE alert SET shield = 7 WHERE id = 6") }
    }

    @Test("Filters by handling, people, shields, incidents and times", arguments: Engine.allCases)
    func filters(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            try await Self.fill(fixture)
            let cases: [([(String, String)], [Int])] = [
                ([], [1, 2, 3, 4, 5, 6]),
                ([("handling", "unassigned")], [1, 6]), ([("handling", "pending")], [2]),
                ([("handling", "unassigned,pending")], [1, 2, 6]), ([("handling", "processing")], [3]),
                ([("handling", "pending,closed")], [2, 5]), ([("handling", "resolved")], [4]),
                ([("handling", "closed,resolved")], [4, 5]),
                ([("operator", "ada")], [2, 3, 5]), ([("operator", "bob")], [2]), ([("operator", "a")], []),
                ([("operator", "%")], []), ([("operator", "ada"), ("activate", "true")], [2, 3]),
                ([("my_alert", "true")], [2, 3, 5]), ([("my_alert", "false")], [1, 4, 6]),
                ([("activate", "1")], [1, 2, 3, 6]), ([("activate", "false")], [1, 2, 3, 4, 5, 6]),
                ([("is_shielded", "true")], [6]), ([("is_shielded", "false"), ("handling", "unassigned")], [1]),
                ([("has_incident", "false")], [1, 2, 3, 4, 5, 6]), ([("has_incident", "true")], []),
                ([("incident_id", "1")], []), ([("alert_id", "3")], [3]),
                ([("source_name", "s1,other")], [1, 2, 3, 4, 5, 6]), ([("source_name", "other")], []),
                ([("title", "OF E3")], [3]), ([("title", "e_")], []), ([("content", "nothing")], []),
                ([("created_at_after", "2025-10-21T10:00:00Z")], [1, 2, 3, 4, 5, 6]),
                ([("created_at_before", "2025-10-21T09:59:59Z")], []),
                ([("acknowledged_by", "ada")], [3, 5]), ([("closed_by", "ada")], [5]), ([("kind", "aggregate")], []),
                ([("shield", "7")], [6]), ([("is_flapping", "true")], []),
                ([("status", "acknowledged"), ("level", "warning")], [3]),
                ([("level", "critical,warning")], [1, 2, 3, 4, 5, 6]), ([("incident", "1,2")], []),
                ([("aggregate", "1")], []), ([("fingerprint", "e1,e2")], [1, 2]), ([("host", "x,y")], []),
                ([("shield", "7"), ("is_shielded", "true"), ("ordering", "level")], [6]),
                ([("handling", "pending,processing"), ("ordering", "-started_at")], [2, 3]),
            ]
            for (query, expected) in cases {
                let list = try await fixture.alerts.list(query: query, caller: .ada)
                let ids = (list["results"]?.array ?? []).compactMap { $0["id"]?.int }.sorted()
                #expect(ids == expected, "\(query)")
                #expect(list["count"]?.int == expected.count, "\(query)")
                // Administrators and people of several teams are answered by other indexes.
                for caller in [Caller.admin, .both] where !query.contains(where: { $0.0 == "my_alert" }) {
                    let all = try await fixture.alerts.list(query: query, caller: caller)
                    #expect(all["count"]?.int == expected.count, "\(query) \(caller.username)")
                    #expect(all["results"]?.array?.count == expected.count, "\(query) \(caller.username)")
                }
                let few = try await fixture.alerts.list(query: query + [("page_size", "1")], caller: .ada)
                #expect(few["count"]?.int == expected.count, "\(query)")
            }
        }
    }

    @Test(
        "Parameters that make no sense are named",
        arguments: [
            ("handling", "nonsense"), ("handling", ""), ("my_alert", "perhaps"), ("has_incident", "x"),
            ("incident_id", "x"), ("created_at_after", "yesterday"), ("kind", "double"),
        ]
    )
    func refused(name: String, value: String) async throws {
        try await Fixture.run(.sqlite) { fixture in
            let error = await #expect(throws: ResourceError.self) {
                _ = try await fixture.alerts.list(query: [(name, value)], caller: .ada)
            }
            #expect(error?.errors.first?.field == name)
        }
    }

    @Test("Usernames with odd characters are found exactly", arguments: Engine.allCases)
    func oddNames(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            try await fixture.makeAlerts(1)
            let names = ["a%b_c", "q\"uote", "back\\slash", "é", ","]
            let text = JSONValue.array(names.map { .string($0) }).text
            try await fixture.database.write { try $0.execute("UPDATE alert SET operators = $1", [.text(text)]) }
            for name in names + ["axb_c", "uote", "back", "e", "a"] {
                let list = try await fixture.alerts.list(query: [("operator", name)], caller: .ada)
                #expect(list["count"]?.int == (names.contains(name) ? 1 : 0), "\(name)")
            }
        }
    }
}

extension Caller {
    /// Of two teams.
    fileprivate static let both = Caller(
        userID: 9,
        username: "both",
        role: .operator,
        teams: [1, 2],
        credential: CredentialReference(kind: .token, name: "test")
    )
}
