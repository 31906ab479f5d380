// A conversation as Anthropic wants it: roles in turns, results first, nothing empty.

import JSON

/// The `messages` of a request.
struct AnthropicMessages {
    private struct Message {
        var role: String
        var content: [JSONValue]
        /// The thinking blocks that began an assistant's message, signed.
        var thoughts: [JSONValue] = []
    }

    private var messages: [Message] = []
    /// Whether thinking may be on: the calls since the user spoke last still have their thoughts.
    private(set) var hasAllThoughts = true
    private var failure: ProviderFailure?

    init(_ talk: Talk, names: ToolNames, memory: ReplayMemory, provider: String) {
        for (index, entry) in talk.entries.enumerated() {
            switch entry {
            case .user(let parts):
                hasAllThoughts = true
                add("user", blocks(parts, provider))
            case .results(let results): add("user", results.map { result($0, provider) })
            case .assistant(let parts, let calls, let prefix):
                let thoughts =
                    calls.isEmpty ? nil : memory.parts(for: ReplayMemory.key(prefix: prefix, calls: calls))
                if !calls.isEmpty, thoughts == nil { hasAllThoughts = false }
                var content = blocks(parts, provider)
                if index == talk.entries.count - 1 { content = Self.trimmed(content) }
                for call in calls {
                    content.append([
                        "type": "tool_use", "id": .string(Self.id(call.id)),
                        "name": .string(names.upstream(call.name)), "input": call.arguments,
                    ])
                }
                add("assistant", content, thoughts: thoughts ?? [])
            }
        }
        if messages.first?.role != "user" {
            messages.insert(Message(role: "user", content: [Self.text("(The conversation begins.)")]), at: 0)
        }
    }

    /// Leaves the thoughts out: a request without thinking does not take them.
    mutating func withoutThoughts() {
        for index in messages.indices { messages[index].thoughts = [] }
    }

    /// - Throws: `badRequest` for content that Claude cannot be shown.
    func json() throws(ProviderFailure) -> [JSONValue] {
        if let failure { throw failure }
        return messages.map { message in
            ["role": .string(message.role), "content": .array(message.thoughts + message.content)]
        }
    }

    private mutating func add(_ role: String, _ content: [JSONValue], thoughts: [JSONValue] = []) {
        guard !content.isEmpty else { return }
        if let last = messages.indices.last, messages[last].role == role {
            messages[last].content += content
            if messages[last].thoughts.isEmpty { messages[last].thoughts = thoughts }
        } else {
            messages.append(Message(role: role, content: content, thoughts: thoughts))
        }
    }

    private mutating func blocks(_ parts: [Talk.Part], _ provider: String) -> [JSONValue] {
        var blocks: [JSONValue] = []
        for part in parts {
            switch part {
            case .text(let text):
                // Text blocks of white space are refused.
                if !text.unicodeScalars.allSatisfy(\.properties.isWhitespace) { blocks.append(Self.text(text)) }
            case .data(let type, let base64):
                if Self.images.contains(type) {
                    let source: JSONValue = [
                        "type": "base64", "media_type": .string(type), "data": .string(base64),
                    ]
                    blocks.append(["type": "image", "source": source])
                } else if type == "application/pdf" {
                    let source: JSONValue = [
                        "type": "base64", "media_type": .string(type), "data": .string(base64),
                    ]
                    blocks.append(["type": "document", "source": source])
                } else {
                    failure =
                        failure
                        ?? Talk.refusal(
                            "Claude sees JPEG, PNG, GIF, WebP and PDF, not \(type.bounded(to: 40))",
                            place: "messages",
                            provider: provider
                        )
                }
            case .url(let url):
                let isDocument = url.lowercased().hasSuffix(".pdf")
                blocks.append([
                    "type": isDocument ? "document" : "image", "source": ["type": "url", "url": .string(url)],
                ])
            }
        }
        return blocks
    }

    private mutating func result(_ result: Talk.Result, _ provider: String) -> JSONValue {
        var block: JSONObject = ["type": "tool_result", "tool_use_id": .string(Self.id(result.id))]
        var parts = result.parts
        if let said = result.failure, case .text(let text) = parts.first, text.hasPrefix(said) {
            parts[0] = .text(String(text.dropFirst(said.count)))
        }
        let content = blocks(parts, provider)
        if parts.count == 1, case .text(let text) = parts[0], !content.isEmpty {
            block["content"] = .string(text)
        } else if !content.isEmpty {
            block["content"] = .array(content)
        }
        // An error without a word is refused.
        if content.isEmpty, let said = result.failure { block["content"] = .string(said) }
        if result.isMissing || result.failure != nil { block["is_error"] = true }
        return .object(block)
    }

    private static func text(_ text: String) -> JSONValue { ["type": "text", "text": .string(text)] }

    /// The last assistant's message, which the model goes on with, may not end with white space.
    private static func trimmed(_ content: [JSONValue]) -> [JSONValue] {
        guard let last = content.last, let text = last["text"]?.string else { return content }
        var scalars = text.unicodeScalars[...]
        while let end = scalars.last, end.properties.isWhitespace { scalars.removeLast() }
        return content.dropLast() + [Self.text(String(scalars))]
    }

    /// `^[a-zA-Z0-9_-]+$`
    private static func id(_ id: String) -> String {
        let plain = id.unicodeScalars.map { scalar -> Character in
            switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9", "_", "-": Character(scalar)
            default: "_"
            }
        }
        return plain.isEmpty ? "_" : String(plain)
    }

    private static let images: Set<String> = ["image/jpeg", "image/png", "image/gif", "image/webp"]
}
