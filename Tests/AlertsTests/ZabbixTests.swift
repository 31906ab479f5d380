// Zabbix's media types, in the forms of `ops.md` section 3.

import Alerts
import JSON
import Resources
import Storage
import Testing

@Suite struct ZabbixTests {
    /// bk-lite's flat form, with the times that our own script adds.
    static func flat(_ value: String, more: JSONObject = [:]) -> JSONValue {
        var body: JSONObject = [
            "Subject": .string(value == "1" ? "Problem: Disk is full" : "Resolved: Disk is full"),
            "Message": "Only 2 % are left", "Severity": "High", "TriggerName": "Disk is full", "ProblemId": "4711",
            "EventId": .string(value == "1" ? "4711" : "4750"), "RecoveryEventId": .string(value == "1" ? "" : "4750"),
            "TriggerId": "13", "HostId": "10084", "HostName": "db-07", "EventValue": .string(value),
            "ResourceType": "host",
        ]
        for (name, given) in more { body[name] = given }
        return .object(body)
    }

    static func nested(_ action: String) -> JSONValue {
        [
            "source_id": "z",
            "event": [
                "external_id": "4711", "title": "Disk is full", "description": "Only 2 % are left", "level": "0",
                "item": "vfs.fs.size", "rule_id": "13", "resource_id": "10084", "resource_name": "db-07",
                "resource_type": "host", "action": .string(action),
                "labels": ["problem_id": "4711", "event_id": "{EVENT.RECOVERY.ID}"],
            ],
        ]
    }

    static func onCall(_ state: String) -> JSONValue {
        [
            "alert_uid": "4711", "title": "Disk is full", "state": .string(state), "message": "Only 2 % are left",
            "link_to_upstream_details": "https://zabbix.example/tr_events.php?triggerid=13&eventid=4711",
        ]
    }

    static func pagerDuty(_ value: String, update: String = "0") -> JSONValue {
        [
            "alert_message": "Only 2 % are left", "eventack": "No", "eventdate": "2025.10.21", "eventid": "4711",
            "eventname": "Disk is full", "eventtags": "scope:capacity, class:os, scope:disk", "eventtime": "18:00:00",
            "eventupdate": .string(update), "eventvalue": .string(value), "event_source": "0", "hostip": "10.0.0.7",
            "hostname": "db-07", "severity": "5", "triggerdesc": "Free space", "triggerid": "13",
            "triggeropdata": "Space used: 98 %", "url": "{$ZABBIX.URL}/tr_events.php?triggerid=13",
        ]
    }

    static func keep(_ status: String, action: String = "{EVENT.UPDATE.ACTION}") -> JSONValue {
        [
            "id": "4711", "triggerId": "13", "name": "Disk is full", "service": "db-07", "severity": "Disaster",
            "status": .string(status), "tags": #"[{"tag":"scope","value":"capacity"},{"tag":"empty","value":""}]"#,
            "lastReceived": .string(status == "PROBLEM" ? "2025.10.21 18:00:00" : "2025.10.21 18:30:00"),
            "update_action": .string(action), "event_ack": "No",
        ]
    }

    /// What the script of our documentation posts.
    static func script(_ value: String) -> JSONValue {
        [
            "EventID": "4711", "EventName": "Disk is full", "EventValue": .string(value), "EventNSeverity": "4",
            "EventDate": "2025.10.21", "EventTime": "18:00:00",
            "RecoveryDate": .string(value == "0" ? "2025.10.21" : "{EVENT.RECOVERY.DATE}"),
            "RecoveryTime": .string(value == "0" ? "18:30:00" : "{EVENT.RECOVERY.TIME}"),
            "EventUpdateStatus": "0", "Tags": "[]", "HostName": "db-07", "HostIP": "10.0.0.7", "TriggerID": "13",
            "EventOpData": "", "Message": "Only 2 % are left", "Link": "https://zabbix.example/tr_events.php?eventid=1",
        ]
    }

    private static func zone(_ fixture: Fixture, type: String = "zabbix") async throws {
        try await fixture.makeSource("z", type: type, secret: "secret-z", more: ["time_zone": "Asia/Shanghai"])
    }

    private static func post(_ fixture: Fixture, _ body: JSONValue) async -> IngestReply {
        fixture.clock.set(fixture.clock.now + 60_000)
        return await fixture.post(body, secrets: ["secret-z"])
    }

