// Incidents: made by hand, changed, acted on, deleted.

import Alerts
import Identity
import JSON
import Resources
import Storage
import Testing

@Suite struct IncidentTests {
    private static func make(_ fixture: Fixture, _ alerts: [Int64], _ more: JSONObject = [:]) async throws -> Int64 {
        var body: JSONObject = ["title": "Database down", "alerts": .array(alerts.map { .integer($0) })]
        for (key, value) in more { body[key] = value }
        return Int64(try await fixture.alerts.createIncident(body, caller: .ada)["id"]?.int ?? 0)
    }

    private static func act(
        _ fixture: Fixture,
        _ action: IncidentAction,
        _ ids: [Int64],
        _ caller: Caller,
        _ more: JSONObject = [:]
    ) async throws -> ActionReply {
        var body: JSONObject = ["incident_id": .array(ids.map { .integer($0) })]
        for (key, value) in more { body[key] = value }
        return try await fixture.alerts.actOnIncidents(action, body: body, caller: caller)
    }

    private static func alerts(_ fixture: Fixture) async throws {
        try await fixture.makePeople()
        let start = fixture.clock.now / 1000 - 600
        await fixture.send([
            event("a", start: start + 60, level: "warning"), event("b", start: start + 30, level: "critical"),
            event("c", start: start, level: "critical"), event("d", start: start, level: "info"),
        ])
    }

