// Alerts and events that people enter, mend and delete; and the log of it.

import Alerts
import Identity
import JSON
import Resources
import Storage
import Testing

@Suite struct EditingTests {
    @Test("An alert by hand comes in as an event, from the team's own source", arguments: Engine.allCases)
    func creation(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            let made = try await fixture.alerts.createAlert(
                [
                    "title": "Fan broken", "level": "error", "description": "It rattles",
                    "labels": ["region": "eu", "instance": "db-1:9100"],
                ],
                caller: .ada
            )
            #expect(made["title"] == "Fan broken")
            #expect(made["level"] == "error")
            #expect(made["host"] == "db-1")
            #expect(made["source_name"] == "manual")
            #expect(made["status"] == "firing")
            #expect(made["annotations"]?["created_by"] == "ada")
            #expect(made["started_at"] == "2025-10-21T10:00:00Z")
            try await fixture.expect("alert_event", has: 1)
            let found = try await fixture.alerts.list(query: [("label.region", "eu")], caller: .ada)
            #expect(found["count"] == 1)
            // The same words again are another alert; the same external id is not.
            for body: JSONObject in [
                ["title": "Fan broken"], ["title": "Door", "external_id": "d", "host": "gate"],
                ["title": "Door ajar", "external_id": "d", "level": "critical"],
            ] {
                _ = try await fixture.alerts.createAlert(body, caller: .ada)
                fixture.clock.set(fixture.clock.now + 1000)
            }
            try await fixture.expect("alert", has: 3)
            #expect(try await fixture.row(3)["title"] == "Door ajar")
            #expect(try await fixture.row(3)["level"] == "critical")
            try await fixture.expect("alert_source", has: 2)
            #expect(try await fixture.audit("alert", 1) == ["alert.create ada →"])
            // A source can be named; another team's cannot.
            let named = try await fixture.alerts.createAlert(["title": "x", "source": 1], caller: .ada)
            #expect(named["source_id"] == "s1")
            let other = try await fixture.alerts.createAlert(["title": "y"], caller: .named("eve", team: 2))
            #expect(other["team"] == 2)
        }
    }

    @Test("Several at once make one source", arguments: Engine.allCases)
    func firstSource(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<6 {
                    group.addTask {
                        _ = try await fixture.alerts.createAlert(["title": .string("n\(number)")], caller: .ada)
                    }
                }
                try await group.waitForAll()
            }
            try await fixture.expect("alert_source", has: 2)
            try await fixture.expect("alert", has: 6)
        }
    }

    @Test("Nobody takes the name of another team's source before it is made", arguments: Engine.allCases)
    func ownSource(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            let error = await #expect(throws: ResourceError.self) {
                try await fixture.makeSource("manual-team-1", caller: .team(2))
            }
            #expect(error?.errors.map(\.field) == ["source_id"])
            // One that is there all the same gets nothing.
            try await fixture.makeSource("x", caller: .team(2))
            try await fixture.database.write {
                try $0.execute("UPDATE alert_source SET source_id = 'manual-team-1' WHERE source_id = 'x'")
            }
            let refusal = await #expect(throws: ResourceError.self) {
                try await fixture.alerts.createAlert(["title": "secret"], caller: .ada)
            }
            #expect(refusal?.status == 409)
            try await fixture.expect("alert", has: 0)
        }
    }

    @Test("What makes no sense is refused with the member named")
    func refused() async throws {
        try await Fixture.run(.sqlite) { fixture in
            try await fixture.makeSource("t2", caller: .team(2))
            try await fixture.makeSource("off", more: ["is_active": false])
            for (body, field): (JSONObject, String) in [
                ([:], "title"), (["title": "  "], "title"), (["title": "x", "level": "bad"], "level"),
                (["title": "x", "labels": ["a": 1]], "labels"), (["title": "x", "status": "closed"], "status"),
                (["title": "x", "operators": ["ada"]], "operators"), (["title": "x", "source": 2], "source"),
                (["title": "x", "source": 3], "source"), (["title": "x", "source": 99], "source"),
                (["title": "x", "handling": "closed"], "handling"), (["title": "x", "colour": 1], "colour"),
            ] {
                let error = await #expect(throws: ResourceError.self) {
                    try await fixture.alerts.createAlert(body, caller: .ada)
                }
                #expect(error?.status == 400, "\(body)")
                #expect(error?.errors.first?.field == field, "\(body)")
            }
            try await fixture.expect("alert", has: 0)
            await #expect(throws: ResourceError.notAllowed(.create)) {
                try await fixture.alerts.alerts.create(["title": "x", "source": 1], caller: .ada)
            }
        }
    }

    @Test("A person's words hold until an event of a later moment", arguments: Engine.allCases)
    func words(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            let start = fixture.clock.now / 1000 - 60
            await fixture.send([event("a", start: start, level: "critical", title: "first")])
            let changed = try await fixture.alerts.alerts.patch(
                id: 1,
                ["title": "mine", "description": "known", "level": "info"],
                caller: .ada
            )
            #expect(changed["title"] == "mine")
            await fixture.send([event("a", start: start, level: "info", title: "second")])
            await fixture.send([event("a", start: start + 1, level: "info", title: "third")])
            #expect(try await fixture.row(1)["title"] == "mine")
            #expect(try await fixture.row(1)["level"] == "info")
            #expect(try await fixture.row(1)["event_count"] == 3)
            await fixture.send([event("a", start: fixture.clock.now / 1000 + 1, title: "later")])
            #expect(try await fixture.row(1)["title"] == "later")
            #expect(try await fixture.row(1)["level"] == "warning")
            // GET, edit, PUT.
            var row = try #require(try await fixture.row(1).object)
            row["title"] = "put"
            let put = try await fixture.alerts.alerts.replace(id: 1, row, caller: .ada)
            #expect(put["title"] == "put")
            for (body, field): (JSONObject, String) in [
                (["status": "closed"], "status"), (["host": "x"], "host"), (["labels": ["a": "b"]], "labels"),
                (["source": 1, "fingerprint": "x"], "fingerprint"), (["title": ""], "title"),
            ] {
                let error = await #expect(throws: ResourceError.self) {
                    try await fixture.alerts.alerts.patch(id: 1, body, caller: .ada)
                }
                #expect(error?.errors.first?.field == field)
            }
            #expect(try await fixture.audit("alert", 1).count == 2)
        }
    }

    @Test(
        "A deleted alert takes labels and events along, and the episode before is the newest",
        arguments: Engine.allCases
    )
    func deletion(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            let start = fixture.clock.now / 1000
            for number in 0..<3 {
                let at = start - 3000 + Int64(number) * 1000
                await fixture.send([
                    event("a", "resolved", start: at, end: at + 100, labels: ["region": "eu"])
                ])
            }
            await fixture.send([event("b", start: start, labels: ["region": "eu"])])
            try await fixture.expect("alert_label", has: 4)
            await #expect(throws: ResourceError.notFound) {
                try await fixture.alerts.alerts.delete(id: 3, caller: .named("eve", team: 2))
            }
            await #expect(throws: ResourceError.forbidden(.alertsManage)) {
                try await fixture.alerts.alerts.delete(id: 3, caller: .team(1, role: .viewer))
            }
            try await fixture.alerts.alerts.delete(id: 3, caller: .ada)
            try await fixture.expect("alert_label", has: 3)
            try await fixture.expect("alert_event", has: 3)
            let flags = try await fixture.database.read { connection in
                try connection.query("SELECT id, is_latest, has_earlier FROM alert ORDER BY id").map {
                    try "\($0.int("id")) \($0.int("is_latest")) \($0.int("has_earlier"))"
                }
            }
            #expect(flags == ["1 0 0", "2 1 1", "4 1 0"])
            try await fixture.alerts.alerts.delete(id: 1, caller: .ada)
            #expect(
                try await fixture.database.read {
                    try $0.query("SELECT has_earlier FROM alert WHERE id = 2").first?.int("has_earlier")
                } == 0
            )
            // The fingerprint goes on: a new start is a new episode, an old one is told again.
            await fixture.send([event("a", start: start)])
            #expect(try await fixture.row(5)["status"] == "firing")
            #expect(try await fixture.audit("alert", 3) == ["alert.delete ada resolved→"])
        }
    }

    @Test("An open aggregate's member and an aggregate with open members stay", arguments: Engine.allCases)
    func aggregates(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            try await fixture.makeAlerts(3)
            try await fixture.database.write { connection in
                try connection.execute("UPDATE alert SET kind = 'aggregate', member_count = 2 WHERE id = 1")
                try connection.execute("UPDATE alert SET aggregate = 1 WHERE id IN (2, 3)")
            }
            for (id, words) in [(Int64(1), "2, 3"), (2, "member of alert 1")] {
                let error = await #expect(throws: ResourceError.self) {
                    try await fixture.alerts.alerts.delete(id: id, caller: .ada)
                }
                #expect(error?.status == 409)
                #expect(error?.errors.first?.message.contains(words) == true)
            }
            try await fixture.act(.close, [1, 2, 3], .admin)
            try await fixture.alerts.alerts.delete(id: 1, caller: .ada)
            #expect(try await fixture.row(2)["aggregate"] == .null)
        }
    }

    @Test("Events: listed, made, mended, deleted", arguments: Engine.allCases)
    func events(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            let start = fixture.clock.now / 1000 - 60
            await fixture.send([event("a", start: start), event("b", start: start, title: "Other thing")])
            fixture.clock.set(fixture.clock.now + 1000)
            let made = try await fixture.alerts.createEvent(
                ["source_id": "s1", "title": "By hand", "external_id": "a", "status": "resolved", "level": "info"],
                caller: .ada
            )
            #expect(made["alert_id"] == 1)
            #expect(made["status"] == "resolved")
            #expect(try await fixture.row(1)["status"] == "resolved")
            for (name, value, expected): (String, String, [Int]) in [
                ("title", "other", [2]), ("alert_id", "1", [1, 3]), ("source_id", "s1", [1, 2, 3]),
                ("source_id", "none", []), ("received_at_after", "2025-10-21T10:00:01Z", [3]),
                ("received_at_before", "2025-10-21T10:00:00Z", [1, 2]), ("external_id", "b", [2]),
                ("description", "nothing", []), ("status", "resolved", [3]),
            ] {
                let page = try await fixture.alerts.events.list(query: [(name, value)], caller: .ada)
                #expect(page.results.compactMap { $0["id"]?.int }.sorted() == expected, "\(name)=\(value)")
            }
            let mended = try await fixture.alerts.events.patch(id: 2, ["title": "Mended"], caller: .ada)
            #expect(mended["title"] == "Mended")
            #expect(try await fixture.row(2)["title"] == "Other thing")
            let error = await #expect(throws: ResourceError.self) {
                try await fixture.alerts.events.patch(id: 2, ["status": "resolved"], caller: .ada)
            }
            #expect(error?.errors.first?.field == "status")
            try await fixture.alerts.events.delete(id: 2, caller: .ada)
            try await fixture.expect("alert_event", has: 2)
            for (body, field): (JSONObject, String) in [
                (["title": "x"], "source_id"), (["source_id": "nobody", "title": "x"], "source_id"),
                (["source_id": "s1"], "title"),
                (["source_id": "s1", "title": "x", "start_time": "soon"], "start_time"),
            ] {
                let fault = await #expect(throws: ResourceError.self) {
                    try await fixture.alerts.createEvent(body, caller: .ada)
                }
                #expect(fault?.errors.first?.field == field, "\(body)")
            }
            let foreign = try await fixture.alerts.events.list(query: [], caller: .named("eve", team: 2))
            #expect(foreign.count == 0)
        }
    }

    @Test("The log says who did what, to one's own teams only", arguments: Engine.allCases)
    func log(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            try await fixture.makePeople()
            try await fixture.makeAlerts(1)
            try await fixture.makeProcessing([1])
            fixture.clock.set(fixture.clock.now + 60_000)
            try await fixture.act(.close, [1], .ada, ["reason": "known"])
            try await fixture.database.write { connection in
                try AuditLog().record(
                    AuditEntry(by: .ada, action: "user.create", objectType: "user", objectID: "1", at: 0),
                    on: connection
                )
            }
            let page = try await fixture.alerts.log.list(query: [("target_type", "alert")], caller: .ada)
            #expect(page.count == 3)
            let last = try #require(page.results.first)
            #expect(last["operator"] == "ada")
            #expect(last["action"] == "alert.close")
            #expect(last["target_id"] == "1")
            #expect(last["overview"] == "ada closed alert 1 \"title of e1\"")
            #expect(last["before"]?["handling"] == "processing")
            #expect(last["after"]?["reason"] == "known")
            #expect(last["created_at"] == "2025-10-21T10:01:00Z")
            for (name, value, expected): (String, String, Int64) in [
                ("operator", "bob", 1), ("action", "alert.acknowledge", 1), ("target_id", "2", 0),
                ("created_at_after", "2025-10-21T10:01:00Z", 1), ("target_type", "user", 0),
                ("target_type", "alert_source", 1),
            ] {
                let found = try await fixture.alerts.log.list(query: [(name, value)], caller: .ada)
                #expect(found.count == expected, "\(name)=\(value)")
            }
            let foreign = try await fixture.alerts.log.list(query: [], caller: .named("eve", team: 2))
            #expect(foreign.count == 0)
            let id = Int64(last["id"]?.int ?? 0)
            #expect(try await fixture.alerts.log.get(id: id, caller: .ada)["action"] == "alert.close")
            await #expect(throws: ResourceError.notFound) {
                try await fixture.alerts.log.get(id: id, caller: .named("eve", team: 2))
            }
            await #expect(throws: ResourceError.notAllowed(.delete)) {
                try await fixture.alerts.log.delete(id: id, caller: .admin)
            }
        }
    }
}
