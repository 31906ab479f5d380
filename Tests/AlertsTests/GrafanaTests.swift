// Grafana's webhook bodies, unified and legacy.

import Alerts
import JSON
import Resources
import Testing

@Suite struct GrafanaTests {
    static func alert(_ status: String, _ name: String, start: String, end: String = "0001-01-01T00:00:00Z")
        -> JSONValue
    {
        [
            "status": .string(status),
            "labels": ["alertname": .string(name), "grafana_folder": "shop", "severity": "high", "pod": "cart-1"],
            "annotations": ["summary": .string("\(name) in the shop")],
            "startsAt": .string(start), "endsAt": .string(end),
            "generatorURL": "https://grafana.example/alerting/grafana/abc/view?orgId=1",
            "fingerprint": .string("fp-\(name)"), "silenceURL": "https://grafana.example/alerting/silence/new",
            "dashboardURL": "https://grafana.example/d/shop", "panelURL": "https://grafana.example/d/shop?viewPanel=4",
            "values": ["A": 93.5, "C": .null], "valueString": "[ var='A' labels={pod=cart-1} value=93.5 ]", "orgId": 1,
        ]
    }

    static func body(_ alerts: [JSONValue], state: String = "alerting") -> JSONValue {
        [
            "receiver": "opsgate", "status": "firing", "orgId": 1, "alerts": .array(alerts),
            "groupLabels": ["alertname": "Latency"], "commonLabels": [:], "commonAnnotations": [:],
            "externalURL": "https://grafana.example/", "appVersion": "12.1.0", "version": "1", "groupKey": "{}:{}",
            "truncatedAlerts": 0, "title": "[FIRING:1] Latency shop", "state": .string(state), "message": "**Firing**",
        ]
    }

    static let mixed = body([
        alert("firing", "Latency", start: "2025-10-21T18:00:00.5+08:00"),
        alert("resolved", "Errors", start: "2025-10-21T09:00:00Z", end: "2025-10-21T09:10:00Z"),
    ])

    static func legacy(_ state: String, rule: Int = 7) -> JSONValue {
        [
            "dashboardId": 1, "evalMatches": [["value": 100, "metric": "load", "tags": ["host": "a"]]],
            "imageUrl": "https://grafana.example/x.png", "message": "Load is high", "orgId": 2, "panelId": 3,
            "ruleId": .integer(rule), "ruleName": "Load", "ruleUrl": "https://grafana.example/d/load",
            "state": .string(state),
            "tags": ["severity": "critical", "host": "a-1"], "title": "[Alerting] Load",
        ]
    }

    @Test("Each alert's own status and times, whatever the source's type", arguments: AlertSourceType.allCases)
    func unified(_ type: AlertSourceType) async throws {
        try await Fixture.run(.sqlite) { fixture in
            try await fixture.makeSource("g", type: type.rawValue, secret: "secret-g")
            let reply = await fixture.post(Self.mixed, secrets: ["secret-g"])
            #expect(reply.status == 200)
            #expect(reply.number("created") == 2)
            let format = reply.body["data"]?["format"]?.string
            #expect(format == (type == .prometheus ? "alertmanager" : "grafana"))
            try await fixture.expect(
                [
                    "fp-Errors resolved critical 1761037200…1761037800", "fp-Latency firing critical 1761040800…",
                ],
                source: "g"
            )
        }
    }

    @Test("Values and addresses are kept", arguments: Engine.allCases)
    func details(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            #expect(await fixture.post(Self.mixed).status == 200)
            let list = try await fixture.alerts.list(query: [("status", "firing")], caller: .team(1))
            let alert = list["results"]?[0]
            #expect(alert?["title"] == "Latency in the shop")
            #expect(alert?["host"] == "cart-1")
            #expect(alert?["description"] == "[ var='A' labels={pod=cart-1} value=93.5 ]")
            #expect(alert?["link"] == "https://grafana.example/alerting/grafana/abc/view?orgId=1")
            #expect(alert?["annotations"]?["silenceURL"] == "https://grafana.example/alerting/silence/new")
            #expect(alert?["annotations"]?["values"] == #"{"A":93.5,"C":null}"#)
            #expect(alert?["annotations"]?["imageURL"] == nil)
        }
    }

    @Test("The group's state ends nothing", arguments: Engine.allCases)
    func groupState(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            let firing = Self.alert("firing", "Latency", start: "2025-10-21T10:00:00Z")
            #expect(await fixture.post(Self.body([firing], state: "ok")).number("created") == 1)
            try await fixture.expect(["fp-Latency firing critical 1761040800…"])
        }
    }

    @Test("Legacy alerting: one rule is one thing, no data is not health", arguments: Engine.allCases)
    func legacyRules(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            try await fixture.makeSource("g", type: "grafana", secret: "secret-g")
            func post(_ body: JSONValue) async -> IngestReply {
                fixture.clock.set(fixture.clock.now + 60_000)
                return await fixture.post(body, secrets: ["secret-g"])
            }
            #expect(await post(Self.legacy("alerting")).number("created") == 1)
            #expect(await post(Self.legacy("no_data")).number("created") == 0)
            for state in ["pending", "paused"] {
                let reply = await post(Self.legacy(state))
                #expect(reply.status == 200)
                #expect(reply.number("ignored") == 1)
                #expect(reply.body["data"]?["report"]?[0]?["result"] == "ignored")
            }
            try await fixture.expect(["grafana-2-7 firing critical 1761040860…"], source: "g")
            #expect(await post(Self.legacy("ok")).number("resolved") == 1)
            #expect(await post(Self.legacy("sleepy")).status == 400)
            // The same words after the end are a new occasion.
            #expect(await post(Self.legacy("alerting")).number("created") == 1)
            #expect(await post(Self.legacy("alerting")).number("duplicates") == 1)
            try await fixture.expect(
                ["grafana-2-7 resolved critical 1761040860…1761041100", "grafana-2-7 firing critical 1761041220…"],
                source: "g"
            )
        }
    }

    @Test("Legacy bodies are known by their content", arguments: ["monitor", "prometheus", "zabbix", "webhook"])
    func legacyElsewhere(_ type: String) async throws {
        try await Fixture.run(.sqlite) { fixture in
            try await fixture.makeSource("g", type: type, secret: "secret-g")
            let reply = await fixture.post(Self.legacy("alerting"), secrets: ["secret-g"])
            #expect(reply.body["data"]?["format"] == "grafana_legacy")
            #expect(reply.number("created") == 1)
        }
    }
}
