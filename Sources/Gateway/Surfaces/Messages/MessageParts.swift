// The blocks of one message: texts, images and documents as parts of OpenAI's form; a turn of the assistant.

import JSON
import OpenAIProtocol

/// Content parts in the making.
struct MessageParts {
    private struct Part {
        var text: JSONText?
        /// The part's JSON, where it is no text.
        var json: [UInt8] = []
    }

    private var parts: [Part] = []
    private(set) var size = MessageSize()
    var ignored = IgnoredMembers()

    var isEmpty: Bool { parts.isEmpty }
    var hasMedia: Bool { parts.contains { $0.text == nil } }

    /// All texts, a line each.
    var text: JSONText {
        var all = JSONText()
        for text in parts.compactMap(\.text) {
            if !all.isEmpty { all.append(JSONText(escaping: "\n")) }
            all.append(text)
        }
        return all
    }

    mutating func add(text: JSONText) {
        size.bytes += text.count
        parts.append(Part(text: text))
    }

    /// The images and documents of another; they have been counted there.
    mutating func addMedia(of other: MessageParts) {
        parts += other.parts.filter { $0.text == nil }
    }

    /// - Throws: `OpenAIError` 400 for a block that has no form elsewhere.
    mutating func add(_ block: JSONView, _ path: String) throws(OpenAIError) {
        guard block.kind == .object else { throw .field(path, "An object is needed.") }
        guard let type = block["type"]?.string else { throw .field("\(path).type", "Field required.") }
        switch type {
        case "text":
            guard let text = block["text"]?.escapedContent else { throw .field("\(path).text", "A text is needed.") }
            ignored.insert(membersOf: block, besides: ["type", "text"])
            add(text: text)
        case "image":
            ignored.insert(membersOf: block, besides: ["type", "source"])
            try addImage(block["source"], "\(path).source")
        case "document":
            ignored.insert(membersOf: block, besides: ["type", "source", "title", "context"])
            try addDocument(block, path)
        case "search_result":
            ignored.insert(membersOf: block, besides: ["type", "content", "title", "source"])
            for name in ["title", "source"] {
                if let text = block[name]?.escapedContent { add(text: text) }
            }
            for (index, part) in (block["content"]?.elements.map { $0 } ?? []).enumerated() {
                try add(part, "\(path).content.\(index)")
            }
        default: throw .field("\(path).type", "Blocks of the type \(type.prefix(60)) are not supported here.")
        }
    }

    private mutating func addImage(_ source: JSONView?, _ path: String) throws(OpenAIError) {
        var url: JSONText
        switch source?["type"]?.string {
        case "base64":
            guard let type = source?["media_type"]?.string, Self.images.contains(type) else {
                throw .field("\(path).media_type", "Supported are image/jpeg, image/png, image/gif and image/webp.")
            }
            guard let data = source?["data"]?.escapedContent, !data.isEmpty else {
                throw .field("\(path).data", "A text in base64 is needed.")
            }
            url = JSONText(escaping: "data:\(type);base64,")
            url.append(data)
        case "url":
            guard let text = source?["url"]?.string, text.hasPrefix("https://") || text.hasPrefix("http://") else {
                throw .field("\(path).url", "An address that begins with https:// is needed.")
            }
            url = JSONText(escaping: text)
        default: throw .field("\(path).type", "Supported are base64 and url.")
        }
        size.images += 1
        var writer = JSONWriter(capacity: url.count + 60)
        writer.beginObject()
        writer.key("type")
        writer.string("image_url")
        writer.key("image_url")
        writer.beginObject()
        writer.key("url")
        writer.text(url)
        writer.endObject()
        writer.endObject()
        parts.append(Part(json: writer.bytes))
    }

