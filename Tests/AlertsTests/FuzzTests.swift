// Bodies that nobody would send on purpose: whatever comes, the answer is one of the known ones and the next is good.

import Alerts
import JSON
import Testing

@Suite struct FuzzTests {
    /// A random JSON value, with the names that adapters look for among its keys.
    private static func value(_ random: inout SeededNumbers, depth: Int) -> JSONValue {
        let names = [
            "title", "level", "status", "start_time", "end_time", "labels", "annotations", "external_id", "event_id",
            "description", "alerts", "events", "startsAt", "endsAt", "fingerprint", "truncatedAlerts", "groupKey",
            "source_id", "secret", "alertname", "instance", "action", "",
        ]
        let scalars: [JSONValue] = [
            .null, true, false, 0, -1, 1e308, .integer(Int64.max), .integer(Int64.min), "", "firing", "resolved",
            "critical",
            "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2025-10-21T10:00:00Z", "1761040800", "\u{0}", "日本",
            .string(String(repeating: "x", count: 3_000)), 1_761_040_800, 1_761_040_800_123, 0.5, "s1",
        ]
        switch depth == 0 ? 0 : Int.random(in: 0..<6, using: &random) {
        case 4:
            return .array((0..<Int.random(in: 0..<4, using: &random)).map { _ in value(&random, depth: depth - 1) })
        case 5:
            var object: JSONObject = [:]
            for _ in 0..<Int.random(in: 0..<8, using: &random) {
                object[names.randomElement(using: &random) ?? ""] = value(&random, depth: depth - 1)
            }
            return .object(object)
        default:
            return scalars.randomElement(using: &random) ?? .null
        }
    }

    @Test("Random members in bodies of both forms", arguments: Engine.allCases)
    func members(_ engine: Engine) async throws {
        let seed = UInt64.random(in: 0..<1_000_000)
        var random = SeededNumbers(seed: seed)
        try await Fixture.run(engine) { fixture in
            for number in 0..<300 {
                var body: JSONObject = ["source_id": "s1"]
                let items = (0..<Int.random(in: 0..<5, using: &random)).map { _ in
                    var item: JSONObject = [:]
                    for name in ["title", "labels", "status", "start_time", "startsAt", "endsAt", "level"]
                    where Bool.random(using: &random) {
                        item[name] = Self.value(&random, depth: 2)
                    }
                    return Int.random(in: 0..<8, using: &random) == 0
                        ? Self.value(&random, depth: 3) : JSONValue.object(item)
                }
                body[Bool.random(using: &random) ? "events" : "alerts"] = .array(items)
                if Int.random(in: 0..<4, using: &random) == 0 {
                    body["truncatedAlerts"] = Self.value(&random, depth: 1)
                }
                let reply = await fixture.post(.object(body))
                #expect([200, 400].contains(reply.status), "seed \(seed), body \(number): \(reply.body.text)")
            }
            #expect(await fixture.send([event("good", start: 1000)]).number("created") == 1, "seed \(seed)")
            // Whatever was stored can be read again.
            let list = try await fixture.alerts.list(query: [("page_size", "1000")], caller: .team(1))
            #expect(list["results"]?.array?.isEmpty == false)
        }
    }

    @Test("Bytes changed at random")
    func bytes() async throws {
        let seed = UInt64.random(in: 0..<1_000_000)
        var random = SeededNumbers(seed: seed)
        try await Fixture.run(.sqlite) { fixture in
            for body in [IngestTests.seedExample.bytes, AlertmanagerTests.mixed.bytes] {
                for number in 0..<400 {
                    var changed = body
                    for _ in 0..<Int.random(in: 1...4, using: &random) {
                        let place = Int.random(in: 0..<changed.count, using: &random)
                        switch Int.random(in: 0..<3, using: &random) {
                        case 0: changed[place] = UInt8.random(in: 0...255, using: &random)
                        case 1: changed.remove(at: place)
                        default: changed.insert(UInt8.random(in: 0...255, using: &random), at: place)
                        }
                    }
                    let reply = await fixture.alerts.receive(body: changed, secrets: [Fixture.secret], query: [])
                    #expect([200, 400, 403].contains(reply.status), "seed \(seed), body \(number): \(reply.body.text)")
                }
            }
            #expect(await fixture.send([event("good", start: 1000)]).number("created") == 1, "seed \(seed)")
            try await fixture.expect("alert_source", has: 1)
        }
    }
}
