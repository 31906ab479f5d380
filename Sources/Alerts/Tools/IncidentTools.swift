// The tools incident_list and incident_get.

import Identity
import JSON
import Notifications
import Resources
import Storage
import Tools

extension AlertsService {
    private static let maximumShownAlerts = 20

    var incidentListTool: Tool {
        Tool(
            name: "incident_list",
            summary:
                "Lists incidents, newest first, with status, level and how many alerts they hold; the total is exact.",
            parameters: ToolSupport.schema([
                "status": [
                    "type": "array",
                    "items": ["type": "string", "enum": .array(IncidentStatus.names.map { .string($0) })],
                    "maxItems": 4, "description": "Only these states. What goes on now is pending and processing.",
                ],
                "level": [
                    "type": "array", "items": ["type": "string", "enum": .array(AlertLevel.names.map { .string($0) })],
                    "maxItems": 4, "description": "Only these levels.",
                ],
                "since": [
                    "type": "string", "maxLength": 40,
                    "description":
                        "Only what still went on at or after this time: ISO 8601, or a span back from now: 30m, 2h, 7d.",
                ],
                "limit": [
                    "type": "integer", "minimum": 1, "maximum": 100, "description": "Rows, 20 when not given.",
                ],
                "cursor": [
                    "type": "string", "maxLength": 100,
                    "description": "The cursor of the result before, with the same filters, for the next rows.",
                ],
            ]),
            permission: .alertsView,
            run: { arguments, context in try await self.incidents(arguments, context) }
        )
    }

    var incidentGetTool: Tool {
        Tool(
            name: "incident_get",
            summary: "Shows one incident with its root alert, its alerts and who is on it.",
            parameters: ToolSupport.schema(
                [
                    "id": [
                        "type": "integer", "minimum": 1, "description": "The incident's id, as incident_list gives it.",
                    ]
                ],
                required: ["id"]
            ),
            permission: .alertsView,
            run: { arguments, context in try await self.incident(arguments, context) }
        )
    }

    private func incidents(_ arguments: JSONObject, _ context: ToolCallContext) async throws -> ToolResult {
        let question: IncidentQuestion
        do throws(FilterFault) {
            question = try IncidentQuestion(arguments, now: context.now)
        } catch {
            return .error(error.message, hint: error.hint)
        }
        let rows = ToolRows.allowed(arguments["limit"]?.int, context)
        let publicURL = publicURL
        return try await database.read { connection in
            let conditions = question.conditions(context.caller)
            let total =
                try connection.query(
                    fragment: "SELECT COUNT(*) AS total FROM alert_incident i WHERE \(conditions)"
                ).first?.int("total") ?? 0
            guard total > 0 else {
                let all = try IncidentQuestion.count(context.caller, connection)
                return ToolResult(
                    status: .noData,
                    data: [],
                    total: 0,
                    returned: 0,
                    hint: "No incident matches: \(question.words). There are \(all) incidents in all. "
                        + "No incident does not mean that no alert is going on: see alerts_count."
                )
            }
            let found = try connection.query(
                fragment: """
                    SELECT * FROM alert_incident i WHERE \(conditions) AND \(question.after)
                    ORDER BY i.started_at DESC, i.id DESC LIMIT \(rows + 1)
                    """
            ).map(IncidentRows.incident)
            let counts = try IncidentRows.memberCounts(found.map(\.id), connection)
            let shown = ToolRows.fitting(
                found.prefix(rows).map { incident in
                    IncidentJSON.row(incident, counts[incident.id], now: context.now, publicURL: publicURL)
                },
                bytes: context.bytes
            )
            let isCut = shown.count < found.count
            return ToolResult(
                data: .array(shown.map { .object($0) }),
                total: Int(total),
                returned: shown.count,
                truncated: isCut,
                cursor: isCut && !shown.isEmpty ? question.cursor(after: found[shown.count - 1]) : nil,
                link: "\(publicURL)\(IncidentResource.resource.path)/"
            )
        }
    }

    private func incident(_ arguments: JSONObject, _ context: ToolCallContext) async throws -> ToolResult {
        guard let id = arguments["id"]?.int else { return .error("`id` is required.") }
        let publicURL = publicURL
        return try await database.read { connection in
            guard let incident = try IncidentRows.incident(id: Int64(id), context.caller, connection) else {
                return ToolResult(
                    status: .noData,
                    total: 0,
                    hint: "There is no incident \(id) that you may see. incident_list gives the ids."
                )
            }
            let counts = try IncidentRows.memberCounts([incident.id], connection)[incident.id]
            var data = IncidentJSON.row(incident, counts, now: context.now, publicURL: publicURL)
            data["description"] = .string(incident.details.harmless(limit: 2_000))
            if let reason = incident.closeReason { data["close_reason"] = .string(reason.harmless(limit: 500)) }
            let alerts = try AlertQueries.page(
                "alert.incident = \(incident.id)",
                after: nil,
                limit: Self.maximumShownAlerts,
                connection
            )
            let names = try AlertQueries.sourceNames(Set(alerts.map(\.source)), connection)
            let room = context.bytes - JSONValue.object(data).bytes.count
            let shown = ToolRows.fitting(
                alerts.map { alert in
                    let source = names[alert.source] ?? ""
                    return AlertJSON.brief(alert, source: source, now: context.now, publicURL: publicURL)
                },
                bytes: room
            )
            data["alerts"] = .array(shown.map { .object($0) })
            if let notices = try NoticeSummary.of(.incident(incident.id), connection) { data["notices"] = notices }
            let isCut = Int64(shown.count) < (counts?.alerts ?? 0)
            return ToolResult(
                data: .object(data),
                total: 1,
                returned: 1,
                truncated: isCut,
                link: IncidentJSON.link(incident.id, publicURL: publicURL),
                hint: isCut ? "Of \(counts?.alerts ?? 0) alerts only the most urgent are shown." : nil
            )
        }
    }
}
