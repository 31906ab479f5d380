// The tool alert_get: everything about one alert, its last events among it.

import Identity
import JSON
import Notifications
import Resources
import Storage
import Tools

extension AlertsService {
    private static let maximumEvents = 20
    /// Members of an aggregate that are shown.
    private static let maximumMembers = 20

    var alertGetTool: Tool {
        Tool(
            name: "alert_get",
            summary:
                "Shows one alert with description, labels, who is on it, notices and its last events, newest first.",
            parameters: [
                "type": "object",
                "properties": [
                    "id": ["type": "integer", "minimum": 1, "description": "The alert's id, as alerts_list gives it."],
                    "with_events": [
                        "type": "boolean", "description": "Its last 20 events as well; true when not given.",
                    ],
                ],
                "required": ["id"],
                "additionalProperties": false,
            ],
            permission: .alertsView,
            run: { arguments, context in try await self.get(arguments, context) }
        )
    }

    private func get(_ arguments: JSONObject, _ context: ToolCallContext) async throws -> ToolResult {
        guard let id = arguments["id"]?.int else { return .error("`id` is required.") }
        let withEvents = arguments["with_events"]?.bool ?? true
        let publicURL = publicURL
        return try await database.read { connection in
            guard let alert = try AlertQueries.alert(id: Int64(id), context.caller, connection) else {
                return ToolResult(
                    status: .noData,
                    total: 0,
                    hint: "There is no alert \(id) that you may see. alerts_list gives the ids."
                )
            }
            let name = try AlertQueries.sourceNames([alert.source], connection)[alert.source] ?? ""
            var data = AlertJSON.whole(alert, source: name, now: context.now, publicURL: publicURL)
            var isCut = false
            var hint: String?
            if let notices = try NoticeSummary.of(.alert(alert.id), connection) { data["notices"] = notices }
            if alert.handling.kind == .aggregate {
                let members = try AlertQueries.page(
                    "alert.aggregate = \(alert.id)",
                    after: nil,
                    limit: Self.maximumMembers,
                    connection
                )
                data["members"] = .array(
                    members.map { .object(AlertJSON.member($0, now: context.now)) }
                )
                isCut = Int64(members.count) < alert.handling.memberCount
                if isCut {
                    hint = "Of \(alert.handling.memberCount) members only \(members.count) are shown."
                }
            }
            if withEvents {
                let events = try AlertQueries.events(ofAlert: alert.id, limit: Self.maximumEvents, connection)
                let room = context.bytes - JSONValue.object(data).bytes.count
                let shown = Self.fitting(events.map(AlertJSON.event), bytes: room)
                data["events"] = .array(shown)
                if Int64(shown.count) < alert.eventCount {
                    isCut = true
                    hint = "Of \(alert.eventCount) events only the newest are shown."
                }
            }
            return ToolResult(
                data: .object(data),
                total: 1,
                returned: 1,
                truncated: isCut,
                link: AlertJSON.link(alert, publicURL: publicURL),
                hint: hint
            )
        }
    }

    private static func fitting(_ events: [JSONValue], bytes: Int) -> [JSONValue] {
        var room = bytes - 1_000
        return Array(
            events.prefix { event in
                room -= event.bytes.count + 1
                return room >= 0
            }
        )
    }
}
