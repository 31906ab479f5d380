// The conversation as the offline model sees it: who said what, which calls were made, what they gave.

import JSON

/// One message, reduced to what matters here.
enum OfflineMessage: Sendable {
    case system
    case user(text: String, hasImages: Bool)
    case assistant(text: String, calls: [MadeCall])
    case tool(callID: String, content: String)
}

/// A tool call that an assistant message carries.
struct MadeCall: Sendable, Hashable {
    let id: String
    let name: String
    let arguments: JSONObject
}

/// The messages of a call, read once.
struct OfflineConversation: Sendable {
    let messages: [OfflineMessage]

    /// - Parameter messages: JSON texts, each one message object or several joined by commas (`ModelCall.messages`).
    /// - Throws: `JSONError` when they are no JSON; unknown roles and members are passed over.
    init(_ messages: [[UInt8]]) throws(JSONError) {
        var read: [OfflineMessage] = []
        for text in messages {
            let document = try JSONDocument(parsing: [0x5B] + text + [0x5D])
            for view in document.root.elements {
                if let message = Self.message(view) { read.append(message) }
            }
        }
        self.messages = read
    }

    /// Texts of the user messages, oldest first.
    var questions: [String] {
        messages.compactMap { if case .user(let text, _) = $0 { text } else { nil } }
    }

    private var lastUser: Int? {
        messages.lastIndex { if case .user = $0 { true } else { false } }
    }

    /// Whether the last user message brought images, which the offline model cannot see.
    var hasImages: Bool {
        guard let lastUser, case .user(_, let hasImages) = messages[lastUser] else { return false }
        return hasImages
    }

    /// The newest text of an assistant; nil when none has answered yet.
    var lastAnswer: String? {
        for message in messages.reversed() {
            if case .assistant(let text, _) = message, !text.isEmpty { return text }
        }
        return nil
    }

    /// What the calls made for the last user message gave, in the order of the calls.
    var outcomes: [ToolOutcome] {
        var calls: [MadeCall] = []
        var contents: [String: String] = [:]
        for message in messages[((lastUser ?? -1) + 1)...] {
            switch message {
            case .assistant(_, let made): calls += made
            case .tool(let id, let content): contents[id] = content
            case .user, .system: break
            }
        }
        return calls.map { ToolOutcome(call: $0, content: contents[$0.id]) }
    }

    // MARK: Reading

    private static func message(_ view: JSONView) -> OfflineMessage? {
        switch view["role"]?.string {
        case "system", "developer": return .system
        case "user":
            let (text, hasImages) = content(view["content"])
            return .user(text: text, hasImages: hasImages)
        case "assistant":
            var calls: [MadeCall] = []
            if let list = view["tool_calls"], list.kind == .array {
                for call in list.elements { calls.append(madeCall(call)) }
            }
            return .assistant(text: content(view["content"]).text, calls: calls)
        case "tool":
            return .tool(callID: view["tool_call_id"]?.string ?? "", content: content(view["content"]).text)
        default: return nil
        }
    }

    private static func madeCall(_ view: JSONView) -> MadeCall {
        let text = view["function"]?["arguments"]?.string ?? "{}"
        let arguments = (try? JSONValue(parsing: text))?.object ?? [:]
        return MadeCall(
            id: view["id"]?.string ?? "",
            name: view["function"]?["name"]?.string ?? "",
            arguments: arguments
        )
    }

    /// A content is a string or an array of parts; the texts of its parts are joined by line ends.
    private static func content(_ view: JSONView?) -> (text: String, hasImages: Bool) {
        guard let view else { return ("", false) }
        if let text = view.string { return (text, false) }
        guard view.kind == .array else { return ("", false) }
        var texts: [String] = []
        var hasImages = false
        for part in view.elements where part.kind == .object {
            if let text = part["text"]?.string { texts.append(text) }
            if part["image_url"] != nil { hasImages = true }
        }
        return (texts.joined(separator: "\n"), hasImages)
    }
}
