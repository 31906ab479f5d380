// The tool alert_timeline: events, what people did, and notices of one alert in one list.

import Identity
import JSON
import Resources
import Storage
import Tools

extension AlertsService {
    private static let timelineRows = 100

    var alertTimelineTool: Tool {
        Tool(
            name: "alert_timeline",
            summary: "Shows what happened to one alert, newest first: events, what people and rules did, and notices.",
            parameters: ToolSupport.schema(
                ["id": ["type": "integer", "minimum": 1, "description": "The alert's id, as alerts_list gives it."]],
                required: ["id"]
            ),
            permission: .alertsView,
            run: { arguments, context in try await self.timeline(arguments, context) }
        )
    }

    private func timeline(_ arguments: JSONObject, _ context: ToolCallContext) async throws -> ToolResult {
        guard let id = arguments["id"]?.int else { return .error("`id` is required.") }
        let publicURL = publicURL
        return try await database.read { connection in
            guard let alert = try AlertQueries.alert(id: Int64(id), context.caller, connection) else {
                return ToolResult(
                    status: .noData,
                    data: [],
                    total: 0,
                    returned: 0,
                    hint: "There is no alert \(id) that you may see. alerts_list gives the ids."
                )
            }
            let timeline = try AlertTimeline.read(alert, limit: Self.timelineRows, connection)
            let shown = ToolRows.fitting(timeline.entries.map(\.json), bytes: context.bytes)
            let isCut = shown.count < timeline.total
            return ToolResult(
                data: .array(shown.map { .object($0) }),
                total: timeline.total,
                returned: shown.count,
                truncated: isCut,
                link: AlertJSON.link(alert, publicURL: publicURL),
                hint: isCut ? "Only the newest \(shown.count) of \(timeline.total) entries are shown." : nil
            )
        }
    }
}

/// One thing that happened to an alert.
struct TimelineEntry: Sendable {
    /// Epoch milliseconds, UTC.
    var at: Int64
    var json: JSONObject
}

enum AlertTimeline {
    /// The newest entries, newest first, and how many there are in all. Of things of one moment, notices come before
    /// acts and acts before events: the causes are further down.
    static func read(
        _ alert: Alert,
        limit: Int,
        _ connection: any SQLConnection
    ) throws -> (entries: [TimelineEntry], total: Int) {
        let notices: SQLFragment = "n.topic_type = 'alert' AND n.topic_id = \(alert.id)"
        var entries: [TimelineEntry] = []
        for notice in try NoticeLog.rows(notices, limit: limit, connection) {
            var json: JSONObject = ["at": AlertJSON.time(notice.at), "type": "notice"]
            for name in ["transition", "channel_name", "receiver", "state", "outcome"] {
                if let value = notice.json[name] { json[name] = value }
            }
            entries.append(TimelineEntry(at: notice.at, json: json))
        }
        entries += try acts(alert, limit: limit, connection)
        for stored in try AlertQueries.events(ofAlert: alert.id, limit: limit, connection) {
            let event = stored.event
            let json: JSONObject = [
                "at": AlertJSON.time(event.occurredAt), "type": "event",
                "status": .string(event.status.rawValue), "level": .string(event.level.name),
                "title": .string(event.title.harmless(limit: 300)),
            ]
            entries.append(TimelineEntry(at: event.occurredAt, json: json))
        }
        let order = entries.enumerated().sorted { ($1.element.at, $0.offset) < ($0.element.at, $1.offset) }
        let counts = try connection.query(
            """
            SELECT (SELECT COUNT(*) FROM alert_event WHERE alert_id = $1)
                + (SELECT COUNT(*) FROM notification WHERE topic_type = 'alert' AND topic_id = $1)
                + (SELECT COUNT(*) FROM audit_log WHERE object_type = 'alert' AND object_id = $2) AS total
            """,
            [.integer(alert.id), .text(String(alert.id))]
        )
        return (order.prefix(limit).map(\.element), Int(try counts.first?.int("total") ?? 0))
    }

    private static func acts(
        _ alert: Alert,
        limit: Int,
        _ connection: any SQLConnection
    ) throws -> [TimelineEntry] {
        try connection.query(
            """
            SELECT at, username, action, after_json FROM audit_log WHERE object_type = 'alert' AND object_id = $1
            ORDER BY at DESC, id DESC LIMIT $2
            """,
            [.text(String(alert.id)), .int(limit)]
        ).map { row in
            let at = try row.int("at")
            var json: JSONObject = [
                "at": AlertJSON.time(at), "type": "act",
                "by": .string((try row.text("username")).harmless(limit: 100)),
                "action": .string((try row.text("action")).harmless(limit: 100)),
            ]
            let after = try row.optionalText("after_json").flatMap { try? JSONValue(parsing: $0) }
            for name in ["handling", "operators"] {
                if let value = after?[name] { json[name] = value }
            }
            for name in ["reason", "note"] {
                if let text = after?[name]?.string { json[name] = .string(text.harmless(limit: 500)) }
            }
            return TimelineEntry(at: at, json: json)
        }
    }
}
