// The tool incident_create.

import Identity
import JSON
import Resources
import Storage
import Tools

extension AlertsService {
    var incidentCreateTool: Tool {
        Tool(
            name: "incident_create",
            summary: "Makes an incident of alerts that have one cause.",
            parameters: ToolSupport.schema(
                [
                    "title": ToolSupport.text("What it is, in a few words.", limit: 300),
                    "alert_ids": ToolSupport.ids("Its alerts, as alerts_list gives their ids."),
                    "description": ToolSupport.text("What is known so far.", limit: 2_000),
                    "level": [
                        "type": "string", "enum": .array(AlertLevel.names.map { .string($0) }),
                        "description": "The worst of its alerts when not given.",
                    ],
                    "root_alert": [
                        "type": "integer", "minimum": 1, "description": "The alert that began it, one of alert_ids.",
                    ],
                ],
                required: ["title", "alert_ids"]
            ),
            effect: .write,
            permission: .alertsManage,
            describe: { arguments, context in
                let ids = ToolSupport.ids(arguments, "alert_ids")
                let names = await ToolSupport.names(ids, context.caller, self.database)
                let title = (arguments["title"]?.string ?? "").harmless(limit: 200)
                return ToolSupport.sentence("Make the incident \"\(title)\" of", names)
            },
            run: { arguments, context in try await self.createIncident(arguments, context) }
        )
    }

    private func createIncident(_ arguments: JSONObject, _ context: ToolCallContext) async throws -> ToolResult {
        var body = arguments.filter { $0.value != .null }.reduce(into: JSONObject()) { $0[$1.key] = $1.value }
        body["alerts"] = body.removeValue(forKey: "alert_ids")
        let made: JSONValue
        do {
            made = try await createIncident(body, caller: context.caller)
        } catch let error as ResourceError {
            return ToolSupport.refusal(error)
        }
        let id = Int64(made["id"]?.int ?? 0)
        var data: JSONObject = ["id": .integer(id)]
        let publicURL = publicURL
        do {
            let row = try await database.read { connection -> JSONObject? in
                guard let incident = try IncidentRows.incident(id: id, context.caller, connection) else { return nil }
                let counts = try IncidentRows.memberCounts([id], connection)[id]
                return IncidentJSON.row(incident, counts, now: context.now, publicURL: publicURL)
            }
            if let row { data = row }
        } catch {
            data["warning"] = .string(
                "The incident was made, but reading it back failed. Do not repeat the call; look with incident_get."
            )
        }
        return ToolResult(
            data: .object(data),
            total: 1,
            returned: 1,
            link: IncidentJSON.link(id, publicURL: publicURL)
        )
    }
}
