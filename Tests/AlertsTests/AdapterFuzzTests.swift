// Bodies of every form, changed at random: no adapter crashes, loses count, or lets more through than is kept.

import Alerts
import JSON
import Resources
import Testing

@Suite struct AdapterFuzzTests {
    static let bodies: [JSONValue] = [
        IngestTests.seedExample, AlertmanagerTests.mixed, AlertmanagerTests.truncated, ChoiceTests.array,
        GrafanaTests.mixed, GrafanaTests.legacy("alerting"), GrafanaTests.legacy("ok"), ZabbixTests.flat("1"),
        ZabbixTests.flat("0"), ZabbixTests.nested("created"), ZabbixTests.onCall("ok"), ZabbixTests.pagerDuty("1"),
        ZabbixTests.keep("RESOLVED"), MappingTests.body(MappingTests.item(1, "bad"), MappingTests.item(2, "gone")),
        ["name": "guess me", "severity": "major", "state": "down", "time": 1_761_040_800, "tags": ["a:b"]],
    ]

    private static func adapters() throws -> [any EventAdapter] {
        let mapping = try EventMapping(MappingTests.mapping.object ?? [:])
        return AdapterChoice.all + [MappingAdapter(mapping), GuessAdapter()]
    }

    private static func scalar(_ random: inout SeededNumbers) -> JSONValue {
        let scalars: [JSONValue] = [
            .null, true, false, 0, -1, 1e308, .integer(Int64.max), .integer(Int64.min), "", " ", "firing", "resolved",
            "ok", "1", "0", "{EVENT.ID}", "{{", "{", "}", "*UNKNOWN*", "critical", "0001-01-01T00:00:00Z",
            "2025.10.21 10:00:00", "2025.10.21", "9999-12-31T23:59:59Z", "\u{0}", "日本", "\u{202E}", "a:b,c=d,,:,=",
            "[{\"tag\":\"x\",\"value\":\"y\"}]", "[[[", .string(String(repeating: "é", count: 40_000)),
            .string(String(repeating: "{A", count: 500)), 1_761_040_800_123, 0.5,
        ]
        return scalars.randomElement(using: &random) ?? .null
    }

    /// The value with some of what is in it replaced, removed, wrapped or doubled.
    private static func changed(_ value: JSONValue, _ random: inout SeededNumbers) -> JSONValue {
        switch Int.random(in: 0..<30, using: &random) {
        case 0: return scalar(&random)
        case 1: return .array([value, value])
        case 2: return ["value": value, "name": "n", "tag": "t"]
        case 3: return .array([])
        default: break
        }
        switch value {
        case .array(let elements):
            return .array(elements.map { changed($0, &random) })
        case .object(let object):
            var result: JSONObject = [:]
            for (key, member) in object where Int.random(in: 0..<12, using: &random) > 0 {
                result[key] = changed(member, &random)
            }
            return .object(result)
        default:
            return value
        }
    }

    private static func check(_ adapted: AdaptedBody, _ note: String) {
        let told = adapted.events.count + adapted.problems.count + adapted.ignored.count
        #expect(told == adapted.received, "\(note)")
        for event in adapted.events {
            #expect(event.title.utf8.count <= TextLimits.title && !event.title.isEmpty, "\(note)")
            #expect(event.details.utf8.count <= TextLimits.description, "\(note)")
            #expect(event.link.utf8.count <= TextLimits.link, "\(note)")
            #expect(event.raw.utf8.count <= TextLimits.raw, "\(note)")
            #expect(event.fingerprint.utf8.count <= Fingerprint.limit && !event.fingerprint.isEmpty, "\(note)")
            #expect(event.labels.count <= TextLimits.labels, "\(note)")
            #expect(event.annotations.count <= TextLimits.labels, "\(note)")
            #expect(event.labels.allSatisfy { $0.value.utf8.count <= TextLimits.labelValue }, "\(note)")
            #expect(event.labels.allSatisfy { $0.name.utf8.count <= TextLimits.labelName }, "\(note)")
            #expect(event.annotations.allSatisfy { $0.value.utf8.count <= TextLimits.annotationValue }, "\(note)")
            #expect(event.status == .firing || event.endedAt ?? .min >= event.startedAt, "\(note)")
            #expect(![event.title, event.host, event.externalID].contains { $0.utf8.contains(0) }, "\(note)")
        }
    }

