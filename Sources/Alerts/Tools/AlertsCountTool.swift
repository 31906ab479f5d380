// The tool alerts_count: how many alerts there are, in groups if wanted.

import Identity
import JSON
import Resources
import Storage
import Tools

extension AlertsService {
    /// Groups shown; the rest is summed up as "other" (`ops.md` section 1.3).
    private static let maximumGroups = 50

    var alertsCountTool: Tool {
        var properties = AlertFilter.properties
        properties["group_by"] = [
            "type": "string", "maxLength": 210,
            "description": "level, status, handling, source, host, or label:NAME, e.g. label:region.",
        ]
        return Tool(
            name: "alerts_count",
            summary: "Counts alerts exactly, in all or grouped by level, status, handling, source, host or a label.",
            parameters: [
                "type": "object", "properties": .object(properties), "additionalProperties": false,
            ],
            permission: .alertsView,
            run: { arguments, context in try await self.count(arguments, context) }
        )
    }

    private func count(_ arguments: JSONObject, _ context: ToolCallContext) async throws -> ToolResult {
        let filter: AlertFilter
        let group: Grouping?
        do throws(FilterFault) {
            filter = try AlertFilter(arguments, now: context.now)
            group = try Grouping(arguments["group_by"]?.string)
        } catch {
            return .error(error.message)
        }
        let link = "\(publicURL)\(AlertResource.resource.path)/"
        return try await database.read { connection in
            let conditions = filter.conditions(context.caller, connection.dialect)
            let path = AlertAccess.urgency(filter.narrowing)
            let total = try AlertQueries.count(conditions, path: path, connection)
            let gaps = try ToolHints.gaps(filter, context.caller, now: context.now, connection)
            if total == 0 {
                let nothing = try ToolHints.nothing(filter, context.caller, now: context.now, connection)
                return ToolResult(
                    status: .noData,
                    data: ["count": 0],
                    total: 0,
                    hint: ToolHints.joined(nothing, gaps)
                )
            }
            var data: JSONObject = ["count": .integer(total)]
            var isCut = false
            if let group {
                let found = try group.counts(
                    conditions,
                    total: total,
                    limit: Self.maximumGroups,
                    connection
                )
                data["group_by"] = .string(group.name)
                data["groups"] = .array(
                    found.map { ["key": .string($0.key.harmless(limit: 200)), "count": .integer($0.count)] }
                )
                let rest = total - found.reduce(0) { $0 + $1.count }
                isCut = rest > 0
                if isCut { data["other"] = .integer(rest) }
            }
            return ToolResult(
                data: .object(data),
                total: Int(total),
                truncated: isCut,
                link: link,
                hint: ToolHints.joined(
                    isCut ? "Only the \(Self.maximumGroups) largest groups are shown; other is the rest." : nil,
                    gaps
                )
            )
        }
    }
}

/// By what `alerts_count` groups.
private enum Grouping: Sendable {
    case level
    case status
    case handling
    case source
    case host
    case label(String)

    init?(_ text: String?) throws(FilterFault) {
        guard let text, !text.isEmpty else { return nil }
        switch text {
        case "level": self = .level
        case "status": self = .status
        case "handling": self = .handling
        case "source", "source_id": self = .source
        case "host": self = .host
        default:
            guard text.hasPrefix("label:"), text.count > 6 else {
                throw FilterFault("`group_by` must be level, status, handling, source, host or label:NAME.")
            }
            self = .label(String(text.dropFirst(6)).storable)
        }
    }

    var name: String {
        switch self {
        case .level: "level"
        case .status: "status"
        case .handling: "handling"
        case .source: "source"
        case .host: "host"
        case .label(let name): "label:\(name.harmless(limit: 200))"
        }
    }

    func counts(
        _ conditions: SQLFragment,
        total: Int64,
        limit: Int,
        _ connection: any SQLConnection
    ) throws -> [(key: String, count: Int64)] {
        switch self {
        case .level: try AlertQueries.groups(by: "alert.level", conditions, limit: limit, connection)
        case .status: try AlertQueries.groups(by: "alert.status", conditions, limit: limit, connection)
        case .handling:
            try AlertQueries.groups(
                by: """
                    CASE WHEN alert.status = 'acknowledged' THEN 'processing' WHEN alert.status <> 'firing' THEN alert.status
                    WHEN alert.operators = '[]' THEN 'unassigned' ELSE 'pending' END
                    """,
                conditions,
                limit: limit,
                connection
            )
        case .host: try AlertQueries.groups(by: "alert.host", conditions, limit: limit, connection)
        case .source:
            try AlertQueries.groups(
                by: "src.source_id",
                joining: "JOIN alert_source src ON src.id = alert.source",
                conditions,
                limit: limit,
                connection
            )
        case .label(let name):
            try AlertQueries.groups(byLabel: name, conditions, total: total, limit: limit, connection)
        }
    }
}
