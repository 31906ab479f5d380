// Senders without a form of their own: read by the source's mapping, or guessed.

import Alerts
import JSON
import Resources
import Storage
import Testing

@Suite struct MappingTests {
    static let mapping: JSONValue = [
        "events": "$.data.items[*]", "title": "$.check.name", "level": "$.sev", "status": "$.state",
        "status_resolved": ["fine", "GONE"], "start_time": "$.since", "end_time": "$.until",
        "external_id": "$.id", "description": "$.output[*].line", "host": "$.check.target", "link": "$['web link']",
        "labels": ["team": "$.owner.team", "env": "=prod"], "annotations": "$.more",
    ]

    static func item(_ id: Int, _ state: String, more: JSONObject = [:]) -> JSONValue {
        var item: JSONObject = [
            "id": .integer(id), "check": ["name": "Ping", "target": "web-1"], "sev": "P1", "state": .string(state),
            "since": "2025/10/21 10:00:00", "until": "2025-10-21T10:10:00Z", "owner": ["team": "net"],
            "output": [["line": "first"], ["other": 1], ["line": "second"]], "web link": "https://x.example/1",
            "more": ["note": "n", "deep": ["x": 1]],
        ]
        for (name, value) in more { item[name] = value }
        return .object(item)
    }

    static func body(_ items: JSONValue...) -> JSONValue { ["data": ["items": .array(items)], "secret": "secret-m"] }

    static func makeSource(_ fixture: Fixture, _ mapping: JSONValue = mapping, type: String = "webhook") async throws {
        try await fixture.makeSource("m", type: type, secret: "secret-m", more: ["mapping": mapping])
    }

