// The rows that a preview looks at, page by page.

import JSON
import Resources
import Storage

extension ShieldPreview {
    /// Open alerts of the team, newest first; aggregates stand for others and are not hidden by themselves.
    func alertTally(_ database: any Database) async throws -> (Tally, examples: [JSONValue]) {
        let ids = try await database.read { connection in
            try connection.query(
                """
                SELECT id FROM alert WHERE status IN ('firing', 'acknowledged') AND team = $1 AND kind = 'single'
                ORDER BY started_at DESC, id DESC LIMIT $2
                """,
                [.integer(team), .int(bounds.alerts + 1)]
            ).map { try $0.int("id") }
        }
        var tally = Tally(isComplete: ids.count <= bounds.alerts)
        var examples: [JSONValue] = []
        var rest = ids.prefix(bounds.alerts)[...]
        while !rest.isEmpty {
            let page = Array(rest.prefix(bounds.page))
            rest = rest.dropFirst(bounds.page)
            let found = try await database.read { try alerts(page, $0) }
            tally.examined += found.examined
            tally.matching += found.matches.count
            tally.onlyByAbsence += found.matches.count { $0.isOnlyByAbsence }
            examples += found.matches.prefix(Self.maximumExamples - examples.count).map(\.example)
        }
        return (tally, examples)
    }

    private struct AlertMatch: Sendable {
        var isOnlyByAbsence: Bool
        var example: JSONValue
    }

    private func alerts(
        _ ids: [Int64],
        _ connection: any SQLConnection
    ) throws -> (examined: Int, matches: [AlertMatch]) {
        let list = JSONValue.array(ids.map { .integer($0) }).text
        // One that ended since its number was read does not count any more.
        let rows = try connection.query(
            """
            SELECT alert.id, level, title, alert.description, labels, host, status, started_at, s.source_id AS source_name
            FROM alert JOIN alert_source s ON s.id = alert.source
            WHERE \(connection.dialect.isAmongIntegers("alert.id", "$1")) AND status IN ('firing', 'acknowledged')
            ORDER BY started_at DESC, alert.id DESC
            """,
            [.text(list)]
        )
        var found: [AlertMatch] = []
        for row in rows {
            let subject = try subject(row)
            guard matches.matches(subject) else { continue }
            let isOnlyByAbsence = matches.matchesOnlyByAbsence(subject)
            let example: JSONValue = [
                "id": .integer(try row.int("id")), "title": .string(subject.title.harmless(limit: 200)),
                "level": .string(subject.level.name), "status": .string(subject.status),
                "host": .string(subject.host.harmless(limit: 200)), "source_id": .string(subject.sourceID),
                "started_at": Timestamp(milliseconds: try row.int("started_at")).json,
                "only_by_missing_labels": .bool(isOnlyByAbsence),
            ]
            found.append(AlertMatch(isOnlyByAbsence: isOnlyByAbsence, example: example))
        }
        return (rows.count, found)
    }

    /// Events of the last day, newest first. They are walked by number, in which they arrived (more or less), since no
    /// index knows their arrival; so events of other teams take part in the bound.
    func eventTally(_ database: any Database) async throws -> Tally {
        var tally = Tally()
        var walked = 0
        var below = Int64.max
        while true {
            let room = min(bounds.page, bounds.events - walked)
            guard room > 0 else {
                tally.isComplete = false
                return tally
            }
            let before = below
            let page = try await database.read { try events(below: before, limit: room, $0) }
            walked += page.walked
            tally.examined += page.tally.examined
            tally.matching += page.tally.matching
            tally.onlyByAbsence += page.tally.onlyByAbsence
            tally.inForce += page.tally.inForce
            guard let last = page.last, page.walked == room else { return tally }
            below = last
        }
    }

    private struct EventPage: Sendable {
        var tally = Tally()
        var walked = 0
        /// Where to go on; nil when the day is over.
        var last: Int64?
    }

    private func events(below: Int64, limit: Int, _ connection: any SQLConnection) throws -> EventPage {
        let rows = try connection.query(
            """
            SELECT e.id, e.team, e.received_at, e.level, e.title, e.description, e.labels, e.host, e.status,
                s.source_id AS source_name
            FROM alert_event e JOIN alert_source s ON s.id = e.source WHERE e.id < $1 ORDER BY e.id DESC LIMIT $2
            """,
            [.integer(below), .int(limit)]
        )
        var page = EventPage()
        page.walked = rows.count
        for row in rows {
            let arrival = try row.int("received_at")
            guard arrival >= since else { continue }
            // Any event of the day keeps the walk going: numbers and arrivals are in order but for neighbours.
            page.last = try row.int("id")
            guard try row.int("team") == team else { continue }
            page.tally.examined += 1
            let subject = try subject(row)
            guard matches.matches(subject) else { continue }
            page.tally.matching += 1
            if matches.matchesOnlyByAbsence(subject) { page.tally.onlyByAbsence += 1 }
            if !schedule.isRecurring || schedule.isActive(at: arrival) { page.tally.inForce += 1 }
        }
        return page
    }

    private func subject(_ row: SQLRow) throws -> MatchSubject {
        MatchSubject(
            sourceID: try row.text("source_name"),
            level: try AlertRows.level(row),
            title: try row.text("title"),
            content: try row.text("description"),
            host: try row.text("host"),
            status: try row.text("status"),
            labels: [Label](jsonText: try row.text("labels"))
        )
    }
}
