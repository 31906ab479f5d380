// The response object: what it says of itself, as all its events and the whole answer carry it.

import JSON
import OpenAIProtocol

/// Writes response objects of one request.
struct ResponseDocument: Sendable {
    enum Status: String, Sendable {
        case inProgress = "in_progress"
        case completed
        case incomplete
        case failed
    }

    let id: String
    /// Seconds since 1970.
    let createdAt: Int64
    /// The model as the client named it.
    let model: String
    /// What the client asked for, as members to paste.
    let echo: [UInt8]

    /// How the answer stands.
    struct State: Sendable {
        var status = Status.inProgress
        var output: [OutputItem] = []
        var usage: Usage?
        var error: OpenAIError?
        /// `max_output_tokens` or `content_filter`.
        var incompleteReason: String?
        var completedAt: Int64?
        /// Whether it can be gone on from.
        var isStored: Bool
    }

    func write(_ state: State, into writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("id")
        writer.string(id)
        writer.key("object")
        writer.string("response")
        writer.key("created_at")
        writer.int(createdAt)
        writer.key("status")
        writer.string(state.status.rawValue)
        writer.key("background")
        writer.bool(false)
        writer.key("completed_at")
        if let time = state.completedAt { writer.int(time) } else { writer.null() }
        writer.key("error")
        if let error = state.error { Self.write(error, into: &writer) } else { writer.null() }
        writer.key("incomplete_details")
        if let reason = state.incompleteReason {
            writer.beginObject()
            writer.key("reason")
            writer.string(reason)
            writer.endObject()
        } else {
            writer.null()
        }
        writer.key("model")
        writer.string(model)
        writer.key("output")
        writer.beginArray()
        for item in state.output { item.write(into: &writer) }
        writer.endArray()
        writer.key("store")
        writer.bool(state.isStored)
        writer.key("usage")
        if let usage = state.usage { Self.write(usage, into: &writer) } else { writer.null() }
        writer.members(echo)
        writer.endObject()
    }

    func bytes(_ state: State) -> [UInt8] {
        var writer = JSONWriter(capacity: 1024 + echo.count)
        write(state, into: &writer)
        return writer.bytes
    }

    /// The object's `error` has a closed set of codes (openai-python `ResponseError`).
    private static func write(_ error: OpenAIError, into writer: inout JSONWriter) {
        let code =
            switch error.status {
            case 429: "rate_limit_exceeded"
            case 400..<500: "invalid_prompt"
            default: "server_error"
            }
        writer.beginObject()
        writer.key("code")
        writer.string(code)
        writer.key("message")
        writer.string(error.message)
        writer.endObject()
    }

    private static func write(_ usage: Usage, into writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("input_tokens")
        writer.int(usage.promptTokens)
        writer.key("input_tokens_details")
        writer.beginObject()
        writer.key("cached_tokens")
        writer.int(usage.cachedTokens)
        writer.key("cache_write_tokens")
        writer.int(usage.cacheWriteTokens)
        writer.endObject()
        writer.key("output_tokens")
        writer.int(usage.completionTokens)
        writer.key("output_tokens_details")
        writer.beginObject()
        writer.key("reasoning_tokens")
        writer.int(usage.reasoningTokens)
        writer.endObject()
        writer.key("total_tokens")
        writer.int(usage.totalTokens)
        writer.endObject()
    }
}
