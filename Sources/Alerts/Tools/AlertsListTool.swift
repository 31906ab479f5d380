// The tool alerts_list: which alerts there are, worst first, with an exact total.

import Identity
import JSON
import Resources
import Storage
import Tools

extension AlertsService {
    var alertsListTool: Tool {
        var properties = AlertFilter.properties
        properties["limit"] = [
            "type": "integer", "minimum": 1, "maximum": 100, "description": "Rows, 20 when not given.",
        ]
        properties["cursor"] = [
            "type": "string", "maxLength": 200,
            "description": "The cursor of the result before, with the same filters, for the next rows.",
        ]
        return Tool(
            name: "alerts_list",
            summary: "Lists alerts with level, status, host and start time, what goes on first, worst first; "
                + "the total is exact.",
            parameters: [
                "type": "object", "properties": .object(properties), "additionalProperties": false,
            ],
            permission: .alertsView,
            run: { arguments, context in try await self.list(arguments, context) }
        )
    }

    private func list(_ arguments: JSONObject, _ context: ToolCallContext) async throws -> ToolResult {
        let filter: AlertFilter
        do throws(FilterFault) {
            filter = try AlertFilter(arguments, now: context.now)
        } catch {
            return .error(error.message)
        }
        let digest = filter.digest(arguments)
        var cursor: AlertCursor?
        if let text = arguments["cursor"]?.string, !text.isEmpty {
            guard let read = AlertCursor(text, digest: digest) else {
                return .error(
                    "`cursor` does not belong to these filters.",
                    hint: "Repeat the filters of the call that gave the cursor, or leave the cursor out."
                )
            }
            cursor = read
        }
        let rows = ToolRows.allowed(arguments["limit"]?.int, context)
        let publicURL = publicURL
        return try await database.read { [cursor] connection in
            let conditions = filter.conditions(context.caller, connection.dialect)
            let path = AlertAccess.urgency(filter.narrowing)
            let total = try AlertQueries.count(conditions, path: path, connection)
            let gaps = try ToolHints.gaps(filter, context.caller, now: context.now, connection)
            if total == 0 {
                let nothing = try ToolHints.nothing(filter, context.caller, now: context.now, connection)
                return ToolResult(
                    status: .noData,
                    data: [],
                    total: 0,
                    returned: 0,
                    hint: ToolHints.joined(nothing, gaps)
                )
            }
            // One more than wanted tells whether there is more.
            let found = try AlertQueries.page(
                conditions,
                after: cursor,
                limit: rows + 1,
                place: AlertCursor.Place(filter.statuses, filter.levels),
                path: (path, total),
                connection
            )
            let names = try AlertQueries.sourceNames(Set(found.map(\.source)), connection)
            let shown = ToolRows.fitting(
                found.prefix(rows).map { alert in
                    AlertJSON.row(
                        alert,
                        source: names[alert.source] ?? "",
                        now: context.now,
                        publicURL: publicURL
                    )
                },
                bytes: context.bytes
            )
            let isCut = shown.count < found.count
            let next = isCut && !shown.isEmpty ? AlertCursor(found[shown.count - 1]).text(digest: digest) : nil
            return ToolResult(
                data: .array(shown.map { .object($0) }),
                total: Int(total),
                returned: shown.count,
                truncated: isCut,
                cursor: next,
                link: "\(publicURL)\(AlertResource.resource.path)/",
                hint: gaps
            )
        }
    }
}

/// How many rows a call may return.
enum ToolRows {
    private static let budget = ToolBudget()

    /// The number asked for, within the tool's budget and the bot's. A context that still has the default number
    /// bounds nothing below the tool's own maximum.
    static func allowed(_ asked: Int?, _ context: ToolCallContext) -> Int {
        let most = context.rows == budget.rows ? budget.maximumRows : min(context.rows, budget.maximumRows)
        return max(1, min(asked ?? budget.rows, most))
    }

    /// As many rows from the front as fit, with room for the members around them; at least one, which the result
    /// itself cuts if it must.
    static func fitting(_ rows: [JSONObject], bytes: Int) -> [JSONObject] {
        var room = bytes - 1_500
        for (index, row) in rows.enumerated() {
            room -= JSONValue.object(row).bytes.count + 1
            if room < 0 { return Array(rows.prefix(max(index, 1))) }
        }
        return rows
    }
}
