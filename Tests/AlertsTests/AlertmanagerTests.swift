// Alertmanager's bodies, as captured from 0.25.

import Alerts
import JSON
import Resources
import Testing

@Suite struct AlertmanagerTests {
    static func alert(
        _ status: String,
        _ name: String,
        instance: String,
        severity: String = "critical",
        start: String,
        end: String = "0001-01-01T00:00:00Z",
        fingerprint: String? = nil
    ) -> JSONValue {
        var alert: JSONObject = [
            "status": .string(status),
            "labels": ["alertname": .string(name), "instance": .string(instance), "severity": .string(severity)],
            "annotations": ["summary": .string("\(name) on \(instance)"), "description": "what happened"],
            "startsAt": .string(start), "endsAt": .string(end), "generatorURL": "http://prometheus:9090/graph?g0",
        ]
        if let fingerprint { alert["fingerprint"] = .string(fingerprint) }
        return .object(alert)
    }

    static func body(_ alerts: [JSONValue], truncated: Int64 = 0) -> JSONValue {
        [
            "receiver": "opsgate", "status": "firing", "alerts": .array(alerts), "groupLabels": [:],
            "commonLabels": [:], "commonAnnotations": [:], "externalURL": "http://alertmanager:9093", "version": "4",
            "groupKey": "{}/{code=\"200\"}:{alertname=\"A200\"}", "truncatedAlerts": .integer(truncated),
            "notification_reason": "unknown members are ignored",
        ]
    }

    /// One firing and one resolved, as one group sends them.
    static let mixed = body([
        alert(
            "firing",
            "One",
            instance: "zz",
            start: "2025-10-21T10:00:00.123456789Z",
            fingerprint: "4b4955c1a1eedad9"
        ),
        alert(
            "resolved",
            "Two",
            instance: "yy:9100",
            severity: "warning",
            start: "2025-10-21T09:00:00Z",
            end: "2025-10-21T09:30:00Z"
        ),
    ])

    static let truncated = body(
        [alert("firing", "Many", instance: "m1", start: "2025-10-21T10:00:00Z")],
        truncated: 15
    )

