// A conversation from Anthropic's form to OpenAI's: blocks become parts, results become messages of their own.

import JSON
import OpenAIProtocol

/// Translates `system` and `messages`.
///
/// Results of tools stand in a user's message there and directly behind the calls here; text and images beside them
/// follow as the user's. Images within a result follow likewise, since few upstreams take them in a tool's message.
struct MessagesConversation {
    /// Message objects joined by commas.
    private(set) var bytes: [UInt8] = []
    /// Whether results of tools have come since the model spoke last.
    private(set) var endsWithResults = false
    private(set) var ignored = IgnoredMembers()
    private(set) var size = MessageSize()
    /// See `ChatRequest.failedResults`.
    private(set) var failed: [String: String] = [:]
    /// The ids of other results: an id may come again.
    private var sound: Set<String> = []

    /// Calls of the last assistant message that have no result yet.
    private var open = OpenCalls()
    /// What the user has said since, which goes behind the results.
    private var waiting: [[UInt8]] = []

    /// - Throws: `OpenAIError` 400 with the path of what is wrong.
    init(system: JSONView?, messages: JSONView) throws(OpenAIError) {
        if let system { try addSystem(system) }
        var path = "messages"
        for (index, entry) in messages.elements.enumerated() {
            path = "messages.\(index)"
            guard entry.kind == .object else { throw .field(path, "An object is needed.") }
            guard let content = entry["content"] else { throw .field("\(path).content", "Field required.") }
            switch entry["role"]?.string {
            case "user": try addUser(content, path)
            case "assistant": try addAssistant(content, path)
            case "system":
                // The SDKs' newer form of instructions in mid-conversation.
                waiting.append(message("system", try texts(content, "\(path).content")))
            default: throw .field("\(path).role", "Supported are user, assistant and system.")
            }
        }
        guard path != "messages" else { throw .field("messages", "At least one message is required.") }
        try close(path)
    }

    /// - Throws: when a call has been left without a result: every upstream refuses such a conversation.
    private mutating func close(_ path: String) throws(OpenAIError) {
        guard open.isEmpty else {
            let ids = open.first(5).map { String($0.prefix(60)) }.joined(separator: ", ")
            throw .field(path, "`tool_use` ids were found without `tool_result` blocks after them: \(ids).")
        }
        for message in waiting { append(message) }
        waiting = []
    }

    private mutating func append(_ message: [UInt8]) {
        if !bytes.isEmpty { bytes.append(0x2C) }
        bytes.append(contentsOf: message)
    }

    // MARK: Who speaks

    private mutating func addSystem(_ view: JSONView) throws(OpenAIError) {
        let text = try texts(view, "system")
        if !text.isEmpty { append(message("system", text)) }
    }

    private mutating func addUser(_ content: JSONView, _ path: String) throws(OpenAIError) {
        if let text = content.escapedContent {
            size.bytes += text.count
            waiting.append(message("user", text))
            return
        }
        var parts = MessageParts()
        for (index, block) in try blocks(content, path).enumerated() {
            let place = "\(path).content.\(index)"
            if block["type"]?.stringEquals("tool_result") == true {
                try addResult(block, place, following: &parts)
            } else {
                try parts.add(block, place)
            }
        }
        take(&parts)
        if !parts.isEmpty { waiting.append(parts.message(role: "user")) }
    }

    private mutating func addResult(
        _ block: JSONView,
        _ path: String,
        following: inout MessageParts
    ) throws(OpenAIError) {
        guard let id = block["tool_use_id"]?.string else { throw .field("\(path).tool_use_id", "Field required.") }
        guard open.answer(id) else {
            throw .field("\(path).tool_use_id", "The message before has no `tool_use` of this id without a result.")
        }
        endsWithResults = true
        ignored.insert(membersOf: block, besides: Self.resultMembers)
        var result = MessageParts()
        if let content = block["content"], !content.isNull {
            if let text = content.escapedContent {
                result.add(text: text)
            } else {
                for (index, part) in try blocks(content, path).enumerated() {
                    try result.add(part, "\(path).content.\(index)")
                }
            }
        }
        take(&result)
        var text = result.text
        if block["is_error"]?.bool == true {
            let said = text.decoded.lowercased().hasPrefix("error") ? "" : "Error: "
            text = JSONText(escaping: said)
            text.append(result.text)
            if !sound.contains(id) { failed[id] = said }
        } else {
            sound.insert(id)
            failed[id] = nil
        }
        if result.hasMedia {
            if text.isEmpty { text = JSONText(escaping: "The result follows.") }
            following.add(text: JSONText(escaping: "The result of \(id):"))
            following.addMedia(of: result)
        }
        var writer = JSONWriter(capacity: text.count + 80)
        writer.beginObject()
        writer.key("role")
        writer.string("tool")
        writer.key("tool_call_id")
        writer.string(id)
        writer.key("content")
        writer.text(text)
        writer.endObject()
        append(writer.bytes)
    }

    private mutating func addAssistant(_ content: JSONView, _ path: String) throws(OpenAIError) {
        try close(path)
        endsWithResults = false
        var turn = AssistantTurn()
        if let text = content.escapedContent {
            turn.text = text
        } else {
            for (index, block) in try blocks(content, path).enumerated() {
                let place = "\(path).content.\(index)"
                ignored.insert(membersOf: block, besides: AssistantTurn.members)
                try turn.add(block, place)
            }
        }
        open = turn.open
        size.bytes += turn.bytes
        append(turn.message)
    }

    // MARK: What they say

    /// The elements of a content that is no text.
    private func blocks(_ content: JSONView, _ path: String) throws(OpenAIError) -> JSONElements {
        guard content.kind == .array else {
            throw .field("\(path).content", "A text or an array of blocks is needed, not \(content.kind.phrase).")
        }
        return content.elements
    }

    /// A text, or text blocks put together.
    private mutating func texts(_ view: JSONView, _ path: String) throws(OpenAIError) -> JSONText {
        var all = JSONText()
        if let text = view.escapedContent {
            all = text
        } else {
            guard view.kind == .array else {
                throw .field(path, "A text or an array of text blocks is needed, not \(view.kind.phrase).")
            }
            for (index, block) in view.elements.enumerated() {
                guard block["type"]?.stringEquals("text") == true, let text = block["text"]?.escapedContent else {
                    throw .field("\(path).\(index)", "A text block is needed.")
                }
                ignored.insert(membersOf: block, besides: Self.textMembers)
                if !all.isEmpty { all.append(JSONText(escaping: "\n\n")) }
                all.append(text)
            }
        }
        size.bytes += all.count
        return all
    }

    private func message(_ role: String, _ text: JSONText) -> [UInt8] {
        var writer = JSONWriter(capacity: text.count + 40)
        writer.beginObject()
        writer.key("role")
        writer.string(role)
        writer.key("content")
        writer.text(text)
        writer.endObject()
        return writer.bytes
    }

    private mutating func take(_ parts: inout MessageParts) {
        size.bytes += parts.size.bytes
        size.images += parts.size.images
        ignored.insert(parts.ignored)
        parts.ignored = IgnoredMembers()
    }

    private static let resultMembers: Set<String> = ["type", "tool_use_id", "content", "is_error"]
    private static let textMembers: Set<String> = ["type", "text"]
}
