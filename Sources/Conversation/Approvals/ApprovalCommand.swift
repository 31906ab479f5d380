// Recognises `confirm CODE` and `cancel CODE` in what a person wrote, before any model sees it.

import JSON

/// A person's decision, typed as a whole message.
package struct ApprovalCommand: Sendable, Hashable {
    package let decision: ApprovalDecision
    /// Normalised: capitals and digits.
    package let code: String
    /// Of the word that was used; the approval's own language counts where there is an approval.
    package let language: ApprovalLanguage

    private static let words: [(word: String, decision: ApprovalDecision, language: ApprovalLanguage)] = [
        ("confirm", .approve, .english), ("cancel", .reject, .english),
        ("确认", .approve, .chinese), ("取消", .reject, .chinese),
    ]

    /// Longer messages say more than a command does.
    private static let longest = 80

    /// The command that a text is, nil unless the whole text is one. Around it and around the code punctuation, quotes
    /// and back-ticks are tolerated, since people paste what they were shown.
    package init?(_ text: String) {
        guard text.utf8.count <= Self.longest else { return nil }
        var rest = Self.trimmed(text[...])
        if rest.first == "/" { rest = rest.dropFirst() }
        let lower = rest.lowercased()
        guard let known = Self.words.first(where: { lower.hasPrefix($0.word) }) else { return nil }
        let behind = rest.dropFirst(known.word.count)
        // "confirmK7M2PX" is no command in English; 确认K7M2PX is one in Chinese.
        guard known.language == .chinese || behind.first.map(Self.isEdge) == true else { return nil }
        guard let code = ApprovalCode.normalized(Self.trimmed(behind)) else { return nil }
        decision = known.decision
        self.code = code
        language = known.language
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text
        while let first = text.first, isEdge(first) { text.removeFirst() }
        while let last = text.last, isEdge(last) { text.removeLast() }
        return text
    }

    private static func isEdge(_ character: Character) -> Bool {
        character.isWhitespace || "`'\"*_.,:;!?()[]<>“”‘’「」『』（）【】《》。，、：；！？".contains(character)
    }
}

/// The text of a person's message.
enum MessageText {
    /// The text of a message object's JSON, text parts joined; `isWhole` is false when there are other parts, too.
    static func read(_ json: ArraySlice<UInt8>) -> (text: String, isWhole: Bool) {
        guard let message = try? JSONValue(parsing: Array(json)) else { return ("", false) }
        switch message["content"] {
        case .string(let text): return (text, true)
        case .array(let parts):
            let texts = parts.compactMap { $0["type"] == "text" ? $0["text"]?.string : nil }
            return (texts.joined(separator: "\n"), texts.count == parts.count)
        default: return ("", false)
        }
    }
}
