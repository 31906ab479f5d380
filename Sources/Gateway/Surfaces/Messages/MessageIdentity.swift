// What is the same in a streamed and a whole message: its head, its tokens, its stop.

import JSON
import OpenAIProtocol

/// Id and model of one message.
struct MessageIdentity: Sendable {
    /// `msg_` and 24 letters or digits.
    let id: String
    /// The model as the client named it.
    let model: String

    init(id: String = AnswerIdentity.makeID(prefix: "msg_"), model: String) {
        self.id = id
        self.model = model
    }

    /// Writes the members of a `message` up to its content.
    func write(into writer: inout JSONWriter) {
        writer.key("id")
        writer.string(id)
        writer.key("type")
        writer.string("message")
        writer.key("role")
        writer.string("assistant")
        writer.key("model")
        writer.string(model)
    }
}

extension MessageStop {
    /// Writes `stop_reason` and `stop_sequence`; nil: not known yet.
    static func write(_ stop: MessageStop?, into writer: inout JSONWriter) {
        writer.key("stop_reason")
        if let stop { writer.string(stop.reason) } else { writer.null() }
        writer.key("stop_sequence")
        if let text = stop?.sequence { writer.string(text) } else { writer.null() }
    }
}

extension Usage {
    /// Writes the object in Anthropic's form: `input_tokens` leaves out what was read from or written into a cache
    /// (`clients.md` 5.1).
    func writeAnthropic(into writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("input_tokens")
        writer.int(max(0, promptTokens - cachedTokens - cacheWriteTokens))
        writer.key("cache_creation_input_tokens")
        writer.int(cacheWriteTokens)
        writer.key("cache_read_input_tokens")
        writer.int(cachedTokens)
        writer.key("output_tokens")
        writer.int(completionTokens)
        if reasoningTokens > 0 {
            writer.key("output_tokens_details")
            writer.beginObject()
            writer.key("thinking_tokens")
            writer.int(reasoningTokens)
            writer.endObject()
        }
        writer.endObject()
    }
}
