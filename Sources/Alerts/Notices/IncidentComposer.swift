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
        let alerts = Dictionary(grouping: try RuleIncidentRows.alerts(of: ids, connection), by: \.incident)
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
                let variables = variables(incident, alerts[incident.id] ?? [], stored.notice, now)
                verdicts[stored.id] = .send(NoticeContent(variables: variables, told: told))
            }
        }
        return verdicts
    }

    private func variables(
        _ incident: StoredIncident,
        _ alerts: [IncidentAlert],
        _ notice: Notice,
        _ now: Int64
    ) -> JSONObject {
        let root = alerts.first { $0.id == incident.root }
        return [
            "title": .string(incident.title),
            "level": .string(incident.level.name),
            "status": .string(incident.status),
            "host": "",
            "description": .string(root.map(\.title) ?? ""),
            "started_at": AlertJSON.time(incident.start),
            "ended_at": incident.end.map(AlertJSON.time) ?? .null,
            "duration": .string(DurationText.of(milliseconds: (incident.end ?? now) - incident.start)),
            "source": "",
            "link": .string("\(publicURL)/api/v1/alerts/api/incident/\(incident.id)/"),
            "labels": [:],
            "people": .array(incident.operators.map { .string($0) }),
            "transition": .string(notice.transition.rawValue),
            "member_count": .integer(alerts.count),
            "members": .array(
                alerts.prefix(Self.shownAlerts).map { alert in
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
