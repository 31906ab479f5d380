// What a command names beyond a question: lists of numbers, people, reasons.

/// Reads numbers, names and texts off a command. Nothing is guessed: what is not there is asked for.
enum ActionWords {
    // MARK: Numbers

    /// What numbers stand behind.
    struct Cues: Sendable {
        let english: Set<String>
        let chinese: [String]
        /// Whether `#17` alone is one of them.
        var ownsHash = false

        static let alerts = Cues(
            english: ["alert", "alerts", "alarm", "alarms", "id", "ids"],
            chinese: ["告警", "警报", "报警", "编号"],
            ownsHash: true
        )
        static let incidents = Cues(english: ["incident", "incidents"], chinese: ["事故", "故障单"])
    }

    /// All numbers behind a cue: `alerts 3, 4 and 5`, `告警3、4和5`, `17号告警`; each once, in order.
    static func numbers(_ words: [UtteranceWord], behind cues: Cues) -> [String] {
        var found: [String] = []
        func add(_ number: String) {
            if !found.contains(number) { found.append(number) }
        }
        var isInList = false
        for (index, word) in words.enumerated() {
            let next = words.word(index + 1) ?? ""
            if isCue(word, cues) {
                isInList = true
            } else if let number = plainNumber(word), isInList || (cues.ownsHash && word.lower.hasPrefix("#")),
                !isUnit(next)
            {
                add(number)
                isInList = true
            } else if let number = plainNumber(word), cues.chinese.contains(where: { next.hasPrefix("号\($0)") }) {
                add(number)
            } else if word.lower.hasPrefix("alert:"), cues.english.contains("alert"),
                let number = digits(word.lower.dropFirst(6))
            {
                add(number)
            } else if !isConnector(word) {
                isInList = false
            }
        }
        return found
    }

    private static func isCue(_ word: UtteranceWord, _ cues: Cues) -> Bool {
        word.isHan ? cues.chinese.contains { word.lower.hasSuffix($0) } : cues.english.contains(word.lower)
    }

    private static func plainNumber(_ word: UtteranceWord) -> String? {
        word.isHan ? nil : digits(word.lower.hasPrefix("#") ? word.lower.dropFirst() : word.lower[...])
    }

    private static func digits(_ text: Substring) -> String? {
        let isNumber = (1...18).contains(text.utf8.count) && text.utf8.allSatisfy { $0 >= 0x30 && $0 <= 0x39 }
        return isNumber ? String(text) : nil
    }

    private static func isConnector(_ word: UtteranceWord) -> Bool {
        word.isHan
            ? word.lower.allSatisfy { "号和与及跟以是为".contains($0) }
            : ["and", "number", "numbers", "no", "nr"].contains(word.lower)
    }

    private static func isUnit(_ word: String) -> Bool {
        let units = ["minute", "hour", "day", "week", "min", "hrs", "分钟", "小时", "个小时", "天", "周", "个月", "日"]
        return word == "分" || units.contains { word.hasPrefix($0) }
    }

    // MARK: People

    /// Whom something is given: `to bob and ann`, `给 bob、张三`; "me" is nobody that the offline model knows.
    static func people(_ utterance: Utterance) -> [String] {
        let words = utterance.words
        if let text = tail(utterance.raw, behind: ["给"]) { return chinesePeople(text) }
        guard let position = words.lastIndex(where: { $0.lower == "to" }) else { return [] }
        // `assign bob to alert 17`
        if isCue(words[safe: position + 1], .alerts) { return names(words[..<position].dropFirst()) }
        return names(words[(position + 1)...])
    }

    private static func isCue(_ word: UtteranceWord?, _ cues: Cues) -> Bool { word.map { isCue($0, cues) } ?? false }

    private static func names(_ words: ArraySlice<UtteranceWord>) -> [String] {
        let ends: Set<String> = ["with", "note", "because", "please", "as", "for", "now", "to", "from", "until"]
        var names: [String] = []
        for word in words {
            if ends.contains(word.lower) || word.isHan { break }
            if word.lower == "and" || word.lower == "the" { continue }
            guard !["me", "myself", "him", "her", "them", "us", "it"].contains(word.lower) else { return [] }
            names.append(word.raw)
        }
        return names
    }

    private static func chinesePeople(_ text: String) -> [String] {
        var rest = text[...]
        for end in ["处理", "跟进", "负责", "备注", "因为", "，", "。", "吧", "来"] {
            if let found = rest.firstRange(of: end) { rest = rest[..<found.lowerBound] }
        }
        let names = rest.split { $0.isWhitespace || "、,和与及".contains($0) }.map(String.init)
        let isNone = names.contains { name in ["我", "他", "她", "告警", "一下"].contains { name.contains($0) } }
        return isNone ? [] : names.filter { $0.count <= 64 }
    }

    // MARK: Texts

    /// Why: what stands behind `because`, `reason:`, `因为`, `原因`.
    static func reason(_ utterance: Utterance) -> String? {
        tail(utterance.raw, behind: ["because", "reason is", "reason", "due to", "因为", "由于", "原因是", "原因", "理由"])
    }

    /// What stands behind `note`, `comment`, `备注`; or the reason.
    static func note(_ utterance: Utterance) -> String? {
        tail(utterance.raw, behind: ["note", "comment", "备注", "说明"]) ?? reason(utterance)
    }

    /// What stands behind `titled`, `called`, `标题`.
    static func title(_ utterance: Utterance) -> String? {
        tail(utterance.raw, behind: ["titled", "title", "called", "named", "标题是", "标题为", "标题", "名为"])
    }

    /// The rest of a text behind the first of these words, as it was written; nil when nothing stands there.
    private static func tail(_ text: String, behind cues: [String]) -> String? {
        let sorted = cues.sorted { $0.count > $1.count }
        var before: Character = " "
        for index in text.indices {
            let here = text[index...]
            for cue in sorted where here.prefix(cue.count).lowercased() == cue {
                let after = here.dropFirst(cue.count)
                let isLatin = cue.utf8.allSatisfy { $0 < 0x80 }
                if isLatin, isWordPart(before) || isWordPart(after.first ?? " ") { continue }
                let tail = trimmed(after)
                return tail.isEmpty ? nil : tail
            }
            before = text[index]
        }
        return nil
    }

    private static func isWordPart(_ character: Character) -> Bool {
        character.isASCII && (character.isLetter || character.isNumber)
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text
        func isEdge(_ character: Character) -> Bool {
            character.isWhitespace || ":：,，.。;；\"“”'「」`".contains(character)
        }
        while let first = text.first, isEdge(first) { text.removeFirst() }
        while let last = text.last, isEdge(last) { text.removeLast() }
        return OutsideText.bounded(String(text), 400)
    }
}

extension [UtteranceWord] {
    fileprivate subscript(safe index: Int) -> UtteranceWord? { indices.contains(index) ? self[index] : nil }
}
