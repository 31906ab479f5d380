// The tools that act on alerts: alert_acknowledge, alert_assign, alert_close.

import Identity
import JSON
import Resources
import Storage
import Tools

extension AlertsService {
    var alertAcknowledgeTool: Tool {
        Tool(
            name: "alert_acknowledge",
            summary:
                "Takes alerts that were given to the person you speak with, so that others know somebody is on it.",
            parameters: ToolSupport.schema(
                [
                    "ids": ToolSupport.ids("The alerts, as alerts_list gives their ids."),
                    "note": ToolSupport.text("A remark for the log."),
                ],
                required: ["ids"]
            ),
            effect: .write,
            permission: .alertsManage,
            describe: { arguments, context in
                let names = await ToolSupport.names(ToolSupport.ids(arguments), context.caller, self.database)
                return ToolSupport.sentence("Acknowledge", names)
            },
            run: { arguments, context in
                try await self.run(.acknowledge, arguments, context)
            }
        )
    }

    var alertAssignTool: Tool {
        Tool(
            name: "alert_assign",
            summary: "Gives alerts to people, also those that others have; tells them over channels if named.",
            parameters: ToolSupport.schema(
                [
                    "ids": ToolSupport.ids("The alerts, as alerts_list gives their ids."),
                    // No rules: whoever approves the call must see all the people and channels in its sentence.
                    "assignee": [
                        "type": "array", "items": ["type": "string", "maxLength": 255], "maxItems": 20,
                        "description": "Usernames of the alerts' team, or mail addresses.",
                    ],
                    "notify_channels": ToolSupport.ids(
                        "Channels over which they are told; without any, nobody is told."
                    ),
                    "note": ToolSupport.text("A remark for the log."),
                ],
                required: ["ids", "assignee"]
            ),
            effect: .write,
            permission: .alertsManage,
            describe: { arguments, context in
                let names = await ToolSupport.names(ToolSupport.ids(arguments), context.caller, self.database)
                let people = (arguments["assignee"]?.array ?? []).compactMap { $0.string?.harmless(limit: 100) }
                let channels = ToolSupport.ids(arguments, "notify_channels").map(String.init)
                let told = channels.isEmpty ? "" : ", and tell them over channel \(channels.joined(separator: ", "))"
                let whom = people.isEmpty ? "nobody" : people.joined(separator: ", ")
                return ToolSupport.sentence("Assign", names, tail: " to \(whom)\(told)")
            },
            run: { arguments, context in try await self.assign(arguments, context) }
        )
    }

    var alertCloseTool: Tool {
        Tool(
            name: "alert_close",
            summary: "Closes alerts for good, with a reason; later events of the same episode do not open them again.",
            parameters: ToolSupport.schema(
                [
                    "ids": ToolSupport.ids("The alerts, as alerts_list gives their ids."),
                    "reason": ToolSupport.text("Why; kept with the alerts."),
                ],
                required: ["ids", "reason"]
            ),
            effect: .write,
            permission: .alertsManage,
            describe: { arguments, context in
                let names = await ToolSupport.names(ToolSupport.ids(arguments), context.caller, self.database)
                let reason = (arguments["reason"]?.string ?? "").harmless(limit: 300)
                return ToolSupport.sentence("Close", names, tail: ", reason: \"\(reason)\"")
            },
            run: { arguments, context in
                let reason = arguments["reason"]?.string ?? ""
                guard !reason.allSatisfy(\.isWhitespace) else { return .error("`reason` must say why.") }
                return try await self.run(.close, arguments, context)
            }
        )
    }

    private func run(
        _ action: AlertAction,
        _ arguments: JSONObject,
        _ context: ToolCallContext
    ) async throws -> ToolResult {
        do {
            let reply = try await act(action, body: Self.body(arguments), caller: context.caller)
            return await readBack(reply.items, done: action.participle, context)
        } catch let error as ResourceError {
            return ToolSupport.refusal(error)
        }
    }

    /// Assigns what nobody has and reassigns the rest.
    private func assign(_ arguments: JSONObject, _ context: ToolCallContext) async throws -> ToolResult {
        let ids = ToolSupport.ids(arguments)
        do {
            guard context.caller.may(.alertsManage) else { throw ResourceError.forbidden(.alertsManage) }
            let taken = try await database.read { connection in
                let scope = context.caller.teamCondition(column: "alert.team") ?? "1 = 1"
                return Set(
                    try connection.query(
                        fragment: """
                            SELECT id FROM alert WHERE id IN (\(list: ids.map { .integer($0) })) AND operators <> '[]'
                            AND status IN ('firing', 'acknowledged') AND \(scope)
                            """
                    ).map { try $0.int("id") }
                )
            }
            var items: [ActionItem] = []
            var body = Self.body(arguments)
            let free = ids.filter { !taken.contains($0) }
            if !free.isEmpty || taken.isEmpty {
                body["alert_id"] = .array(free.map { .integer($0) })
                items += try await act(.assign, body: body, caller: context.caller).items
            }
            if !taken.isEmpty {
                body["alert_id"] = .array(ids.filter(taken.contains).map { .integer($0) })
                items += try await act(.reassign, body: body, caller: context.caller).items
            }
            return await readBack(items, done: "assigned", context)
        } catch let error as ResourceError {
            return ToolSupport.refusal(error)
        }
    }

    /// The tool's arguments as the body of an action.
    private static func body(_ arguments: JSONObject) -> JSONObject {
        var body = arguments
        body["alert_id"] = body.removeValue(forKey: "ids")
        return body
    }

    /// The alerts as they are now. When they cannot be read, that is a warning and no error: a model that takes it for
    /// one would do the same again (ops.md section 1.1).
    private func readBack(
        _ items: [ActionItem],
        done participle: String,
        _ context: ToolCallContext
    ) async -> ToolResult {
        let done = items.filter(\.isDone).map(\.id)
        var failures: [JSONValue] = []
        for item in items {
            guard case .failure(let refusal) = item.outcome else { continue }
            failures.append([
                "id": .integer(item.id), "code": .string(refusal.kind.rawValue), "message": .string(refusal.message),
            ])
        }
        guard !done.isEmpty else {
            let message = failures.prefix(10).map { "\($0["id"]?.text ?? ""): \($0["message"]?.string ?? "")" }
            return .error("No alert was \(participle). \(message.joined(separator: " "))")
        }
        var data: JSONObject = [participle: .array(done.map { .integer($0) })]
        if !failures.isEmpty { data["failed"] = .array(failures) }
        let publicURL = publicURL
        do {
            let rows = try await database.read { connection -> [JSONValue] in
                let alerts = try AlertQueries.alerts(ids: done, context.caller, connection)
                let names = try AlertQueries.sourceNames(Set(alerts.map(\.source)), connection)
                return alerts.map { alert in
                    let source = names[alert.source] ?? ""
                    return .object(AlertJSON.brief(alert, source: source, now: context.now, publicURL: publicURL))
                }
            }
            data["alerts"] = .array(rows)
        } catch {
            data["warning"] = .string(
                "The change was made, but reading it back failed. Do not repeat the call; look with alert_get."
            )
        }
        return ToolResult(
            data: .object(data),
            total: items.count,
            returned: done.count,
            hint: failures.isEmpty ? nil : "\(failures.count) of \(items.count) were not \(participle)."
        )
    }
}
