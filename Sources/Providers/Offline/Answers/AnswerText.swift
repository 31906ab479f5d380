// Collects the lines of an answer in the language of the question.

/// An answer in the making: short Markdown, one thought a line.
struct AnswerText: Sendable {
    let language: AnswerLanguage
    private(set) var lines: [String] = []

    init(_ language: AnswerLanguage) {
        self.language = language
    }

    /// Adds a paragraph.
    mutating func paragraph(_ english: String, _ chinese: String) {
        if let last = lines.last, !last.isEmpty { lines.append("") }
        lines.append(pick(english, chinese))
    }

    /// Adds list items, in one list.
    mutating func list(_ items: [String]) {
        guard !items.isEmpty else { return }
        if let last = lines.last, !last.isEmpty, !last.hasPrefix("- ") { lines.append("") }
        lines += items.map { "- \($0)" }
    }

    /// Adds what another answer says.
    mutating func append(_ other: AnswerText) {
        if let last = lines.last, !last.isEmpty, !other.lines.isEmpty { lines.append("") }
        lines += other.lines
    }

    func pick(_ english: String, _ chinese: String) -> String {
        language == .english ? english : chinese
    }

    var isEmpty: Bool { lines.isEmpty }

    var markdown: String { lines.joined(separator: "\n") }
}