    @Test("Made of alerts: worst level, oldest worst as root, counts", arguments: Engine.allCases)
    func creation(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            try await Self.alerts(fixture)
            let body: JSONObject = ["title": "Database down", "alerts": [1, 2, 3]]
            let made = try await fixture.alerts.createIncident(body, caller: .ada, requestID: "r")
            #expect(made["status"] == "pending")
            #expect(made["level"] == "critical")
            #expect(made["root_alert"] == 3)
            #expect(made["alert_count"] == 3)
            #expect(made["open_count"] == 3)
            #expect(made["alerts"] == [3, 2, 1])
            #expect(made["created_by"] == "ada")
            #expect(made["started_at"] == "2025-10-21T09:50:00Z")
            #expect(try await fixture.row(1)["incident"] == made["id"])
            #expect(try await fixture.audit("incident", 1) == ["incident.create ada →pending"])
            let listed = try await fixture.alerts.list(query: [("has_incident", "true")], caller: .ada)
            #expect(listed["count"] == 3)
            let theirs = try await fixture.alerts.list(query: [("incident_id", "1")], caller: .ada)
            #expect(theirs["count"] == 3)
        }
    }

    @Test("What makes no sense is refused with the member named", arguments: Engine.allCases)
    func refused(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            try await Self.alerts(fixture)
            _ = try await Self.make(fixture, [1])
            for (body, status, field): (JSONObject, Int, String) in [
                (["title": "x"], 400, "alerts"), (["title": "x", "alerts": []], 400, "alerts"),
                (["title": "x", "alerts": [99]], 400, "alerts"), (["title": "x", "alerts": ["2"]], 400, "alerts"),
                (["alerts": [2]], 400, "title"), (["title": "x", "alerts": [2], "root_alert": 3], 400, "root_alert"),
                (["title": "x", "alerts": [2], "status": "closed"], 400, "status"),
                (["title": "x", "alerts": [1]], 409, "alerts"),
            ] {
                let error = await #expect(throws: ResourceError.self) {
                    try await fixture.alerts.createIncident(body, caller: .ada)
                }
                #expect(error?.status == status, "\(body)")
                #expect(error?.errors.first?.field == field, "\(body)")
            }
            try await fixture.expect("alert_incident", has: 1)
            await #expect(throws: ResourceError.forbidden(.alertsManage)) {
                try await fixture.alerts.createIncident(
                    ["title": "x", "alerts": [2]],
                    caller: .team(1, role: .viewer)
                )
            }
            let error = await #expect(throws: ResourceError.self) {
                try await fixture.alerts.createIncident(["title": "x", "alerts": [2]], caller: .named("eve", team: 2))
            }
            #expect(error?.errors.first?.field == "alerts")
        }
    }

    @Test("Alerts come and go; a root that goes is replaced", arguments: Engine.allCases)
    func members(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            try await Self.alerts(fixture)
            let id = try await Self.make(fixture, [1, 3])
            let more = try await fixture.alerts.changeIncident(
                id: id,
                ["add_alerts": [2, 4], "remove_alerts": [3]],
                caller: .ada
            )
            #expect(more["alerts"] == [4, 2, 1])
            #expect(more["root_alert"] == 2)
            #expect(try await fixture.row(3)["incident"] == .null)
            let fewer = try await fixture.alerts.changeIncident(
                id: id,
                ["alerts": [1], "title": "Smaller", "level": "info"],
                caller: .ada
            )
            #expect(fewer["alerts"] == [1])
            #expect(fewer["root_alert"] == 1)
            #expect(fewer["title"] == "Smaller")
            #expect(fewer["level"] == "info")
            for body: JSONObject in [
                ["alerts": [1], "add_alerts": [2]], ["root_alert": 2], ["status": "closed"],
            ] {
                let error = await #expect(throws: ResourceError.self) {
                    try await fixture.alerts.changeIncident(id: id, body, caller: .ada)
                }
                #expect(error?.status == 400)
            }
            await #expect(throws: ResourceError.notFound) {
                try await fixture.alerts.changeIncident(id: id, ["title": "x"], caller: .named("eve", team: 2))
            }
            #expect(try await fixture.audit("incident", id).contains { $0.hasPrefix("incident.alerts ada") })
        }
    }

    @Test("Acts: taken, resolved, reopened, closed with its alerts", arguments: Engine.allCases)
    func acts(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            try await Self.alerts(fixture)
            let id = try await Self.make(fixture, [1, 2])
            let taken = try await Self.act(fixture, .acknowledge, [id], .ada)
            #expect(taken.body["data"]?[String(id)]?["data"]?["status"] == "processing")
            #expect(taken.body["data"]?[String(id)]?["data"]?["operators"] == ["ada"])
            let others = try await Self.act(fixture, .close, [id], .bob)
            #expect(others.status == 409)
            #expect(others.body["data"]?[String(id)]?["data"]?["code"] == "not_operator")
            let resolved = try await Self.act(fixture, .resolve, [id, 99], .ada, ["reason": "over"])
            #expect(resolved.status == 200)
            #expect(resolved.body["message"] == "1 of 2 incidents resolved; not resolved: 99")
            // Its alerts go on.
            #expect(try await fixture.row(1)["status"] == "firing")
            let again = try await Self.act(fixture, .reopen, [id], .bob)
            #expect(again.status == 200)
            try await fixture.makeProcessing([1])
            let closed = try await Self.act(fixture, .close, [id], .ada, ["with_alerts": true, "reason": "done"])
            let data = closed.body["data"]?[String(id)]?["data"]
            #expect(data?["status"] == "closed")
            #expect(data?["alerts"]?["1"]?["result"] == true)
            // Nobody has taken this one: the rules of alerts hold.
            #expect(data?["alerts"]?["2"]?["result"] == false)
            #expect(try await fixture.row(1)["status"] == "closed")
            #expect(try await fixture.row(2)["status"] == "firing")
            #expect(
                try await fixture.audit("incident", id) == [
                    "incident.create ada →pending", "incident.acknowledge ada pending→processing",
                    "incident.resolve ada processing→resolved", "incident.reopen bob resolved→pending",
                    "incident.close ada pending→closed",
                ]
            )
        }
    }

    @Test("Who was told that it began is told that it is over", arguments: Engine.allCases)
    func notices(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            try await Self.alerts(fixture)
            let channel = try await fixture.makeChannel("mail")
            let id = try await Self.make(fixture, [1, 2])
            _ = try await Self.act(
                fixture,
                .assign,
                [id],
                .bob,
                ["assignee": ["ada"], "notify_channels": [.integer(channel)]]
            )
            _ = try await Self.act(fixture, .close, [id], .admin)
            #expect(
                try await fixture.noticeRows() == [
                    "incident/\(id)/incident_opened \(channel) ada", "incident/\(id)/incident_closed \(channel) ada",
                ]
            )
        }
    }

    @Test("A rule's incident is not opened again beside the one that it has opened since", arguments: Engine.allCases)
    func rival(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            try await Self.alerts(fixture)
            let old = try await Self.make(fixture, [1])
            let new = try await Self.make(fixture, [2])
            _ = try await Self.act(fixture, .close, [old], .ada)
            try await fixture.database.write { connection in
                try connection.execute("UPDATE alert_incident SET rule = 1, group_key = 'k'")
            }
            let reply = try await Self.act(fixture, .reopen, [old], .ada)
            #expect(reply.status == 409)
            #expect(reply.body["data"]?[String(old)]?["message"]?.string?.contains(String(new)) == true)
        }
    }

    @Test("Deleted, its alerts are alerts as before", arguments: Engine.allCases)
    func deletion(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            try await Self.alerts(fixture)
            let id = try await Self.make(fixture, [1, 2])
            let error = await #expect(throws: ResourceError.self) {
                try await fixture.alerts.alerts.delete(id: 2, caller: .ada)
            }
            #expect(error?.status == 409)
            #expect(error?.errors.first?.message.contains("root of incident \(id)") == true)
            try await fixture.alerts.incidents.delete(id: id, caller: .ada)
            #expect(try await fixture.row(1)["incident"] == .null)
            try await fixture.alerts.alerts.delete(id: 2, caller: .ada)
            try await fixture.expect("alert_incident", has: 0)
            try await fixture.expect("alert", has: 3)
        }
    }

    /// Copies of the last alert until there are so many, all of them in incident 1.
    private static func fill(_ fixture: Fixture, to count: Int) async throws {
        try await fixture.database.write { connection in
            let row = try #require(try connection.query("SELECT * FROM alert WHERE id = 4").first)
            let columns = row.columns.filter { $0 != "id" && $0 != "fingerprint" && $0 != "is_latest" }
                .joined(separator: ", ")
            for number in 5...count {
                try connection.execute(
                    """
                    INSERT INTO alert (\(columns), fingerprint, is_latest)
                    SELECT \(columns), 'copy-\(number)', is_latest FROM alert WHERE id = 4
                    """
                )
            }
            try connection.execute("UPDATE alert SET incident = 1")
        }
    }

    @Test("More alerts than one close takes are refused, and all leave a deleted incident", arguments: Engine.allCases)
    func many(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            try await Self.alerts(fixture)
            let id = try await Self.make(fixture, [1])
            try await Self.fill(fixture, to: 1_001)
            let reply = try await Self.act(fixture, .close, [id], .admin, ["with_alerts": true])
            #expect(reply.status == 409)
            #expect(reply.body["data"]?[String(id)]?["message"]?.string?.contains("more than 1000 open") == true)
            let incident = try await fixture.alerts.incidents.get(id: id, caller: .ada)
            #expect(incident["status"] == "pending")
            #expect(try await fixture.number("SELECT COUNT(*) AS number FROM alert WHERE status = 'firing'") == 1_001)
            let fewer = try await fixture.alerts.changeIncident(id: id, ["alerts": [1, 2]], caller: .ada)
            #expect(fewer["alert_count"] == 2)
            try await fixture.database.write { try $0.execute("UPDATE alert SET incident = 1") }
            try await fixture.alerts.incidents.delete(id: id, caller: .ada)
            #expect(
                try await fixture.number("SELECT COUNT(*) AS number FROM alert WHERE incident IS NOT NULL") == 0
            )
        }
    }

    @Test("People of another team get no incident", arguments: Engine.allCases)
    func foreignPeople(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            try await Self.alerts(fixture)
            let id = try await Self.make(fixture, [1])
            let error = await #expect(throws: ResourceError.self) {
                try await Self.act(fixture, .assign, [id], .bob, ["assignee": ["eve"]])
            }
            #expect(error?.errors.map(\.field) == ["assignee"])
        }
    }

    @Test("Filters of the list", arguments: Engine.allCases)
    func filters(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            try await Self.alerts(fixture)
            let one = try await Self.make(fixture, [1])
            let two = try await Self.make(fixture, [2, 3])
            _ = try await Self.act(fixture, .acknowledge, [two], .ada)
            for (name, value, expected): (String, String, [Int64]) in [
                ("status", "pending", [one]), ("status", "pending,processing", [one, two]),
                ("level", "critical", [two]), ("operator", "ada", [two]), ("operator", "bob", []),
                ("created_at_after", "2025-10-21T10:00:00Z", [one, two]),
                ("created_at_before", "2025-10-21T09:00:00Z", []), ("alert_id", "3", [two]),
                ("search", "database", [one, two]),
            ] {
                let page = try await fixture.alerts.incidents.list(query: [(name, value)], caller: .ada)
                let ids = page.results.compactMap { $0["id"]?.int }.sorted()
                #expect(ids == expected.map { Int($0) }, "\(name)=\(value)")
                #expect(page.count == Int64(expected.count))
            }
            let foreign = try await fixture.alerts.incidents.list(query: [], caller: .named("eve", team: 2))
            #expect(foreign.count == 0)
        }
    }
}