    @Test(
        "All forms, told by content whatever the source's type",
        arguments: [
            (flat("1"), flat("0")), (nested("created"), nested("recovery")), (onCall("alerting"), onCall("ok")),
            (pagerDuty("1"), pagerDuty("0")), (keep("PROBLEM"), keep("RESOLVED")),
            (script("1"), script("0")),
        ],
        ["zabbix", "webhook", "monitor", "prometheus", "grafana"]
    )
    func forms(_ pair: (JSONValue, JSONValue), _ type: String) async throws {
        try await Fixture.run(.sqlite) { fixture in
            try await Self.zone(fixture, type: type)
            let problem = await Self.post(fixture, pair.0)
            #expect(problem.status == 200)
            #expect(problem.body["data"]?["format"] == "zabbix")
            #expect(problem.number("created") == 1, "\(problem.body.text)")
            #expect(await Self.post(fixture, pair.0).number("duplicates") == 1)
            let recovery = await Self.post(fixture, pair.1)
            #expect(recovery.number("resolved") == 1, "\(recovery.body.text)")
            #expect(await Self.post(fixture, pair.1).number("duplicates") == 1)
            let lines = try await fixture.summary(source: "z")
            #expect(lines.count == 1)
            #expect(lines.first?.hasPrefix("4711 resolved ") == true, "\(lines)")
        }
    }

