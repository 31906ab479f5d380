// From the items of responses to the messages of a chat.

import JSON
import OpenAIProtocol

/// Writes messages as items come. What the assistant said and called in one go is several items and one message:
/// upstreams want all calls of a turn in one, and held rounds are found by its first call.
struct ConversationTranslation: Sendable {
    /// The assistant's turn that is being put together.
    private struct Turn: Sendable {
        var text: [UInt8] = []
        var hasText = false
        var refusal: [UInt8] = []
        var reasoning: [UInt8] = []
        var calls = JSONWriter()
        var hasCalls = false
    }

    private var writer = JSONWriter(capacity: 1024)
    private var turn: Turn?
    private var calls = OpenCalls()
    /// Images and files of results, which follow them as the user's.
    private var media = JSONWriter()
    /// Whether such are the end: whoever comes back with results has not spoken.
    private(set) var endsWithMedia = false

    /// The instructions, as a system message.
    mutating func system(_ text: JSONView) {
        writer.beginObject()
        writer.key("role")
        writer.string("system")
        writer.key("content")
        writer.raw(text.rawBytes)
        writer.endObject()
    }

    /// - Throws: `OpenAIError` 400 that names what is wrong with the item.
    mutating func take(_ item: JSONView, _ path: String) throws(OpenAIError) {
        let type = item["type"].flatMap { $0.isNull ? nil : $0 }
        guard let type else { return try message(item, path) }
        switch type.string {
        case "message": try message(item, path)
        case "function_call": try call(item, path)
        case "function_call_output": try result(item, path)
        case "reasoning": reason(item)
        default:
            throw .invalid(
                "Invalid value for '\(path).type': supported are 'message', 'function_call', 'function_call_output', "
                    + "'reasoning' and 'item_reference'.",
                param: "\(path).type",
                code: "unsupported_value"
            )
        }
    }

    /// The messages, joined by commas.
    ///
    /// - Throws: 400 when a call has no result.
    mutating func finish() throws(OpenAIError) -> [UInt8] {
        flush()
        endsWithMedia = showMedia()
        if let id = calls.first(1).first {
            throw .invalid("No tool output found for function call \(id.prefix(100)).", param: "input")
        }
        return writer.bytes
    }

    private mutating func message(_ item: JSONView, _ path: String) throws(OpenAIError) {
        guard let role = item["role"]?.string, ["user", "assistant", "system", "developer"].contains(role) else {
            throw .invalid(
                "Invalid value for '\(path).role': supported are 'user', 'assistant', 'system' and 'developer'.",
                param: "\(path).role"
            )
        }
        guard let content = item["content"], content.kind == .string || content.kind == .array else {
            throw .invalid(
                "Invalid type for '\(path).content': expected a string or an array.",
                param: "\(path).content",
                code: "invalid_type"
            )
        }
        if role == "assistant" {
            let (texts, refusals) = try ContentTranslation.said(content, "\(path).content")
            var turn = takeTurn()
            for text in texts { Self.append(text, to: &turn.text) }
            for refusal in refusals { Self.append(refusal, to: &turn.refusal) }
            turn.hasText = turn.hasText || !texts.isEmpty
            self.turn = turn
            return
        }
        let parts = try ContentTranslation.parts(content, "\(path).content")
        flush()
        showMedia()
        writer.beginObject()
        writer.key("role")
        writer.string(role)
        writer.key("content")
        writer.raw(parts)
        writer.endObject()
    }

