// The members of usage rows and sums on the wire.

import JSON
import Resources
import Storage

enum UsageForm {
    static let rowColumns = [
        "id", "started_at", "request_id", "trace_id", "user_id", "user", "team", "credential", "secret", "surface",
        "bot",
        "requested_model", "route", "provider", "model", "rounds", "attempts", "tools", "prompt_tokens",
        "completion_tokens", "cached_tokens", "cache_write_tokens", "reasoning_tokens", "is_estimated", "cost",
        "cost_micros", "currency", "is_cost_known", "first_token_ms", "duration_ms", "is_stream", "outcome",
        "error_type",
    ]

    static let sumColumns = [
        "requests", "errors", "prompt_tokens", "completion_tokens", "cached_tokens", "cache_write_tokens",
        "reasoning_tokens", "total_tokens", "estimated_requests", "cost", "cost_micros", "currency",
        "unpriced_requests",
    ]

    static func row(_ row: SQLRow) throws -> JSONObject {
        let kind = try row.text("credential_kind")
        let micros = try row.int("cost_micros")
        let tools = try row.text("tools")
        var object: JSONObject = [
            "id": .integer(try row.int("id")),
            "started_at": .string(Timestamp(milliseconds: try row.int("started_at")).text),
            "user_id": .integer(try row.int("user_id")), "user": .string(try row.text("username")),
            "team": .integer(try row.int("team")), "credential": .string(kind),
            "secret": kind == "api_secret" ? try integer(row, "credential_id") : .null,
            "bot": try text(row, "bot_id"),
            "tools": .array(tools.split(separator: ",").map { .string(String($0)) }),
            "cost": .string(money(micros)), "cost_micros": .integer(micros),
            "first_token_ms": try integer(row, "first_token_ms"),
        ]
        for name in [
            "request_id", "trace_id", "surface", "requested_model", "route", "provider", "model", "currency", "outcome",
            "error_type",
        ] { object[name] = try text(row, name) }
        for name in [
            "rounds", "attempts", "prompt_tokens", "completion_tokens", "cached_tokens", "cache_write_tokens",
            "reasoning_tokens", "duration_ms",
        ] { object[name] = try integer(row, name) }
        for name in ["is_estimated", "is_cost_known", "is_stream"] { object[name] = .bool(try row.int(name) != 0) }
        return object
    }

    static func sums(_ row: SQLRow, _ groups: [UsageGroup]) throws -> JSONObject {
        var object: JSONObject = [:]
        for group in groups { object[group.rawValue] = try group.value(row) }
        for name in sumColumns where !["total_tokens", "cost", "currency"].contains(name) {
            object[name] = .integer(try row.int(name))
        }
        object["total_tokens"] = .integer(try row.int("prompt_tokens") + row.int("completion_tokens"))
        object["cost"] = .string(money(try row.int("cost_micros")))
        object["currency"] = .string(try row.text("currency"))
        return object
    }

    /// Millionths as a decimal with six places.
    static func money(_ micros: Int64) -> String {
        let fraction = String(micros.magnitude % 1_000_000)
        let padding = String(repeating: "0", count: 6 - fraction.utf8.count)
        return "\(micros < 0 ? "-" : "")\(micros.magnitude / 1_000_000).\(padding)\(fraction)"
    }

    private static func text(_ row: SQLRow, _ name: String) throws -> JSONValue {
        try row.optionalText(name).map(JSONValue.string) ?? .null
    }

    private static func integer(_ row: SQLRow, _ name: String) throws -> JSONValue {
        try row.optionalInt(name).map(JSONValue.integer) ?? .null
    }
}
