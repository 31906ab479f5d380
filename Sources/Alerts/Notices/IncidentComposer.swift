// Finds the words of notices about incidents, at the moment when they are sent.

import JSON
package import Notifications
package import Storage

/// Composes notices with the topic `incident`.
package struct IncidentComposer: NoticeComposer {
    private let publicURL: String
    private static let shownAlerts = 10

    /// - Parameter publicURL: where people reach this program, without trailing slash; empty: links are paths.
    package init(publicURL: String = "") {
        self.publicURL = publicURL
    }

    package func compose(
        _ notices: [StoredNotice],
        now: Int64,
        on connection: any SQLConnection
    ) throws -> [Int64: NoticeVerdict] {
        let ids = Set(notices.map(\.notice.topic.id))
        let incidents = Dictionary(
            try RuleIncidentRows.with(ids: ids, locking: false, connection).map { ($0.id, $0) },
            uniquingKeysWith: { first, _ in first }
        )
        var alerts: [Int64: Shown] = [:]
        let siblings = try SiblingRows.of(type: "incident", ids, connection)
        var verdicts: [Int64: NoticeVerdict] = [:]
        for stored in notices {
            guard let incident = incidents[stored.notice.topic.id] else {
                verdicts[stored.id] = .drop("the incident is gone")
                continue
            }
            var state = NoticeTopicState()
            state.isOpen = incident.isOpen
            state.isAcknowledged = incident.status == "processing"
            state.person = incident.closedBy.flatMap { $0.hasPrefix("rule:") ? nil : $0 }
            let judgement = NoticeJudge.judge(
                stored.id,
                stored.notice.transition,
                state,
                siblings.others(stored),
                now: now
            )
            switch judgement {
            case .drop(let reason): verdicts[stored.id] = .drop(reason)
            case .postpone(let until): verdicts[stored.id] = .postpone(until: until)
            case .tell(let told):
                let shown = try alerts[incident.id] ?? Shown(incident, limit: Self.shownAlerts, connection)
                alerts[incident.id] = shown
                let variables = variables(incident, shown, stored.notice, now)
                verdicts[stored.id] = .send(NoticeContent(variables: variables, told: told))
            }
        }
        return verdicts
    }

    /// What is told of the alerts of an incident.
    private struct Shown {
        var alerts: [IncidentAlert]
        var count: Int64
        /// The title of the root.
        var root: String

        init(_ incident: StoredIncident, limit: Int, _ connection: any SQLConnection) throws {
            (alerts, count) = try RuleIncidentRows.alerts(of: incident.id, limit: limit, connection)
            root = try RuleIncidentRows.rootTitle(of: incident, connection) ?? ""
        }
    }

    private func variables(
        _ incident: StoredIncident,
        _ shown: Shown,
        _ notice: Notice,
        _ now: Int64
    ) -> JSONObject {
        [
            "title": .string(incident.title),
            "level": .string(incident.level.name),
            "status": .string(incident.status),
            "host": "",
            "description": .string(shown.root),
            "started_at": AlertJSON.time(incident.start),
            "ended_at": incident.end.map(AlertJSON.time) ?? .null,
            "duration": .string(DurationText.of(milliseconds: (incident.end ?? now) - incident.start)),
            "source": "",
            "link": .string("\(publicURL)/api/v1/alerts/api/incident/\(incident.id)/"),
            "labels": [:],
            "people": .array(incident.operators.map { .string($0) }),
            "transition": .string(notice.transition.rawValue),
            "member_count": .integer(shown.count),
            "members": .array(
                shown.alerts.map { alert in
                    [
                        "title": .string(alert.title), "level": .string(alert.level.name),
                        "status": .string(alert.isOpen ? "firing" : "resolved"),
                        "started_at": AlertJSON.time(alert.start),
                    ]
                }
            ),
            "id": .integer(incident.id),
        ]
    }
}