    private mutating func call(_ item: JSONView, _ path: String) throws(OpenAIError) {
        for key in ["call_id", "name", "arguments"] where item[key]?.kind != .string {
            throw .invalid("Missing required parameter: '\(path).\(key)'.", param: "\(path).\(key)")
        }
        guard let id = item["call_id"]?.string, !id.isEmpty, calls.add(id) else {
            throw .invalid("Invalid '\(path).call_id': it is empty or there twice.", param: "\(path).call_id")
        }
        var turn = takeTurn()
        turn.hasCalls = true
        turn.calls.beginObject()
        turn.calls.key("id")
        turn.calls.string(id)
        turn.calls.key("type")
        turn.calls.string("function")
        turn.calls.key("function")
        turn.calls.beginObject()
        for key in ["name", "arguments"] {
            turn.calls.key(key)
            turn.calls.raw(item[key]?.rawBytes ?? [])
        }
        turn.calls.endObject()
        turn.calls.endObject()
        self.turn = turn
    }

    private mutating func result(_ item: JSONView, _ path: String) throws(OpenAIError) {
        guard let id = item["call_id"]?.string else {
            throw .invalid("Missing required parameter: '\(path).call_id'.", param: "\(path).call_id")
        }
        guard calls.answer(id) else {
            throw .invalid(
                "No tool call found for function call output with call_id \(id.prefix(100)).",
                param: "\(path).call_id"
            )
        }
        guard let output = item["output"], output.kind == .string || output.kind == .array else {
            throw .invalid(
                "Invalid type for '\(path).output': expected a string or an array.",
                param: "\(path).output",
                code: "invalid_type"
            )
        }
        let content = try ContentTranslation.result(output, "\(path).output")
        if !content.media.isEmpty {
            ContentTranslation.write(text: JSONText(escaping: "The result of \(id):"), into: &media)
            media.members(content.media)
        }
        flush()
        writer.beginObject()
        writer.key("role")
        writer.string("tool")
        writer.key("tool_call_id")
        writer.string(id)
        writer.key("content")
        writer.raw(content.text)
        writer.endObject()
    }

    /// Writes the images and files of the results before.
    ///
    /// - Returns: whether there are any.
    @discardableResult
    private mutating func showMedia() -> Bool {
        guard !media.bytes.isEmpty else { return false }
        writer.beginObject()
        writer.key("role")
        writer.string("user")
        writer.key("content")
        writer.beginArray()
        writer.members(media.bytes)
        writer.endArray()
        writer.endObject()
        media = JSONWriter()
        return true
    }

    /// What the assistant thought goes back with its calls: some upstreams want it there (`clients.md` 5.5).
    private mutating func reason(_ item: JSONView) {
        var turn = takeTurn()
        for list in [item["summary"], item["content"]] {
            guard let list, list.kind == .array else { continue }
            for part in list.elements {
                if let text = part["text"]?.escapedContent { turn.reasoning.append(contentsOf: text.bytes) }
            }
        }
        self.turn = turn
    }

    /// The assistant's turn, to go on with. It is taken out: a copy of all its calls for each more would be quadratic.
    private mutating func takeTurn() -> Turn {
        showMedia()
        return turn.take() ?? Turn()
    }

    /// Writes the assistant's turn, if there is one that said or called anything.
    private mutating func flush() {
        guard let turn = turn.take() else { return }
        guard turn.hasText || turn.hasCalls || !turn.refusal.isEmpty else { return }
        writer.beginObject()
        writer.key("role")
        writer.string("assistant")
        writer.key("content")
        if turn.hasText { writer.raw([0x22] + turn.text + [0x22]) } else { writer.null() }
        if !turn.refusal.isEmpty {
            writer.key("refusal")
            writer.raw([0x22] + turn.refusal + [0x22])
        }
        if turn.hasCalls {
            if !turn.reasoning.isEmpty {
                writer.key("reasoning_content")
                writer.raw([0x22] + turn.reasoning + [0x22])
            }
            writer.key("tool_calls")
            writer.beginArray()
            writer.members(turn.calls.bytes)
            writer.endArray()
        }
        writer.endObject()
    }

    /// Adds an escaped text as a paragraph of its own.
    private static func append(_ text: JSONText, to target: inout [UInt8]) {
        if !target.isEmpty, !text.isEmpty { target.append(contentsOf: "\\n\\n".utf8) }
        target.append(contentsOf: text.bytes)
    }
}
