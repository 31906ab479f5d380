// A question cut into words, in the two forms that phrases are looked for: spaced for English, compact for Chinese.

/// One word: a run of Latin characters (with the signs that stand inside names), or a run of Chinese characters.
struct UtteranceWord: Sendable, Hashable {
    /// As it was written; names of hosts are case-sensitive.
    let raw: String
    let lower: String
    let isHan: Bool

    /// Letters only and at least two, so more likely a word than a name or a number.
    var isWordLike: Bool {
        !isHan && lower.count >= 2 && lower.utf8.allSatisfy { $0 >= 0x61 && $0 <= 0x7A }
    }

    /// The number, when it is one and nothing else.
    var number: Int? {
        lower.utf8.allSatisfy { $0 >= 0x30 && $0 <= 0x39 } ? Int(lower) : nil
    }
}

/// A text as the offline model reads it.
struct Utterance: Sendable, Hashable {
    /// Longer texts are pasted logs rather than questions; what is asked stands at the beginning.
    static let longest = 1_000

    let words: [UtteranceWord]
    /// As it was written, as far as it is read.
    let raw: String
    /// Lower case, one space around each word: ` what is firing `.
    let spaced: String
    /// Lower case without spaces: `最近1小时有哪些告警`.
    let compact: String
    /// All runs of up to five words, and of up to eight Chinese characters: a phrase is looked up rather than searched
    /// for, since some hundred are tried for every question.
    private let runs: Set<String>

    init(_ text: String) {
        var words: [UtteranceWord] = []
        var current = ""
        var currentIsHan = false
        func flush() {
            defer { current = "" }
            guard !current.isEmpty else { return }
            if currentIsHan {
                words.append(UtteranceWord(raw: current, lower: current, isHan: true))
            } else {
                words.append(contentsOf: Self.latinWords(current))
            }
        }
        for scalar in text.unicodeScalars.prefix(Self.longest).lazy.map(Self.folded) {
            let isHan = Self.isHan(scalar)
            guard isHan || Self.isPartOfWord(scalar) else {
                flush()
                continue
            }
            if isHan != currentIsHan { flush() }
            currentIsHan = isHan
            current.unicodeScalars.append(scalar)
        }
        flush()
        self.words = words
        raw = String(String.UnicodeScalarView(text.unicodeScalars.prefix(Self.longest)))
        var spaced = " "
        var compact = ""
        for word in words {
            spaced += word.lower + " "
            compact += word.lower
        }
        self.spaced = spaced
        self.compact = compact
        runs = Self.runs(words)
    }

    private static let longestRun = (words: 5, characters: 8)

    private static func runs(_ words: [UtteranceWord]) -> Set<String> {
        var runs: Set<String> = []
        for start in words.indices {
            if words[start].isHan {
                // Spaces between Chinese words mean nothing, so neighbours are one text.
                if start > 0, words[start - 1].isHan { continue }
                let characters = words[start...].prefix(while: \.isHan).flatMap(\.raw)
                for first in characters.indices {
                    var run = ""
                    for character in characters[first...].prefix(longestRun.characters) {
                        run.append(character)
                        runs.insert(run)
                    }
                }
            } else {
                var run = ""
                for word in words[start...].prefix(longestRun.words) {
                    run += run.isEmpty ? word.lower : " " + word.lower
                    runs.insert(run)
                }
            }
        }
        return runs
    }

    /// Whether an English phrase stands in it as whole words, or a Chinese one anywhere.
    func says(_ phrase: String) -> Bool {
        if runs.contains(phrase) { return true }
        // Longer than any run that was kept.
        return phrase.utf8.count > 3 * Self.longestRun.characters
            && (spaced.contains(" \(phrase) ") || compact.contains(phrase))
    }

    var isEmpty: Bool { words.isEmpty }

    /// Full-width signs and typographic apostrophes as their plain forms.
    private static func folded(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        switch scalar.value {
        case 0xFF01...0xFF5E: Unicode.Scalar(scalar.value - 0xFEE0) ?? scalar
        case 0x2018, 0x2019, 0x02BC: "'"
        default: scalar
        }
    }

    static func isHan(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFAFF, 0x20000...0x323AF: true
        default: false
        }
    }

    private static func isPartOfWord(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", ".", "-", "_", ":", "/", "@", "#", "'", "=": true
        default: scalar.value >= 0x80 && scalar.properties.isAlphabetic
        }
    }

    /// Takes signs off the ends and opens contractions: `what's` is two words.
    private static func latinWords(_ text: String) -> [UtteranceWord] {
        let edges: Set<Character> = [".", "-", "_", ":", "/", "@", "'", "="]
        var trimmed = text[...]
        while let last = trimmed.last, edges.contains(last) || last == "#" { trimmed.removeLast() }
        while let first = trimmed.first, edges.contains(first) { trimmed.removeFirst() }
        guard !trimmed.isEmpty else { return [] }
        let raw = String(trimmed)
        let lower = raw.lowercased()
        if lower.hasSuffix("'s") {
            let stem = String(raw.dropLast(2))
            let opened = UtteranceWord(raw: stem, lower: stem.lowercased(), isHan: false)
            let isContraction = ["what", "who", "how", "it", "that", "there", "where", "when"].contains(opened.lower)
            return isContraction ? [opened, UtteranceWord(raw: "is", lower: "is", isHan: false)] : [opened]
        }
        if lower == "whats" {
            return ["what", "is"].map { UtteranceWord(raw: $0, lower: $0, isHan: false) }
        }
        return [UtteranceWord(raw: raw, lower: lower, isHan: false)]
    }
}
