// Finds the words of notices about alerts, at the moment when they are sent.

import JSON
package import Notifications
package import Storage

/// Composes notices with the topic `alert`.
package struct AlertComposer: NoticeComposer {
    private let publicURL: String
    private let shelf: RuleShelf

    /// - Parameters:
    ///   - publicURL: where people reach this program, without trailing slash; empty: links are paths.
    ///   - shelf: remembers the rules; one for all parts of a process.
    package init(publicURL: String = "", shelf: RuleShelf = RuleShelf()) {
        self.publicURL = publicURL
        self.shelf = shelf
    }

    package func compose(
        _ notices: [StoredNotice],
        now: Int64,
        on connection: any SQLConnection
    ) throws -> [Int64: NoticeVerdict] {
        let ids = Set(notices.map(\.notice.topic.id))
        let rules = try shelf.book(connection)
        let alerts = Dictionary(
            try AlertRows.with(ids: ids, connection).map { ($0.id, $0) },
            uniquingKeysWith: { first, _ in first }
        )
        let sources = try SourceNames.of(Set(alerts.values.map(\.source)), connection)
        let siblings = try SiblingRows.of(type: "alert", ids, connection)
        let incidents = Dictionary(
            try RuleIncidentRows.with(
                ids: Set(alerts.values.compactMap(\.handling.incident)),
                locking: false,
                connection
            )
            .map { ($0.id, $0) },
            uniquingKeysWith: { first, _ in first }
        )
        var members: [Int64: [JSONValue]] = [:]
        for alert in alerts.values where alert.handling.kind == .aggregate {
            members[alert.id] = try SourceNames.members(alert.id, connection)
        }
        var verdicts: [Int64: NoticeVerdict] = [:]
        for stored in notices {
            guard let alert = alerts[stored.notice.topic.id] else {
                verdicts[stored.id] = .drop("the alert is gone")
                continue
            }
            let source = sources[alert.source]
            let judgement = NoticeJudge.judge(
                stored.id,
                stored.notice.transition,
                Self.state(alert, sourceID: source?.id ?? "", rules, now),
                siblings.others(stored),
                now: now
            )
            switch judgement {
            case .drop(let reason): verdicts[stored.id] = .drop(reason)
            case .postpone(let until): verdicts[stored.id] = .postpone(until: until)
            case .tell(let told):
                var variables = Self.variables(alert, stored.notice, now: now)
                variables["source"] = .string(source?.name ?? "")
                variables["link"] = .string(AlertJSON.link(alert, publicURL: publicURL))
                if let members = members[alert.id] { variables["members"] = .array(members) }
                if let incident = alert.handling.incident.flatMap({ incidents[$0] }) {
                    variables["incident"] = [
                        "id": .integer(incident.id), "title": .string(incident.title),
                        "status": .string(incident.status),
                    ]
                }
                verdicts[stored.id] = .send(NoticeContent(variables: variables, told: told))
            }
        }
        return verdicts
    }

    static func state(_ alert: Alert, sourceID: String, _ rules: RuleBook, _ now: Int64) -> NoticeTopicState {
        var state = NoticeTopicState()
        state.isOpen = alert.status.isOpen
        state.isAcknowledged = alert.status == .acknowledged
        let person = alert.handling.closedBy ?? alert.handling.acknowledgedBy
        state.person = person.flatMap { $0.hasPrefix("rule:") ? alert.handling.acknowledgedBy : $0 }
        state.isPart = alert.handling.isHeld || alert.handling.aggregate != nil || alert.isEmptied
        let subject = MatchSubject(alert, sourceID: sourceID)
        if state.isOpen, let shield = rules.shield(subject, team: alert.team, at: now) {
            // Shields may be changed or deleted before their time.
            let change = shield.schedule.nextChange(after: now) ?? .max
            state.hiddenUntil = min(max(change, now + 1_000), now + 600_000)
        }
        return state
    }

    static func variables(_ alert: Alert, _ notice: Notice, now: Int64) -> JSONObject {
        var variables: JSONObject = [
            "title": .string(alert.title),
            "level": .string(alert.level.name),
            "status": .string(alert.status.rawValue),
            "host": .string(alert.host),
            "description": .string(alert.details),
            "started_at": AlertJSON.time(alert.span.start),
            "ended_at": alert.span.end.map(AlertJSON.time) ?? .null,
            "duration": .string(DurationText.of(milliseconds: (alert.span.end ?? now) - alert.span.start)),
            "labels": alert.labels.json,
            "people": .array(alert.handling.operators.map { .string($0) }),
            "transition": .string(notice.transition.rawValue),
            "event_count": .integer(alert.eventCount),
            "id": .integer(alert.id),
        ]
        if alert.handling.kind == .aggregate { variables["member_count"] = .integer(alert.handling.memberCount) }
        if let by = alert.handling.acknowledgedBy { variables["acknowledged_by"] = .string(by) }
        if let by = alert.handling.closedBy { variables["closed_by"] = .string(by) }
        for name in ["by", "number", "flapping"] {
            if let value = notice.payload[name] { variables[name] = value }
        }
        return variables
    }
}

/// What notices say of alerts beside the alerts.
enum SourceNames {
    private static let shownMembers: Int64 = 10

    /// What senders and people call sources.
    static func of(_ ids: Set<Int64>, _ connection: any SQLConnection) throws -> [Int64: (id: String, name: String)] {
        let list = JSONValue.array(ids.sorted().map { JSONValue.integer($0) }).text
        let among = connection.dialect.isAmongIntegers("id", "$1")
        var names: [Int64: (id: String, name: String)] = [:]
        for row in try connection.query("SELECT id, source_id, name FROM alert_source WHERE \(among)", [.text(list)]) {
            names[try row.int("id")] = (try row.text("source_id"), try row.text("name"))
        }
        return names
    }

    /// The first members of an aggregate.
    static func members(_ aggregate: Int64, _ connection: any SQLConnection) throws -> [JSONValue] {
        try connection.query(
            """
            SELECT title, level, status, host, started_at FROM alert WHERE aggregate = $1
            ORDER BY started_at, id LIMIT $2
            """,
            [.integer(aggregate), .integer(shownMembers)]
        ).map { row in
            [
                "title": .string(try row.text("title")), "level": .string(try row.text("level")),
                "status": .string(try row.text("status")), "host": .string(try row.text("host")),
                "started_at": AlertJSON.time(try row.int("started_at")),
            ]
        }
    }
}