    @Test("Zone-less days with dots are in the source's zone", arguments: Engine.allCases)
    func times(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            try await Self.zone(fixture)
            _ = await Self.post(fixture, Self.keep("PROBLEM"))
            try await fixture.expect(["4711 firing critical 1761040800…"], source: "z")
            _ = await Self.post(fixture, Self.keep("RESOLVED"))
            try await fixture.expect(["4711 resolved critical 1761040800…1761042600"], source: "z")
            _ = await Self.post(fixture, Self.script("0"))
            try await fixture.expect(["4711 resolved critical 1761040800…1761042600"], source: "z")
            let times: JSONObject = [
                "ProblemId": "9", "EventDate": "2025.10.21", "EventTime": "18:00:00", "RecoveryDate": "2025.10.21",
                "RecoveryTime": "18:05:00",
            ]
            // The recovery first: the problem, known to be older, opens nothing.
            _ = await Self.post(fixture, Self.flat("0", more: times))
            _ = await Self.post(fixture, Self.flat("1", more: times))
            let lines = try await fixture.summary(source: "z")
            #expect(lines.last == "9 resolved critical 1761040800…1761041100")
        }
    }

    @Test("Severities by number, by name, and bk-lite's levels in event:{}", arguments: Engine.allCases)
    func severities(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            try await fixture.makeSource(
                "z",
                type: "zabbix",
                secret: "secret-z",
                more: ["level_map": ["High": "error"]]
            )
            let given: [(JSONValue, String)] = [
                (0, "info"), (1, "info"), ("2", "warning"), ("3", "warning"), (4, "error"), (5, "critical"),
                ("Not classified", "info"), ("Information", "info"), ("Warning", "warning"), ("Average", "warning"),
                ("High", "error"), ("Disaster", "critical"), ("{EVENT.SEVERITY}", "warning"), ("strange", "warning"),
            ]
            for (number, (severity, _)) in given.enumerated() {
                let more: JSONObject = ["ProblemId": .integer(100 + number), "Severity": severity]
                #expect(await Self.post(fixture, Self.flat("1", more: more)).number("created") == 1)
            }
            let levels = try await fixture.summary(source: "z").map { $0.split(separator: " ")[2] }
            #expect(levels.map(String.init) == given.map(\.1))
            _ = await Self.post(fixture, Self.nested("created"))
            let summary = try await fixture.summary(source: "z")
            #expect(summary.contains { $0.hasPrefix("4711 firing critical") })
        }
    }

    @Test("Tags, host, item and what is known of the trigger", arguments: Engine.allCases)
    func labels(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            try await Self.zone(fixture)
            _ = await Self.post(fixture, Self.pagerDuty("1"))
            let alert = try await fixture.alerts.list(query: [], caller: .team(1))["results"]?[0]
            #expect(alert?["title"] == "Disk is full")
            #expect(alert?["host"] == "db-07")
            #expect(
                alert?["labels"] == [
                    "class": "os", "scope": "capacity,disk", "host": "db-07", "ip": "10.0.0.7", "trigger_id": "13",
                ]
            )
            #expect(alert?["annotations"]?["operational_data"] == "Space used: 98 %")
            #expect(alert?["description"] == "Only 2 % are left")
            // The address was not expanded.
            #expect(alert?["link"] == "")
            #expect(alert?["external_id"] == "4711")
        }
    }

    @Test("Updates open and end nothing", arguments: Engine.allCases)
    func updates(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            try await Self.zone(fixture)
            let bodies = [
                Self.pagerDuty("1", update: "1"), Self.pagerDuty("0", update: "1"),
                Self.keep("PROBLEM", action: "acknowledged, commented"), Self.flat("1", more: ["EventUpdate": 1]),
                Self.flat("0", more: ["event_update_status": "1"]),
            ]
            for body in bodies {
                let reply = await Self.post(fixture, body)
                #expect(reply.status == 200)
                #expect(reply.number("ignored") == 1)
                #expect(reply.number("created") == 0)
                #expect(reply.body["data"]?["report"]?[0]?["result"] == "ignored")
                #expect(reply.body["data"]?["report"]?[0]?["message"]?.string?.contains("update") == true)
            }
            try await fixture.expect("alert", has: 0)
            try await fixture.expect("alert_event", has: 0)
        }
    }

    @Test("Macros that were not expanded are absent; the Test button opens nothing", arguments: Engine.allCases)
    func macros(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            try await Self.zone(fixture)
            let tests: [JSONValue] = [
                Self.flat("1", more: ["ProblemId": "{EVENT.ID}", "EventId": "{EVENT.ID}"]),
                [
                    "eventid": "{EVENT.ID}", "eventvalue": "{EVENT.VALUE}", "eventname": "{EVENT.NAME}",
                    "triggerid": "{TRIGGER.ID}", "url": "{$ZABBIX.URL}",
                ],
                ["alert_uid": "{EVENT.ID}", "title": "{ALERT.SUBJECT}", "state": "{EVENT.STATUS}"],
                ["id": "{EVENT.ID}", "triggerId": "{TRIGGER.ID}", "name": "{EVENT.NAME}", "status": "{EVENT.STATUS}"],
            ]
            for body in tests {
                let reply = await Self.post(fixture, body)
                #expect(reply.status == 200, "\(reply.body.text)")
                #expect(reply.number("ignored") == 1)
            }
            try await fixture.expect("alert", has: 0)
            let more: JSONObject = [
                "HostName": "*UNKNOWN*", "Severity": "{EVENT.SEVERITY}", "EventDate": "{EVENT.DATE}",
                "EventTime": "{EVENT.TIME}", "EventValue": "{EVENT.VALUE}", "Message": "{ALERT.MESSAGE}",
            ]
            #expect(await Self.post(fixture, Self.flat("1", more: more)).number("created") == 1)
            let alert = try await fixture.alerts.list(query: [], caller: .team(1))["results"]?[0]
            #expect(alert?["host"] == "")
            #expect(alert?["description"] == "")
            #expect(alert?["level_given"] == "(none)")
            #expect(alert?["status"] == "firing")
        }
    }

    @Test("Scripts of people's own, when the source says that it is Zabbix", arguments: Engine.allCases)
    func own(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            try await Self.zone(fixture)
            let own: JSONValue = ["EVENT.ID": "5", "EVENT.NAME": "Ping lost", "EVENT.VALUE": "1", "EVENT.NSEVERITY": 4]
            #expect(await Self.post(fixture, own).number("created") == 1)
            #expect(await Self.post(fixture, ["title": "no id", "hostname": "h"]).number("created") == 1)
            let summary = try await fixture.summary(source: "z")
            #expect(summary.contains { $0.hasPrefix("5 firing critical") })
            let nothing = await Self.post(fixture, ["foo": "bar"])
            #expect(nothing.status == 400)
            #expect(nothing.body["message"]?.string?.contains("eventid or ProblemId") == true)
            let badTime = await Self.post(fixture, Self.flat("1", more: ["EventDate": "yesterday"]))
            #expect(badTime.status == 400)
            #expect(badTime.body["errors"]?[0]?["field"] == "events[0].eventdate")
        }
    }

    @Test("Success as the source says, and no secret in what is kept", arguments: Engine.allCases)
    func secrets(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            try await fixture.makeSource("z", type: "zabbix", secret: "secret-z", more: ["success_status": 202])
            let body = Self.flat(
                "1",
                more: ["secret": "secret-z", "SECRET": "secret-z", "URL": "http://x/?secret=secret-z"]
            )
            let reply = await fixture.post(body, secrets: [])
            #expect(reply.status == 202)
            let alert = try await fixture.alerts.list(query: [], caller: .team(1))["results"]?[0]
            #expect(alert?["link"] == "")
            let raw = try await fixture.database.read { try $0.query("SELECT raw FROM alert_event").first?.text("raw") }
            #expect(raw?.contains("db-07") == true)
            #expect(raw?.contains("secret-z") == false)
        }
    }
}
