// Who is told of an alert or incident, and over which channels: one notice for each receiver.

import JSON
import Notifications
import Storage

/// Makes notices. Mail and WeCom applications tell each person; robots and webhooks are receivers themselves.
struct NoticePlanner {
    let rules: RuleBook
    /// Epoch milliseconds, UTC.
    let now: Int64

    init(rules: RuleBook, now: Int64) {
        self.rules = rules
        self.now = now
    }

    /// The rule that gave the alert, while it is in force.
    func rule(_ alert: Alert) -> AssignmentRule? {
        guard let id = alert.handling.assignment else { return nil }
        return rules.assignments.first { $0.id == id }
    }

    /// - Parameters:
    ///   - by: a username, or the name of a rule.
    ///   - sequence: 0 for the first time.
    func assigned(_ alert: Alert, people: [String], channels: [Int64], by: String, sequence: Int64) -> [Notice] {
        var payload: JSONObject = ["by": .string(by)]
        if alert.handling.isFlapping { payload["flapping"] = true }
        return notices(alert, .assignment, people, channels, sequence: sequence, payload: payload)
    }

    /// The level rose; told once for each level.
    func raised(_ alert: Alert, _ rule: AssignmentRule) -> [Notice] {
        notices(alert, .raised, alert.handling.operators, rule.channels, sequence: 4 - alert.level.rawValue)
    }

    /// What rose while nobody was to be told of it: for alerts that are worse than all that people were told of them.
    func raisedUnseen(_ alerts: [Alert], _ connection: any SQLConnection) throws -> [Notice] {
        let alerts = alerts.filter { alert in
            alert.status.isOpen && alert.standsAlone && !alert.handling.isFlapping
                && rule(alert)?.scenarios.contains("raised") ?? false
        }
        guard !alerts.isEmpty else { return [] }
        let list = JSONValue.array(alerts.map { JSONValue.integer($0.id) }).text
        let among = connection.dialect.isAmongIntegers("topic_id", "$1")
        var worst: [Int64: AlertLevel] = [:]
        for row in try connection.query(
            """
            SELECT DISTINCT topic_id, level FROM notification
            WHERE topic_type = 'alert' AND transition <> 'recovered' AND \(among)
            """,
            [.text(list)]
        ) {
            guard let level = AlertLevel(try row.text("level")) else { continue }
            let alert = try row.int("topic_id")
            worst[alert] = max(worst[alert] ?? level, level)
        }
        return alerts.flatMap { alert -> [Notice] in
            guard let told = worst[alert.id], alert.level > told, let rule = rule(alert) else { return [] }
            return raised(alert, rule)
        }
    }

    /// - Parameter number: from 1.
    func reminder(_ alert: Alert, _ rule: AssignmentRule, number: Int64) -> [Notice] {
        notices(
            alert,
            .reminder,
            alert.handling.operators,
            rule.channels,
            // Numbers begin again when it is given to others.
            sequence: (alert.handling.assignedAt ?? 0) + number,
            payload: ["number": .integer(number)]
        )
    }

    /// - Parameter number: the step's, from 1.
    func escalation(_ alert: Alert, _ step: EscalationStep, _ rule: AssignmentRule, number: Int64) -> [Notice] {
        notices(
            alert,
            .escalation,
            step.personnel,
            step.channels.isEmpty ? rule.channels : step.channels,
            sequence: (alert.handling.assignedAt ?? 0) + number,
            payload: ["number": .integer(number)]
        )
    }

    func incident(
        _ incidentID: Int64,
        team: Int64,
        level: String,
        transition: NoticeTransition,
        people: [String],
        channels: [Int64],
        sequence: Int64
    ) -> [Notice] {
        receivers(people, channels).map { channel, receiver in
            Notice(
                team: team,
                channel: channel,
                receiver: receiver,
                topic: .incident(incidentID),
                transition: transition,
                sequence: sequence,
                level: level
            )
        }
    }

    /// Enqueues `recovered` for whoever has a notice of one of the alerts. Whether they were told is found out when it
    /// is sent. Rules that do not want it are asked; an alert that no rule gave is always told of.
    ///
    /// - Returns: how many were new.
    @discardableResult
    func recovered(_ alertIDs: [Int64], _ connection: any SQLConnection) throws -> Int {
        guard !alertIDs.isEmpty else { return 0 }
        let quiet = Set(rules.assignments.filter { !$0.scenarios.contains("recovered") }.map(\.id))
        let list = JSONValue.array(alertIDs.map { JSONValue.integer($0) }).text
        let among = connection.dialect.isAmongIntegers("n.topic_id", "$1")
        let rows = try connection.query(
            """
            SELECT n.topic_id AS alert, n.channel AS channel, n.receiver AS receiver, a.team AS team, a.level AS level,
                a.assignment AS assignment,
                MAX(CASE WHEN n.transition = 'assignment' THEN n.sequence ELSE 0 END) AS sequence
            FROM notification n JOIN alert a ON a.id = n.topic_id
            WHERE n.topic_type = 'alert' AND n.transition <> 'recovered' AND \(among)
            GROUP BY n.topic_id, n.channel, n.receiver, a.team, a.level, a.assignment
            ORDER BY n.topic_id, n.channel, n.receiver
            """,
            [.text(list)]
        )
        var notices: [Notice] = []
        for row in rows {
            if let assignment = try row.optionalInt("assignment"), quiet.contains(assignment) { continue }
            notices.append(
                Notice(
                    team: try row.int("team"),
                    channel: try row.int("channel"),
                    receiver: try row.text("receiver"),
                    topic: .alert(try row.int("alert")),
                    transition: .recovered,
                    sequence: try row.int("sequence"),
                    level: try row.text("level")
                )
            )
        }
        return try Outbox.enqueue(notices, dueAt: now, now: now, on: connection)
    }

    /// Enqueues `incident_closed` for whoever has a notice that it was opened.
    ///
    /// - Returns: how many were new.
    @discardableResult
    func incidentOver(_ incident: StoredIncident, _ connection: any SQLConnection) throws -> Int {
        let rows = try connection.query(
            """
            SELECT channel, receiver, MAX(sequence) AS sequence FROM notification
            WHERE topic_type = 'incident' AND topic_id = $1 AND transition = 'incident_opened'
            GROUP BY channel, receiver ORDER BY channel, receiver
            """,
            [.integer(incident.id)]
        )
        let notices = try rows.map { row in
            Notice(
                team: incident.team,
                channel: try row.int("channel"),
                receiver: try row.text("receiver"),
                topic: .incident(incident.id),
                transition: .incidentClosed,
                sequence: try row.int("sequence"),
                level: incident.level.name
            )
        }
        return try Outbox.enqueue(notices, dueAt: now, now: now, on: connection)
    }

    private func notices(
        _ alert: Alert,
        _ transition: NoticeTransition,
        _ people: [String],
        _ channels: [Int64],
        sequence: Int64,
        payload: JSONObject = [:]
    ) -> [Notice] {
        receivers(people, channels).map { channel, receiver in
            Notice(
                team: alert.team,
                channel: channel,
                receiver: receiver,
                topic: .alert(alert.id),
                transition: transition,
                sequence: sequence,
                level: alert.level.name,
                payload: payload
            )
        }
    }

    private func receivers(_ people: [String], _ channels: [Int64]) -> [(channel: Int64, receiver: String)] {
        channels.flatMap { channel -> [(channel: Int64, receiver: String)] in
            switch rules.channelTypes[channel] {
            case nil: []
            case "EMAIL", "ENTERPRISE_WECHAT": people.map { (channel, $0) }
            default: [(channel, "")]
            }
        }
    }
}
