// "Acknowledge alert 42", "关闭告警 42": understood, and refused as long as no write tool is known here.

/// Commands. The offline model only reads so far; it says so rather than answer something else.
struct Actions: IntentFamily {
    private static let verbs: Phrases = [
        "acknowledge", "ack", "close", "resolve", "silence", "mute", "shield", "suppress", "assign", "reassign",
        "restart",
        "reboot", "delete", "kill", "escalate", "unassign", "关闭", "屏蔽", "静默", "分派", "指派", "认领", "转派", "重启", "删除",
        "处理掉", "解决掉",
    ]
    private static let politeness: Set<String> = [
        "please", "can", "could", "you", "would", "pls", "now", "then", "i", "want", "need", "to", "let", "us", "and",
    ]
    private static let chineseOpenings = [
        "请帮我", "请你", "请", "帮我", "麻烦", "把", "将", "给我", "我要", "我想", "你去", "能不能", "能", "可以",
    ]

    func score(_ question: Question) -> Int {
        let words = question.utterance.words
        guard words.count > 1 || words.first?.isHan == true else { return 0 }
        if let verb = words.first(where: { !Self.politeness.contains($0.lower) }), !verb.isHan {
            return Self.verbs.english.contains(verb.lower) ? 90 : 0
        }
        var text = question.utterance.compact[...]
        while let opening = Self.chineseOpenings.first(where: { text.hasPrefix($0) }) {
            text = text.dropFirst(opening.count)
        }
        if Self.verbs.chinese.contains(where: { text.hasPrefix($0) }) { return 90 }
        // 确认 is "acknowledge" of an alert that is named, and "make sure" else.
        if text.hasPrefix("确认"), !question.own.alertIDs.isEmpty { return 90 }
        // 把告警42关闭: the verb stands at the end.
        let isMoved = question.utterance.says("把") || question.utterance.compact.hasPrefix("将")
        let isConfirmed = question.utterance.says("确认") && !question.own.alertIDs.isEmpty
        return isMoved && (isConfirmed || question.says(Self.verbs)) ? 90 : 0
    }

    func wish(_ question: Question, _ desk: Desk) -> Wish { .words }

    func write(_ question: Question, _ desk: Desk, into answer: inout AnswerText) {
        answer.paragraph(
            "I understand that something should be done, but I only read: "
                + "I cannot change, acknowledge or close anything.",
            "我理解这是一个操作请求，但我只能查询，不能修改、确认或关闭任何东西。"
        )
    }
}
