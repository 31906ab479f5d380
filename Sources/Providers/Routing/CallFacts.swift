// What of a call decides which targets can take it.

/// Looked at only as far as a route asks: a long conversation is not read for nothing.
struct CallFacts {
    private let messages: [[UInt8]]
    private let tools: [ModelTool]
    private(set) lazy var hasImages = Self.finds(Self.imageMark, in: messages)
    /// Tokens of the prompt, four bytes to one. Images are no text: with them nothing is known.
    private(set) lazy var tokens: Int? = hasImages ? nil : bytes / 4

    init(_ call: ModelCall) {
        messages = call.messages
        tools = call.tools
    }

    var hasTools: Bool { !tools.isEmpty }

    /// Inside of a JSON string the quotes would be escaped, so only members and values of this name are found.
    private static let imageMark = Array(#""image_url""#.utf8)

    private var bytes: Int { messages.reduce(0) { $0 + $1.count } + tools.reduce(0) { $0 + $1.json.count } }

    private static func finds(_ mark: [UInt8], in texts: [[UInt8]]) -> Bool {
        texts.contains { text in
            text.withUnsafeBufferPointer { bytes in
                var index = 0
                let end = bytes.count - mark.count
                while index <= end {
                    // The letter after the quote is rarer than the quote.
                    if bytes[index + 1] == mark[1], bytes[index] == mark[0],
                        (2..<mark.count).allSatisfy({ bytes[index + $0] == mark[$0] })
                    {
                        return true
                    }
                    index += 1
                }
                return false
            }
        }
    }
}

extension RouteTarget {
    /// Why this target cannot take a call; nil when it can, as far as known.
    func obstacle(_ facts: inout CallFacts, _ profile: ModelProfile?) -> Obstacle? {
        if facts.hasTools, conditions.needsTools == false { return .condition }
        if !facts.hasTools, conditions.needsTools == true { return .condition }
        if facts.hasTools, profile?.toolMode == ToolMode.none { return .tools }
        if let wanted = conditions.images, wanted != facts.hasImages { return .condition }
        if profile?.takesImages == false, facts.hasImages { return .images }
        if let least = conditions.minimumContext, let tokens = facts.tokens, tokens < least { return .condition }
        if let most = conditions.maximumContext, let tokens = facts.tokens, tokens > most { return .context }
        if let context = profile?.contextTokens, let tokens = facts.tokens, tokens > context { return .context }
        return nil
    }

    enum Obstacle {
        case condition
        case tools
        case images
        /// As estimated only.
        case context
    }
}
