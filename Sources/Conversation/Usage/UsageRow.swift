// One turn in the books: who, with what, how much, how it ended. No content.

package import OpenAIProtocol
import Storage

/// A row of the table `usage_record`. Times in milliseconds, `startedAt` since the epoch, UTC.
package struct UsageRow: Sendable {
    package var requestID: String
    package var startedAt: Int64
    package var userID: Int64
    package var username: String
    package var team: Int64
    /// `api_secret`, `token`, …
    package var credentialKind: String
    package var credentialID: Int64?
    /// The way the request came.
    package var surface: String
    package var requestedModel: String
    package var botID: String?
    package var provider: String?
    package var model: String?
    package var rounds: Int
    /// Tools that ran, in order.
    package var tools: [String]
    package var usage: Usage
    package var firstTokenMilliseconds: Int64?
    package var durationMilliseconds: Int64
    package var isStream: Bool
    /// `finished`, `client_gone`, `shut_down`, an error's code, …
    package var outcome: String
    /// The model route, or `provider/model` where the caller named that.
    package var route = ""
    /// Targets that were asked, over all rounds.
    package var attempts = 0
    /// The part of the cost whose price is known, in millionths of the currency unit.
    package var costMicros: Int64 = 0
    /// ISO 4217.
    package var currency = "USD"
    /// Whether `costMicros` is all of it; false when a model has no price.
    package var isCostKnown = false
    /// nil when the turn finished.
    package var errorType: ErrorType?
    package var traceID = ""
    /// What each target had of it, where several had.
    package var shares: [UsageShare] = []
}

extension UsageRow {
    /// The columns of the table that a row fills.
    static let columns = [
        "request_id", "started_at", "user_id", "username", "team", "credential_kind", "credential_id", "surface",
        "requested_model", "bot_id", "provider", "model", "rounds", "tools", "prompt_tokens", "completion_tokens",
        "cached_tokens", "reasoning_tokens", "is_estimated", "first_token_ms", "duration_ms", "is_stream", "outcome",
        "route", "attempts", "cost_micros", "currency", "is_cost_known", "error_type", "trace_id", "cache_write_tokens",
    ]

    /// Appends a value for each of them.
    func append(to values: inout [SQLValue]) {
        values += [
            .text(requestID), .integer(startedAt), .integer(userID), .text(username), .integer(team),
            .text(credentialKind), .optional(credentialID), .text(surface), .text(requestedModel),
            .optional(botID), .optional(provider), .optional(model), .integer(Int64(rounds)),
            .text(tools.joined(separator: ",")), .integer(Int64(usage.promptTokens)),
            .integer(Int64(usage.completionTokens)), .integer(Int64(usage.cachedTokens)),
            .integer(Int64(usage.reasoningTokens)), .integer(usage.isEstimated ? 1 : 0),
            .optional(firstTokenMilliseconds), .integer(durationMilliseconds),
            .integer(isStream ? 1 : 0), .text(outcome), .text(route), .integer(Int64(attempts)), .integer(costMicros),
            .text(currency), .integer(isCostKnown ? 1 : 0), .optional(errorType?.rawValue), .text(traceID),
            .integer(Int64(usage.cacheWriteTokens)),
        ]
    }
}