    @Test("Any body with any adapter")
    func anybody() throws {
        let seed = UInt64.random(in: 0..<1_000_000)
        var random = SeededNumbers(seed: seed)
        let adapters = try Self.adapters()
        let context = AdapterContext(receivedAt: 1_761_040_800_000)
        var read = 0
        for number in 0..<1_500 {
            let body = Self.changed(Self.bodies[number % Self.bodies.count], &random)
            let document = try JSONDocument(parsing: body.bytes)
            for adapter in adapters {
                _ = adapter.recognises(document.root)
                _ = adapter.couldBe(document.root)
                guard let adapted = try? adapter.read(document.root, context) else { continue }
                read += 1
                Self.check(adapted, "seed \(seed), body \(number), \(adapter.name)")
            }
            for type in AlertSourceType.allCases {
                _ = try? AdapterChoice.adapter(for: document.root, sourceType: type.rawValue)
            }
        }
        #expect(read > 1_000)
    }

    @Test("Each form is known by exactly one adapter")
    func known() throws {
        for (number, body) in Self.bodies.enumerated() {
            let document = try JSONDocument(parsing: body.bytes)
            let known = AdapterChoice.all.filter { $0.recognises(document.root) }.map(\.name)
            #expect(known.count == (number < 13 ? 1 : 0), "body \(number): \(known)")
        }
    }

    @Test("Changed bodies through the store: a known answer, and the same body again changes nothing")
    func again() async throws {
        let seed = UInt64.random(in: 0..<1_000_000)
        var random = SeededNumbers(seed: seed)
        try await Fixture.run(.sqlite) { fixture in
            for type in AlertSourceType.allCases {
                try await fixture.makeSource(
                    type.rawValue,
                    type: type.rawValue,
                    secret: "secret-\(type.rawValue)",
                    more: type == .webhook ? ["mapping": MappingTests.mapping] : [:]
                )
            }
            for number in 0..<400 {
                let type = AlertSourceType.allCases.randomElement(using: &random) ?? .webhook
                var body = Self.changed(Self.bodies[number % Self.bodies.count], &random)
                if case .object(var object) = body {
                    for name in ["secret", "source_id"] { object.removeValue(forKey: name) }
                    body = .object(object)
                }
                let note = "seed \(seed), body \(number), \(type)"
                let first = await fixture.post(body, secrets: ["secret-\(type.rawValue)"])
                #expect([200, 400].contains(first.status), "\(note): \(first.body.text.prefix(300))")
                guard first.status == 200 else { continue }
                let before = try await fixture.count("alert_event")
                fixture.clock.set(fixture.clock.now + 1_000)
                let second = await fixture.post(body, secrets: ["secret-\(type.rawValue)"])
                #expect(second.status == 200, "\(note)")
                #expect(second.number("created") == 0, "\(note): \(second.body.text.prefix(300))")
                // A sender without times that both fires and ends in one body has no order to keep.
                let after = try await fixture.count("alert_event")
                #expect(after == before || second.number("duplicates") != second.number("received"), "\(note)")
            }
            let list = try await fixture.alerts.list(query: [("page_size", "1000")], caller: .team(1))
            #expect(list["results"]?.array?.isEmpty == false)
        }
    }

    @Test("Cut off anywhere, nested deeply, very large")
    func extremes() async throws {
        try await Fixture.run(.sqlite) { fixture in
            try await fixture.makeSource("w", type: "webhook", secret: "secret-w")
            func post(_ bytes: [UInt8]) async -> Int {
                await fixture.alerts.receive(body: bytes, secrets: ["secret-w"], query: [("source_id", "w")]).status
            }
            for body in Self.bodies.dropFirst() {
                let bytes = body.bytes
                for end in stride(from: 0, to: bytes.count - 1, by: 7) {
                    let status = await post(Array(bytes[..<end]))
                    #expect(status == 400)
                }
            }
            let deep =
                String(repeating: "{\"title\":\"x\",\"labels\":", count: 120) + "1"
                + String(repeating: "}", count: 120)
            #expect(await post(Array(deep.utf8)) == 200)
            let deeper = String(repeating: "[", count: 5_000) + String(repeating: "]", count: 5_000)
            #expect(await post(Array(deeper.utf8)) == 400)
            let huge =
                #"{"title":"x","id":99999999999999999999999999999,"timestamp":1e999,"severity":1e-999,"host":-0.0}"#
            #expect(await post(Array(huge.utf8)) == 200)
            var wide: JSONObject = ["title": "wide"]
            for number in 0..<50_000 { wide["member\(number)"] = .integer(number) }
            #expect(await post(JSONValue.object(wide).bytes) == 200)
            wide["eventid"] = "7"
            wide["eventvalue"] = "1"
            #expect([200, 400].contains(await post(JSONValue.object(wide).bytes)))
        }
    }
}
