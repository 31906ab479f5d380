// One item of a response's output, and how it is written.

import JSON

/// A piece of thinking, a message, or a call for the client.
struct OutputItem: Sendable, Hashable {
    enum Kind: String, Sendable {
        case reasoning
        case message
        case functionCall = "function_call"

        /// What ids of its kind begin with.
        var prefix: String {
            switch self {
            case .reasoning: "rs_"
            case .message: "msg_"
            case .functionCall: "fc_"
            }
        }
    }

    enum Status: String, Sendable {
        case inProgress = "in_progress"
        case completed
        case incomplete
    }

    /// A piece of a message's content or of a summary.
    struct Part: Sendable, Hashable {
        enum Kind: String, Sendable {
            case text = "output_text"
            case refusal
            case summary = "summary_text"
        }

        let kind: Kind
        var text = JSONText()

        func write(into writer: inout JSONWriter) {
            writer.beginObject()
            writer.key("type")
            writer.string(kind.rawValue)
            if kind == .text {
                writer.key("annotations")
                writer.beginArray()
                writer.endArray()
                writer.key("logprobs")
                writer.beginArray()
                writer.endArray()
            }
            writer.key(kind == .refusal ? "refusal" : "text")
            writer.text(text)
            writer.endObject()
        }
    }

    let kind: Kind
    let id: String
    var status = Status.inProgress
    /// Of a message or a piece of thinking.
    var parts: [Part] = []
    /// Of a call.
    var callID = ""
    var name = ""
    var arguments = JSONText()

    /// The item as it was when it began: known by its id, without content.
    var opening: OutputItem {
        var item = self
        item.status = .inProgress
        item.parts = []
        item.arguments = JSONText()
        return item
    }

    func write(into writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("id")
        writer.string(id)
        writer.key("type")
        writer.string(kind.rawValue)
        switch kind {
        case .reasoning:
            writer.key("summary")
            write(parts, into: &writer)
        case .message:
            writer.key("status")
            writer.string(status.rawValue)
            writer.key("role")
            writer.string("assistant")
            writer.key("content")
            write(parts, into: &writer)
        case .functionCall:
            writer.key("status")
            writer.string(status.rawValue)
            writer.key("call_id")
            writer.string(callID)
            writer.key("name")
            writer.string(name)
            writer.key("arguments")
            writer.text(arguments)
        }
        writer.endObject()
    }

    private func write(_ parts: [Part], into writer: inout JSONWriter) {
        writer.beginArray()
        for part in parts { part.write(into: &writer) }
        writer.endArray()
    }
}
