// A chat request as far as scripts look at it.

/// The members of a chat request that choose the answer.
struct ChatRequest {
    var model: String
    var stream: Bool
    var includeUsage: Bool
    var choices: Int
    var lastUserText: String
    /// 1 + the number of assistant messages with tool calls after the last user message.
    var round: Int

    init(_ body: [String: Value]) {
        model = body["model"]?.string ?? ""
        stream = body["stream"]?.bool ?? false
        includeUsage = body["stream_options"]?.object?["include_usage"]?.bool ?? false
        choices = body["n"]?.integer ?? 1
        lastUserText = ""
        round = 1
        for message in body["messages"]?.array ?? [] {
            guard let message = message.object else { continue }
            if message["role"]?.string == "user" {
                lastUserText = ChatRequest.text(message["content"])
                round = 1
            } else if message["tool_calls"]?.array?.isEmpty == false {
                round += 1
            }
        }
    }

    /// The text of a content: the string, or the text parts joined.
    private static func text(_ content: Value?) -> String {
        if let text = content?.string { return text }
        return (content?.array ?? []).compactMap { $0.object?["text"]?.string }.joined(separator: "\n")
    }
}
