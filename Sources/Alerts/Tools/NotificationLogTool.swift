// The tool notification_log: who was told of what, over which channel, and whether it got through.

import Identity
import JSON
import Resources
import Storage
import Tools

extension AlertsService {
    private static let noticeRows = 50

    var notificationLogTool: Tool {
        Tool(
            name: "notification_log",
            summary: "Lists notices that were sent or wait, newest first, with channel, receiver and how it went.",
            parameters: ToolSupport.schema([
                "alert_id": ["type": "integer", "minimum": 1, "description": "Only notices of this alert."],
                "incident_id": ["type": "integer", "minimum": 1, "description": "Only notices of this incident."],
                "channel": ["type": "integer", "minimum": 1, "description": "Only over this channel."],
                "state": [
                    "type": "array", "items": ["type": "string", "enum": .array(NoticeLog.states.map { .string($0) })],
                    "maxItems": 6,
                    "description": "pending and sending wait; dead was given up; dropped had nothing left to tell.",
                ],
                "since": [
                    "type": "string", "maxLength": 40,
                    "description": "Only notices made at or after this time: ISO 8601, or a span back: 30m, 2h, 7d.",
                ],
                "limit": ["type": "integer", "minimum": 1, "maximum": 50, "description": "Rows, 20 when not given."],
                "cursor": [
                    "type": "string", "maxLength": 100,
                    "description": "The cursor of the result before, with the same filters, for the next rows.",
                ],
            ]),
            permission: .alertsView,
            budget: ToolBudget(maximumRows: Self.noticeRows),
            run: { arguments, context in try await self.notices(arguments, context) }
        )
    }

    private func notices(_ arguments: JSONObject, _ context: ToolCallContext) async throws -> ToolResult {
        var conditions: [SQLFragment] = []
        var words: [String] = []
        if let scope = context.caller.teamCondition(column: "n.team") { conditions.append(scope) }
        for (name, type) in [("alert_id", "alert"), ("incident_id", "incident")] {
            guard let id = arguments[name]?.int else { continue }
            conditions.append("n.topic_type = \(type) AND n.topic_id = \(id)")
            words.append("\(type) \(id)")
        }
        if let channel = arguments["channel"]?.int {
            conditions.append("n.channel = \(channel)")
            words.append("channel \(channel)")
        }
        let states = (arguments["state"]?.array ?? []).compactMap(\.string)
        if !states.isEmpty {
            conditions.append("n.state IN (\(list: states.map { .text($0) }))")
            words.append("state \(states.joined(separator: " or "))")
        }
        do throws(FilterFault) {
            if let since = try AlertFilter.moment("since", arguments, now: context.now) {
                conditions.append("n.created_at >= \(since)")
                words.append("since \(since.text)")
            }
        } catch {
            return .error(error.message)
        }
        let all = SQLFragment.joined(conditions, " AND ", empty: "1 = 1")
        var after: SQLFragment = "1 = 1"
        if let text = arguments["cursor"]?.string, !text.isEmpty {
            let parts = text.split(separator: ".").compactMap { Int64($0) }
            guard parts.count == 2 else { return .error("`cursor` is none that a result gave.") }
            after = "(n.created_at < \(parts[0]) OR (n.created_at = \(parts[0]) AND n.id < \(parts[1])))"
        }
        let rows = min(ToolRows.allowed(arguments["limit"]?.int, context), Self.noticeRows)
        return try await database.read { [after, words] connection in
            let total = try NoticeLog.count(all, connection)
            guard total > 0 else {
                let asked = words.isEmpty ? "no filter" : words.joined(separator: ", ")
                return ToolResult(
                    status: .noData,
                    data: [],
                    total: 0,
                    returned: 0,
                    hint: "No notice matches: \(asked). Nobody was told, at least not of what you may see."
                )
            }
            let found = try NoticeLog.rows("(\(all)) AND \(after)", limit: rows + 1, connection)
            let shown = ToolRows.fitting(found.prefix(rows).map(\.json), bytes: context.bytes)
            let isCut = shown.count < found.count
            let last = shown.isEmpty ? nil : found[shown.count - 1]
            return ToolResult(
                data: .array(shown.map { .object($0) }),
                total: Int(total),
                returned: shown.count,
                truncated: isCut,
                cursor: isCut ? last.map { "\($0.at).\($0.id)" } : nil
            )
        }
    }
}
