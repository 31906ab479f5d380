// An error in Anthropic's form.

import JSON
import OpenAIProtocol

/// `{"type":"error","error":{"type","message"},"request_id"}` (`clients.md` 5.1). There is no member for a field: the
/// message names it.
struct AnthropicError {
    let type: String
    let message: String

    init(status: Int, message: String) {
        type =
            switch status {
            case 401: "authentication_error"
            case 402: "billing_error"
            case 403: "permission_error"
            case 404: "not_found_error"
            case 408, 504: "timeout_error"
            case 413: "request_too_large"
            case 429: "rate_limit_error"
            case 503, 529: "overloaded_error"
            case 500...: "api_error"
            default: "invalid_request_error"
            }
        self.message = message
    }

    init(_ error: OpenAIError) {
        var message = error.message
        if let old = error.param {
            let new = Self.renamed(old)
            message = message.replacing("'\(old)'", with: "'\(new)'").replacing("`\(old)`", with: "`\(new)`")
            if !message.contains(new) { message = "\(new): \(message)" }
        }
        self.init(status: error.status, message: message)
    }

    /// A field of chat by its name in this surface: the engine and upstreams speak of a chat request. (Places within
    /// messages are other ones there.)
    static func renamed(_ chat: String) -> String {
        if chat.hasPrefix("messages[") { return "messages" }
        for (old, new) in names where chat == old || chat.hasPrefix(old + ".") {
            return new + chat.dropFirst(old.count)
        }
        guard chat.hasPrefix("tools[") else { return chat }
        return chat.replacing("[", with: ".").replacing("]", with: "").replacing(
            ".function.parameters",
            with: ".input_schema"
        )
        .replacing(".function", with: "")
    }

    /// The longer ones first where one begins as another does.
    private static let names: [(String, String)] = [
        ("response_format.json_schema", "output_config.format"), ("response_format", "output_config.format"),
        ("max_completion_tokens", "max_tokens"), ("reasoning_effort", "output_config.effort"),
        ("stop", "stop_sequences"), ("user", "metadata.user_id"), ("tool_choice.function", "tool_choice"),
        ("parallel_tool_calls", "tool_choice.disable_parallel_tool_use"),
    ]

    func body(requestID: String) -> [UInt8] {
        var writer = JSONWriter(capacity: 160 + message.utf8.count)
        writer.beginObject()
        write(requestID, into: &writer)
        writer.endObject()
        return writer.bytes
    }

    /// The event that ends a stream which cannot be finished; nothing follows it.
    func frame(requestID: String) -> [UInt8] {
        MessageEncoder.event("error") { write(requestID, into: &$0) }
    }

    private func write(_ requestID: String, into writer: inout JSONWriter) {
        writer.type("error")
        writer.key("error")
        writer.beginObject()
        writer.type(type)
        writer.key("message")
        writer.string(message)
        writer.endObject()
        writer.key("request_id")
        writer.string(requestID)
    }
}