    @Test("Every member from where the mapping says", arguments: Engine.allCases)
    func mapped(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            try await Self.makeSource(fixture)
            let reply = await fixture.post(Self.body(Self.item(1, "bad"), Self.item(2, "gone")), secrets: [])
            #expect(reply.body["data"]?["format"] == "mapping")
            #expect(reply.number("created") == 2)
            try await fixture.expect(
                ["1 firing critical 1761040800…", "2 resolved critical 1761040800…1761041400"],
                source: "m"
            )
            let list = try await fixture.alerts.list(query: [("status", "firing")], caller: .team(1))
            let alert = list["results"]?[0]
            #expect(alert?["title"] == "Ping")
            #expect(alert?["host"] == "web-1")
            #expect(alert?["description"] == "first, second")
            #expect(alert?["link"] == "https://x.example/1")
            #expect(alert?["labels"] == ["team": "net", "env": "prod", "host": "web-1"])
            #expect(alert?["annotations"] == ["note": "n", "deep": #"{"x":1}"#])
            let resolved = await fixture.post(Self.body(Self.item(1, "fine")), secrets: [])
            #expect(resolved.number("resolved") == 1)
        }
    }

    @Test("Bad events are named, good ones kept", arguments: Engine.allCases)
    func partial(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            try await Self.makeSource(fixture)
            let reply = await fixture.post(
                Self.body(
                    Self.item(1, "bad"),
                    Self.item(2, "bad", more: ["check": "no object"]),
                    Self.item(3, "bad", more: ["since": "soon"]),
                    7,
                    Self.item(5, "bad", more: ["until": [1]])
                ),
                secrets: []
            )
            #expect(reply.number("created") == 1)
            #expect(reply.number("failed") == 4)
            #expect(
                reply.body["data"]?["errors"]?.array?.map { $0["field"]?.string } == [
                    "title", "start_time", "", "end_time",
                ]
            )
            #expect(
                reply.body["data"]?["report"]?.array?.map { $0["result"]?.string }
                    == ["created", "failed", "failed", "failed", "failed"]
            )
            #expect(await fixture.post(["data": ["items": []], "secret": "secret-m"], secrets: []).status == 400)
            #expect(await fixture.post(["other": 1, "secret": "secret-m"], secrets: []).status == 400)
        }
    }

    @Test("Without events the body is the event, or its elements are", arguments: Engine.allCases)
    func whole(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            try await Self.makeSource(fixture, ["title": "$.name", "external_id": "$.name"])
            #expect(await fixture.post(["name": "a"], secrets: ["secret-m"]).number("created") == 1)
            let list: JSONValue = [["name": "b"], ["name": "c"]]
            #expect(await fixture.post(list, secrets: ["secret-m"]).number("created") == 2)
            try await fixture.expect("alert", has: 3)
        }
    }

    @Test("A mapping does not hide forms that are known by content", arguments: Engine.allCases)
    func known(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            try await Self.makeSource(fixture)
            let reply = await fixture.post(AlertmanagerTests.mixed, secrets: ["secret-m"])
            #expect(reply.body["data"]?["format"] == "alertmanager")
            #expect(reply.number("created") == 2)
        }
    }

    private static let nonsense: [(JSONValue, String)] = [
        (["level": "$.x"], "mapping.title"), (["title": "name"], "mapping.title"), (["title": 5], "mapping.title"),
        (["title": "$.x", "level": "$["], "mapping.level"), (["title": "$.x", "colour": "$.y"], "mapping.colour"),
        (["title": "$.x", "events": "=x"], "mapping.events"), (["title": "$.x", "labels": "=x"], "mapping.labels"),
        (["title": "$.x", "labels": ["a": "b"]], "mapping.labels.a"),
        (["title": "$.x", "labels": 7], "mapping.labels"),
        (["title": "$.x", "status_resolved": ["ok"]], "mapping.status_resolved"),
        (["title": "$.x", "status": "$.s", "status_resolved": "ok"], "mapping.status_resolved"),
        (["title": "$.x", "status": "$.s", "status_resolved": [1]], "mapping.status_resolved"),
        (["title": "$.x", "host": ["$.a"]], "mapping.host"),
    ]

    @Test("What makes no sense is refused when the source is saved", arguments: nonsense)
    func refused(_ mapping: JSONValue, _ field: String) async throws {
        try await Fixture.run(.sqlite) { fixture in
            let error = await #expect(throws: ResourceError.self) { try await Self.makeSource(fixture, mapping) }
            #expect(error?.status == 400)
            #expect(error?.errors.first?.field == field)
            let patched = await #expect(throws: ResourceError.self) {
                _ = try await fixture.alerts.sources.patch(id: 1, ["mapping": mapping], caller: .team(1))
            }
            #expect(patched?.errors.first?.field == field)
            try await fixture.expect("alert_source", has: 1)
        }
    }

    @Test("A body of no known form is guessed, and the report says so", arguments: Engine.allCases)
    func guessed(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            try await fixture.makeSource("w", type: "webhook", secret: "secret-w")
            let body: JSONValue = [
                "secret": "secret-w", "name": "Ping lost", "severity": "major", "state": "DOWN", "hostname": "web-1:22",
                "message": "no answer", "url": "https://x.example", "tags": ["env:prod", "net"], "id": 12,
                "timestamp": 1_761_040_800,
            ]
            let reply = await fixture.post(body, secrets: [])
            #expect(reply.status == 200)
            #expect(reply.body["data"]?["format"] == "guess")
            #expect(reply.body["data"]?["note"]?.string?.contains("guessed") == true)
            try await fixture.expect(["12 firing error 1761040800…"], source: "w")
            let alert = try await fixture.alerts.list(query: [], caller: .team(1))["results"]?[0]
            #expect(alert?["title"] == "Ping lost")
            #expect(alert?["host"] == "web-1")
            #expect(alert?["labels"] == ["env": "prod", "net": "", "host": "web-1"])
            let raw = try await fixture.database.read { try $0.query("SELECT raw FROM alert_event").first?.text("raw") }
            #expect(raw?.contains("secret-w") == false)
            // One moment of a message that says it is over is the end.
            guard case .object(var over) = body else { return }
            over["state"] = "UP"
            over["timestamp"] = 1_761_041_400
            #expect(await fixture.post(.object(over), secrets: []).number("resolved") == 1)
            try await fixture.expect(["12 resolved error 1761040800…1761041400"], source: "w")
        }
    }

    @Test("Lists in a wrapper or as the body are guessed too; without a title nothing is", arguments: Engine.allCases)
    func guessedLists(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            try await fixture.makeSource("w", type: "webhook", secret: "secret-w")
            func post(_ body: JSONValue) async -> IngestReply { await fixture.post(body, secrets: ["secret-w"]) }
            #expect(await post([["name": "a", "host": "h1"], ["name": "a", "host": "h2"]]).number("created") == 2)
            #expect(await post(["alerts": [["name": "b"], ["nameless": 1]]]).number("created") == 1)
            let nameless = await post(["foo": "bar"])
            #expect(nameless.status == 400)
            #expect(nameless.body["errors"]?[0]?["field"] == "events[0].title")
            // Only sources of type webhook take what nobody knows.
            #expect(await fixture.post(["name": "c"]).status == 400)
        }
    }

    @Test("The same words after the end are a new occasion; before it, a repetition", arguments: Engine.allCases)
    func timeless(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            try await fixture.makeSource("w", type: "webhook", secret: "secret-w")
            func post(_ state: String) async -> JSONObject {
                fixture.clock.set(fixture.clock.now + 1_000)
                let reply = await fixture.post(
                    ["name": "x", "key": "k", "state": .string(state)],
                    secrets: ["secret-w"]
                )
                return reply.body["data"]?.object ?? [:]
            }
            for round in 0..<3 {
                #expect(await post("down")["created"] == 1, "round \(round)")
                #expect(await post("down")["duplicates"] == 1, "round \(round)")
                #expect(await post("up")["resolved"] == 1, "round \(round)")
                #expect(await post("up")["duplicates"] == 1, "round \(round)")
            }
            try await fixture.expect("alert", has: 3)
            try await fixture.expect("alert_event", has: 6)
        }
    }
}