    private mutating func addDocument(_ block: JSONView, _ path: String) throws(OpenAIError) {
        let source = block["source"]
        let title = block["title"]?.escapedContent
        let context = block["context"]?.escapedContent
        switch source?["type"]?.string {
        case "base64":
            guard source?["media_type"]?.stringEquals("application/pdf") == true,
                let data = source?["data"]?.escapedContent, !data.isEmpty
            else { throw .field("\(path).source", "application/pdf in base64 is needed.") }
            if let context { add(text: context) }
            size.bytes += TokenEstimate.textBytes(ofDocument: data.count)
            var file = JSONText(escaping: "data:application/pdf;base64,")
            file.append(data)
            var writer = JSONWriter(capacity: file.count + 80)
            writer.beginObject()
            writer.key("type")
            writer.string("file")
            writer.key("file")
            writer.beginObject()
            writer.key("filename")
            writer.text(title ?? JSONText(escaping: "document.pdf"))
            writer.key("file_data")
            writer.text(file)
            writer.endObject()
            writer.endObject()
            parts.append(Part(json: writer.bytes))
        case "text":
            guard let data = source?["data"]?.escapedContent else {
                throw .field("\(path).source.data", "A text is needed.")
            }
            for text in [title, context, data] { if let text { add(text: text) } }
        case "content":
            for text in [title, context] { if let text { add(text: text) } }
            if let text = source?["content"]?.escapedContent {
                add(text: text)
            } else {
                for (index, part) in (source?["content"]?.elements.map { $0 } ?? []).enumerated() {
                    try add(part, "\(path).source.content.\(index)")
                }
            }
        default: throw .field("\(path).source.type", "Supported are base64, text and content.")
        }
    }

    /// A message of these parts; a single text is written as one.
    func message(role: String) -> [UInt8] {
        var writer = JSONWriter(capacity: parts.reduce(60) { $0 + $1.json.count + ($1.text?.count ?? 0) + 30 })
        writer.beginObject()
        writer.key("role")
        writer.string(role)
        writer.key("content")
        if parts.count == 1, let text = parts[0].text {
            writer.text(text)
        } else {
            writer.beginArray()
            for part in parts {
                guard let text = part.text else {
                    writer.raw(part.json)
                    continue
                }
                writer.beginObject()
                writer.key("type")
                writer.string("text")
                writer.key("text")
                writer.text(text)
                writer.endObject()
            }
            writer.endArray()
        }
        writer.endObject()
        return writer.bytes
    }

    private static let images: Set<String> = ["image/jpeg", "image/png", "image/gif", "image/webp"]
}

/// What the assistant said in one message.
struct AssistantTurn {
    var text = JSONText()
    private(set) var open = OpenCalls()
    private var thoughts = JSONText()
    private var calls: [ToolCall] = []

    static let members: Set<String> = [
        "type", "text", "id", "name", "input", "thinking", "signature", "data", "citations", "caller",
    ]

    var bytes: Int { text.count + calls.reduce(0) { $0 + $1.arguments.count + $1.name.utf8.count } }

    mutating func add(_ block: JSONView, _ path: String) throws(OpenAIError) {
        guard block.kind == .object else { throw .field(path, "An object is needed.") }
        guard let type = block["type"]?.string else { throw .field("\(path).type", "Field required.") }
        switch type {
        case "text":
            guard let text = block["text"]?.escapedContent else { throw .field("\(path).text", "A text is needed.") }
            self.text.append(text)
        case "thinking":
            guard let text = block["thinking"]?.escapedContent else {
                throw .field("\(path).thinking", "A text is needed.")
            }
            thoughts.append(text)
        // Nobody but its author can read it.
        case "redacted_thinking": return
        case "tool_use":
            guard let id = block["id"]?.string, !id.isEmpty else { throw .field("\(path).id", "Field required.") }
            guard open.add(id) else { throw .field("\(path).id", "`tool_use` ids must be unique.") }
            guard let name = block["name"]?.string, !name.isEmpty else {
                throw .field("\(path).name", "Field required.")
            }
            guard let input = block["input"], input.kind == .object else {
                throw .field("\(path).input", "An object is needed.")
            }
            let arguments = JSONText(escaping: String(decoding: input.rawBytes, as: UTF8.self))
            calls.append(ToolCall(id: id, name: name, arguments: arguments))
        default: throw .field("\(path).type", "Blocks of the type \(type.prefix(60)) are not supported here.")
        }
    }

    /// Thoughts go back with calls only: some models want them there, and none elsewhere (`clients.md` 5.5).
    var message: [UInt8] {
        var writer = JSONWriter(capacity: 100 + bytes)
        writer.beginObject()
        writer.key("role")
        writer.string("assistant")
        writer.key("content")
        if text.isEmpty, !calls.isEmpty { writer.null() } else { writer.text(text) }
        if !calls.isEmpty {
            if !thoughts.isEmpty {
                writer.key("reasoning_content")
                writer.text(thoughts)
            }
            writer.key("tool_calls")
            writer.beginArray()
            for call in calls { call.write(into: &writer) }
            writer.endArray()
        }
        writer.endObject()
        return writer.bytes
    }
}
