// The stages one by one, and all of them in the transaction of the events.

import Alerts
import JSON
import Storage
import Testing

private let web: JSONObject = ["cluster": "web"]

@Suite struct PipelineTests {
    @Test("Given to the first rule's people, told over each channel as it tells", arguments: Engine.allCases)
    func assignment(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            let mail = try await fixture.makeChannel("mail")
            let robot = try await fixture.makeChannel("robot", type: "ENTERPRISE_WECHAT_BOT")
            try await fixture.makeRule(
                "alert_assignment",
                "critical",
                [
                    "match_type": "filter", "personnel": "[\"ann\",\"bob@x.org\"]", "priority": 1,
                    "match_rules": "[[{\"key\":\"level\",\"operator\":\"eq\",\"value\":\"critical\"}]]",
                    "notify_channels": .text("[\(mail),\(robot),999]"),
                ]
            )
            await fixture.send([event("a", start: 1000, level: "critical"), event("b", start: 1000)])
            #expect(
                try await fixture.notices() == ["a assignment ann", "a assignment bob@x.org", "a assignment "]
            )
            #expect(
                try await fixture.rows("SELECT operators AS line FROM alert ORDER BY id") == [
                    "[\"ann\",\"bob@x.org\"]", "[]",
                ]
            )
            // The same again tells nobody.
            await fixture.send([event("a", start: 1000, level: "critical")])
            #expect(try await fixture.count("notification") == 3)
            // Later, something else about it: still assigned once.
            await fixture.send([event("a", start: 1010, level: "critical")])
            #expect(try await fixture.count("notification") == 3)
            await fixture.send([event("a", "resolved", start: 1000, end: 1100)])
            #expect(
                try await fixture.notices().dropFirst(3) == [
                    "a recovered ann", "a recovered bob@x.org", "a recovered ",
                ]
            )
        }
    }

    @Test("A higher level is told once; what was over when it came is told to nobody", arguments: Engine.allCases)
    func raised(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            try await fixture.assignToAnn()
            await fixture.send([event("a", start: 1000, level: "info")])
            await fixture.send([event("a", start: 1010, level: "critical")])
            await fixture.send([event("a", start: 1020, level: "critical")])
            await fixture.send([event("b", "resolved", start: 1000, end: 1100)])
            #expect(try await fixture.notices() == ["a assignment ann", "a raised ann"])
        }
    }

    @Test("What a shield hides is kept and told to nobody, until the shield ends", arguments: Engine.allCases)
    func shield(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            try await fixture.assignToAnn()
            let rules = "[[{\"key\":\"labels.cluster\",\"operator\":\"eq\",\"value\":\"web\"}]]"
            try await fixture.makeRule(
                "alert_shield",
                "web",
                [
                    "match_rules": .text(rules),
                    "suppression_time":
                        "{\"type\":\"one\",\"start_time\":\"2025-10-21T09:00:00Z\",\"end_time\":\"2025-10-21T11:00:00Z\"}",
                ]
            )
            await fixture.send([
                event("a", start: 1000, labels: web), event("b", start: 1000, labels: web), event("c", start: 1000),
            ])
            await fixture.send([event("b", "resolved", start: 1000, end: 1100, labels: web)])
            #expect(try await fixture.notices() == ["c assignment ann"])
            #expect(try await fixture.number("SELECT COUNT(*) AS number FROM alert WHERE shield IS NOT NULL") == 2)
            try await fixture.tick(minutes: 30)
            #expect(try await fixture.count("notification") == 1)
            try await fixture.tick(minutes: 31)
            #expect(try await fixture.notices() == ["c assignment ann", "a assignment ann"])
            try await fixture.tick(minutes: 1)
            #expect(try await fixture.count("notification") == 2)
        }
    }

    @Test("A deleted shield hides no more", arguments: Engine.allCases)
    func deletedShield(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            try await fixture.assignToAnn()
            let rules = "[[{\"key\":\"labels.cluster\",\"operator\":\"eq\",\"value\":\"web\"}]]"
            try await fixture.makeRule("alert_shield", "web", ["match_rules": .text(rules)])
            await fixture.send([event("a", start: 1000, labels: web)])
            try await fixture.tick(minutes: 1)
            #expect(try await fixture.notices().isEmpty)
            try await fixture.changeRules("DELETE FROM alert_shield")
            try await fixture.tick(minutes: 1)
            #expect(try await fixture.notices() == ["a assignment ann"])
        }
    }

    @Test("Members wait for the threshold, and then one alert stands for them", arguments: Engine.allCases)
    func aggregation(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            try await fixture.assignToAnn()
            try await fixture.makeRule(
                "alert_aggregation_rule",
                "clusters",
                ["threshold": 2, "title": "${labels.cluster}: ${count}"]
            )
            await fixture.send([
                event("a", start: 1200, labels: web), event("x", start: 1200, labels: ["cluster": "db"]),
            ])
            #expect(try await fixture.aggregates() == ["held: a@1200 x@1200"])
            #expect(try await fixture.notices().isEmpty)
            await fixture.send([event("b", start: 1210, level: "critical", labels: web)])
            #expect(try await fixture.aggregates() == ["[a@1200,b@1210] firing critical 1200…", "held: x@1200"])
            await fixture.send([event("c", start: 1220, labels: web)])
            #expect(try await fixture.rows("SELECT title AS line FROM alert WHERE kind = 'aggregate'") == ["web: 3"])
            #expect(try await fixture.notices().count == 1)
            await fixture.send([
                event("a", "resolved", start: 1200, end: 1300), event("b", "resolved", start: 1210, end: 1310),
            ])
            #expect(try await fixture.notices().count == 1)
            await fixture.send([event("c", "resolved", start: 1220, end: 1305)])
            #expect(
                try await fixture.aggregates() == [
                    "[a@1200,b@1210,c@1220] resolved critical 1200…1310", "held: x@1200",
                ]
            )
            #expect(try await fixture.notices().map { $0.split(separator: " ")[1] } == ["assignment", "recovered"])
            // After its end another begins, within the same window and without waiting.
            await fixture.send([event("d", start: 1400, labels: web)])
            #expect(
                try await fixture.aggregates() == [
                    "[a@1200,b@1210,c@1220] resolved critical 1200…1310", "[d@1400] firing warning 1400…",
                    "held: x@1200",
                ]
            )
            #expect(try await fixture.notices().count == 3)
        }
    }

    @Test("An aggregate that was over goes on when a member is heard of late", arguments: Engine.allCases)
    func reopened(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            try await fixture.assignToAnn()
            try await fixture.makeRule("alert_aggregation_rule", "clusters", [:])
            await fixture.send([event("a", start: 1200, labels: web)])
            try await fixture.deliver()
            await fixture.send([event("a", "resolved", start: 1200, end: 1300)])
            #expect(try await fixture.deliver() == ["recovered → resolved"])
            fixture.clock.set(fixture.clock.now + 60_000)
            await fixture.send([event("b", start: 1250, labels: web)])
            #expect(try await fixture.aggregates() == ["[a@1200,b@1250] firing warning 1200…", "held: "])
            #expect(try await fixture.deliver() == ["assignment → firing"])
            await fixture.send([event("b", "resolved", start: 1250, end: 1400)])
            #expect(try await fixture.deliver() == ["recovered → resolved"])
        }
    }

    @Test("Alerts that share something become one incident; after its end another", arguments: Engine.allCases)
    func correlation(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            try await fixture.assignToAnn()
            try await fixture.makeRule("alert_correlation_rule", "clusters", ["title": "Trouble in ${labels.cluster}"])
            await fixture.send([event("a", start: 1000, labels: web), event("z", start: 1000)])
            #expect(try await fixture.incidents().isEmpty)
            await fixture.send([event("b", start: 1060, level: "critical", labels: web)])
            #expect(try await fixture.incidents() == ["[a@1000,b@1060] pending critical 1000…"])
            #expect(try await fixture.rows("SELECT title AS line FROM alert_incident") == ["Trouble in web"])
            #expect(try await fixture.rows("SELECT operators AS line FROM alert_incident") == ["[\"ann\"]"])
            let opened = try await fixture.rows(
                "SELECT transition || ' ' || receiver AS line FROM notification WHERE topic_type = 'incident'"
            )
            #expect(opened == ["incident_opened ann"])
            await fixture.send([
                event("a", "resolved", start: 1000, end: 1100), event("b", "resolved", start: 1060, end: 1110),
            ])
            #expect(try await fixture.incidents() == ["[a@1000,b@1060] resolved critical 1000…1110"])
            await fixture.send([event("c", start: 1120, labels: web)])
            #expect(
                try await fixture.incidents() == [
                    "[a@1000,b@1060] resolved critical 1000…1110", "[c@1120] pending warning 1120…",
                ]
            )
            let told = try await fixture.rows(
                "SELECT transition AS line FROM notification WHERE topic_type = 'incident' ORDER BY id"
            )
            #expect(told == ["incident_opened", "incident_closed", "incident_opened"])
        }
    }

    @Test("What comes and goes is told once, and then how it ended", arguments: Engine.allCases)
    func flapping(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            try await fixture.assignToAnn()
            for round in 0..<8 {
                let start = 1000 + Int64(round) * 60
                await fixture.send([event("a", start: start)])
                try await fixture.deliver()
                await fixture.send([event("a", "resolved", start: start, end: start + 30)])
                try await fixture.deliver()
            }
            let notices = try await fixture.notices()
            #expect(
                notices == [
                    "a assignment ann", "a recovered ann", "a assignment ann", "a recovered ann", "a assignment ann",
                    "a recovered ann", "a assignment ann",
                ]
            )
            let payloads = try await fixture.rows("SELECT payload AS line FROM notification ORDER BY id")
            #expect(payloads.last?.contains("flapping") == true)
            try await fixture.tick(minutes: 29)
            #expect(try await fixture.count("notification") == 7)
            try await fixture.tick(minutes: 2)
            #expect(try await fixture.deliver() == ["recovered → resolved"])
            #expect(try await fixture.number("SELECT COUNT(*) AS number FROM alert WHERE is_flapping = 1") == 0)
            // Quiet for long: told again.
            fixture.clock.set(fixture.clock.now + 3_600_000)
            await fixture.send([event("a", start: 100_000)])
            #expect(try await fixture.deliver() == ["assignment → firing"])
        }
    }

    @Test("Flapping that stays is told when it is quiet", arguments: Engine.allCases)
    func flappingStays(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            try await fixture.assignToAnn()
            for round in 0..<6 {
                let start = 1000 + Int64(round) * 60
                await fixture.send([event("a", start: start)])
                try await fixture.deliver()
                if round < 5 { await fixture.send([event("a", "resolved", start: start, end: start + 30)]) }
                try await fixture.deliver()
            }
            let before = try await fixture.count("notification")
            try await fixture.tick(minutes: 31)
            #expect(try await fixture.count("notification") == before + 1)
            #expect(try await fixture.deliver() == ["assignment → firing"])
            await fixture.send([event("a", "resolved", start: 1300, end: 1400)])
            #expect(try await fixture.deliver() == ["recovered → resolved"])
        }
    }

    @Test("Everything or nothing: without an outbox no event is kept", arguments: Engine.allCases)
    func oneTransaction(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            try await fixture.assignToAnn()
            try await fixture.makeRule("alert_aggregation_rule", "clusters", [:])
            try await fixture.makeRule("alert_correlation_rule", "clusters", ["min_alerts": 1])
            try await fixture.changeRules("ALTER TABLE notification RENAME TO notification_away")
            let events = [event("a", start: 1000, labels: web), event("b", start: 1000)]
            #expect(await fixture.send(events).status == 503)
            for table in ["alert", "alert_event", "alert_incident", "alert_label"] {
                #expect(try await fixture.count(table) == 0)
            }
            try await fixture.changeRules("ALTER TABLE notification_away RENAME TO notification")
            #expect(await fixture.send(events).number("created") == 2)
            #expect(try await fixture.count("notification") == 3)
        }
    }
}
