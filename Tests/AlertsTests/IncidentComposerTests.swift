// What people are told of incidents, from the store.

import JSON
import Notifications
import Storage
import Testing

@testable import Alerts

@Suite struct IncidentComposerTests {
    private static func compose(
        _ fixture: Fixture,
        _ incident: Int64,
        _ transition: NoticeTransition = .incidentOpened,
        id: Int64 = 1
    ) async throws -> NoticeVerdict? {
        let notice = StoredNotice(
            id: id,
            notice: Notice(
                team: 1,
                channel: 1,
                receiver: "ann",
                topic: .incident(incident),
                transition: transition,
                sequence: 0,
                level: "critical",
                payload: [:]
            ),
            createdAt: fixture.clock.now,
            attempts: 0
        )
        let now = fixture.clock.now
        return try await fixture.database.read { connection in
            try IncidentComposer(publicURL: "http://og").compose([notice], now: now, on: connection)[id]
        }
    }

    private static func makeIncident(_ fixture: Fixture, alerts: Int) async throws -> Int64 {
        try await fixture.makeRule("alert_correlation_rule", "clusters", ["root": "worst"])
        await fixture.send(
            (0..<alerts).map { number in
                event(
                    "a\(number)",
                    start: 1000 + Int64(number),
                    level: number == 2 ? "critical" : "warning",
                    labels: ["cluster": "web"]
                )
            }
        )
        return try await fixture.number("SELECT id AS number FROM alert_incident")
    }

    @Test("The root, the number of alerts, the first ten by start", arguments: Engine.allCases)
    func words(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            let incident = try await Self.makeIncident(fixture, alerts: 12)
            guard case .send(let content)? = try await Self.compose(fixture, incident) else {
                Issue.record("not told")
                return
            }
            let variables = content.variables
            #expect(variables["level"] == "critical" && variables["status"] == "pending")
            #expect(variables["description"] == "title of a2")
            #expect(variables["member_count"] == 12)
            let titles = variables["members"]?.array?.compactMap { $0["title"]?.string }
            #expect(titles == (0..<10).map { "title of a\($0)" })
            #expect(variables["members"]?.array?.first?["status"] == "firing")
            #expect(variables["link"] == .string("http://og/api/v1/alerts/api/incident/\(incident)/"))
            #expect(variables["started_at"] == "1970-01-01T00:16:40Z")
        }
    }

    @Test("Nobody hears of the beginning of what is over, or of what is gone", arguments: Engine.allCases)
    func over(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            let incident = try await Self.makeIncident(fixture, alerts: 3)
            await fixture.send(
                (0..<3).map { number in
                    event(
                        "a\(number)",
                        "resolved",
                        start: 1000 + Int64(number),
                        end: 2000,
                        level: number == 2 ? "critical" : "warning",
                        labels: ["cluster": "web"]
                    )
                }
            )
            let states = try await fixture.rows("SELECT status AS line FROM alert_incident")
            #expect(states == ["resolved"])
            if case .drop? = try await Self.compose(fixture, incident, .recovered) {
            } else {
                Issue.record("an end was told to somebody who had not heard of the beginning")
            }
            if case .drop(let reason)? = try await Self.compose(fixture, incident + 77) {
                #expect(reason == "the incident is gone")
            } else {
                Issue.record("told of nothing")
            }
        }
    }
}
