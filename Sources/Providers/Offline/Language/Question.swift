// The last user message, understood in the light of the earlier ones.

/// A question: its words, its language, what it names, and the question before it.
struct Question: Sendable {
    let utterance: Utterance
    let language: AnswerLanguage
    /// What the words themselves name.
    let own: Meaning
    /// `own`, completed by the question before where this one is elliptic.
    let meaning: Meaning
    let isFollowUp: Bool
    /// The questions before this one, newest last.
    let earlier: [Question]

    /// How far back an ellipsis may reach.
    private static let memory = 8

    /// Reads the questions of a conversation, oldest first; nil when there is none.
    static func last(of texts: [String]) -> Question? {
        var earlier: [Question] = []
        for text in texts.suffix(memory) {
            earlier.append(Question(text, earlier: earlier))
        }
        return earlier.last
    }

    /// Stands for a conversation without a user message.
    static let empty = Question("", earlier: [])

    private init(_ text: String, earlier: [Question]) {
        utterance = Utterance(text)
        language = AnswerLanguage(of: utterance) ?? earlier.last?.language ?? .english
        own = Meaning(utterance)
        let previous = earlier.last
        isFollowUp = previous != nil && Self.isElliptic(utterance, own)
        meaning = isFollowUp ? own.completed(by: previous?.meaning ?? Meaning()) : own
        // One level deep: what an earlier question leaned on is already in its `meaning`.
        self.earlier = earlier.map { $0.withoutEarlier }
    }

    private init(copying question: Question) {
        utterance = question.utterance
        language = question.language
        own = question.own
        meaning = question.meaning
        isFollowUp = question.isFollowUp
        earlier = []
    }

    private var withoutEarlier: Question { Question(copying: self) }

    private static func isElliptic(_ utterance: Utterance, _ own: Meaning) -> Bool {
        if Lexicon.followUp.isSaid(in: utterance) { return true }
        // "How many?", "since when?", "多久了？"
        let isBare = own.isEmpty && utterance.words.count <= 3 && utterance.compact.count <= 12
        if isBare, [Lexicon.howMany, Lexicon.sinceWhen, Lexicon.why].contains(where: { $0.isSaid(in: utterance) }) {
            return true
        }
        guard Lexicon.followUpOpening.opens(utterance) else { return false }
        // "What about web-1?" stands by itself, "what about warnings?" does not.
        let opensWithAbout = utterance.spaced.hasPrefix(" what about ") || utterance.spaced.hasPrefix(" how about ")
        return !opensWithAbout || own.hosts.isEmpty
    }

    func says(_ phrases: Phrases) -> Bool { phrases.isSaid(in: utterance) }

    /// Short enough to be a remark ("hi", "next page") rather than a question with such a word in it.
    func isShort(words most: Int = 5, characters: Int = 10) -> Bool {
        let han = utterance.words.contains(where: \.isHan)
        return han ? utterance.compact.count <= characters : utterance.words.count <= most
    }

    /// Whether it speaks of alerts at all.
    var namesAlerts: Bool {
        says(Lexicon.alert) || !meaning.levels.isEmpty || !meaning.alertIDs.isEmpty
    }
}