    @Test("Each alert's own status and times", arguments: Engine.allCases)
    func mixedBody(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            let reply = await fixture.post(Self.mixed)
            #expect(reply.status == 200)
            #expect(reply.number("received") == 2)
            #expect(reply.number("created") == 2)
            let list = try await fixture.alerts.list(query: [("ordering", "title")], caller: .team(1))
            let one = list["results"]?[0]
            #expect(one?["title"] == "One on zz")
            #expect(one?["fingerprint"] == "4b4955c1a1eedad9")
            #expect(one?["status"] == "firing")
            #expect(one?["ended_at"] == .null)
            #expect(one?["started_at"] == "2025-10-21T10:00:00.123Z")
            let two = list["results"]?[1]
            #expect(two?["status"] == "resolved")
            #expect(two?["host"] == "yy")
            #expect(two?["ended_at"] == "2025-10-21T09:30:00Z")
            #expect(two?["duration_seconds"] == 1800)
            #expect(two?["link"] == "http://prometheus:9090/graph?g0")
        }
    }

    @Test("A missing fingerprint is worked out as Alertmanager does", arguments: Engine.allCases)
    func fingerprint(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            let firing = Self.alert("firing", "One", instance: "zz", start: "2025-10-21T10:00:00Z")
            await _ = fixture.post(Self.body([firing]))
            let resolved = Self.alert(
                "resolved",
                "One",
                instance: "zz",
                start: "2025-10-21T10:00:00Z",
                end: "2025-10-21T10:30:00Z",
                fingerprint: "4b4955c1a1eedad9"
            )
            #expect(await fixture.post(Self.body([resolved])).number("resolved") == 1)
            try await fixture.expect(["4b4955c1a1eedad9 resolved critical 1761040800…1761042600"])
        }
    }

    @Test("A zero time is no time: the arrival stands in", arguments: Engine.allCases)
    func zeroTimes(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            let zero: JSONValue = "0001-01-01T00:00:00Z"
            await fixture.send([
                ["title": "a", "level": "info", "external_id": "a", "start_time": zero],
                ["title": "b", "level": "info", "external_id": "b", "start_time": 0, "end_time": zero],
                [
                    "title": "c", "level": "info", "external_id": "c", "status": "resolved",
                    "start_time": 1_761_040_000, "end_time": zero,
                ],
            ])
            // The clock stands at second 1761040800.
            try await fixture.expect([
                "a firing info 1761040800…", "b firing info 1761040800…", "c resolved info 1761040000…1761040800",
            ])
        }
    }

    @Test("Truncated alerts are a visible gap", arguments: Engine.allCases)
    func gap(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            #expect(await fixture.post(Self.truncated).number("truncated") == 15)
            await _ = fixture.post(Self.truncated)
            try await fixture.expect("alert_gap", has: 1)
            let list = try await fixture.alerts.list(query: [], caller: .team(1))
            #expect(list["gaps"]?[0]?["missing"] == 15)
            #expect(list["gaps"]?[0]?["source_id"] == "s1")
            let others = try await fixture.alerts.list(query: [], caller: .team(2))
            #expect(others["gaps"] == nil)
            let gaps = try await fixture.alerts.gaps.list(query: [], caller: .team(1))
            #expect(gaps.count == 1)
        }
    }

    @Test("Alertmanager's ideas of merging, restated", arguments: Engine.allCases)
    func merging(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            func post(_ status: String, _ start: String, _ end: String = "0001-01-01T00:00:00Z") async {
                await _ = fixture.post(
                    Self.body([
                        Self.alert(
                            status,
                            "X",
                            instance: "x",
                            start: "2025-10-21T\(start):00Z",
                            end: end.count == 5 ? "2025-10-21T\(end):00Z" : end,
                            fingerprint: "x"
                        )
                    ])
                )
            }
            await post("firing", "10:00")
            await post("firing", "09:50")
            // The earliest start stays.
            try await fixture.expect(["x firing critical 1761040200…"])
            await post("resolved", "09:50", "10:20")
            await post("resolved", "09:50", "10:30")
            // Of two resolves the latest end counts.
            try await fixture.expect(["x resolved critical 1761040200…1761042600"])
            await post("firing", "10:40")
            #expect(try await fixture.summary().count == 2)
        }
    }

    @Test("The source's type decides where the content does not", arguments: Engine.allCases)
    func choice(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            try await fixture.makeSource("am", type: "prometheus", secret: "secret-am")
            let both: JSONValue = [
                "source_id": "am",
                "alerts": [Self.alert("firing", "One", instance: "zz", start: "2025-10-21T10:00:00Z")],
                "events": [event("other", start: 1000)],
            ]
            #expect(await fixture.post(both, secrets: ["secret-am"]).number("created") == 1)
            try await fixture.expect(["4b4955c1a1eedad9 firing critical 1761040800…"], source: "am")
            // A source for Prometheus still takes the seed's format when that is what comes.
            let seed: JSONValue = ["source_id": "am", "events": [event("other", start: 1000)]]
            #expect(await fixture.post(seed, secrets: ["secret-am"]).number("created") == 1)
        }
    }

    @Test("An alert without labels is named, the others are kept", arguments: Engine.allCases)
    func noLabels(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            let reply = await fixture.post(
                Self.body([
                    ["status": "firing", "labels": [:], "startsAt": "2025-10-21T10:00:00Z"],
                    Self.alert("firing", "One", instance: "zz", start: "2025-10-21T10:00:00Z"),
                    ["status": "firing", "labels": ["job": "x"], "startsAt": "2025-10-21T10:00:00Z"],
                ])
            )
            #expect(reply.number("created") == 2)
            #expect(reply.body["data"]?["errors"]?[0]?["field"] == "labels")
            let list = try await fixture.alerts.list(query: [("label.job", "x")], caller: .team(1))
            #expect(list["results"]?[0]?["title"] == "job=x")
            #expect(list["results"]?[0]?["level_given"] == "(none)")
        }
    }
}
