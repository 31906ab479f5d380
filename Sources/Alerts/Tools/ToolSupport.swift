// What the tools of this room share: refusals in a model's words, sentences about alerts for people.

import Identity
import JSON
import Resources
import Storage
import Tools

enum ToolSupport {
    /// Rows that a write tool takes at once.
    static let maximumIDs = 20

    /// The schema of an argument that names rows.
    static func ids(_ description: String) -> JSONValue {
        [
            "type": "array", "items": ["type": "integer", "minimum": 1], "maxItems": .integer(maximumIDs),
            "description": .string(description),
        ]
    }

    static func text(_ description: String, limit: Int = 500) -> JSONValue {
        ["type": "string", "maxLength": .integer(limit), "description": .string(description)]
    }

    /// A schema of type object, closed.
    static func schema(_ properties: JSONObject, required: [String] = []) -> JSONValue {
        [
            "type": "object", "properties": .object(properties),
            "required": .array(required.map { .string($0) }), "additionalProperties": false,
        ]
    }

    /// What the model can mend, with every member named.
    static func refusal(_ error: ResourceError) -> ToolResult {
        var message = error.message
        if error.errors.count > 1 || error.status == 409 {
            message += ": " + error.errors.prefix(10).map { "\($0.field) \($0.message)" }.joined(separator: "; ")
        }
        let hint = error.status == 403 ? "The person you speak with has no such right; nothing was changed." : nil
        return .error(message.harmless(limit: 1_000), hint: hint)
    }

    /// `alert 17 "DiskFull" on db-1` for each; only what the caller may know of is named.
    static func names(
        _ ids: [Int64],
        _ caller: Caller,
        _ database: any Database
    ) async -> [String] {
        let shown = Array(ids.prefix(maximumIDs))
        let scope = caller.teamCondition(column: "alert.team") ?? "1 = 1"
        let rows = try? await database.read { connection in
            try connection.query(
                fragment: """
                    SELECT id, title, host, status, operators FROM alert
                    WHERE id IN (\(list: shown.map { .integer($0) })) AND \(scope)
                    """
            )
        }
        var names: [Int64: String] = [:]
        for row in rows ?? [] {
            guard let id = try? row.int("id"), let title = try? row.text("title"), let host = try? row.text("host")
            else { continue }
            names[id] =
                "\(id) \"\(title.harmless(limit: 120))\"" + (host.isEmpty ? "" : " on \(host.harmless(limit: 80))")
        }
        return shown.map { names[$0] ?? "\($0) (not found)" }
    }

    /// `Acknowledge alert 17 "DiskFull" on db-1.`; of several: `Acknowledge 2 alerts: 17 …; 18 ….`
    static func sentence(_ verb: String, _ names: [String], tail: String = "") -> String {
        let things =
            names.count == 1 ? "alert \(names[0])" : "\(names.count) alerts: \(names.joined(separator: "; "))"
        return "\(verb) \(things)\(tail)."
    }

    static func ids(_ arguments: JSONObject, _ name: String = "ids") -> [Int64] {
        (arguments[name]?.array ?? []).compactMap { $0.int.map { Int64($0) } }
    }
}
