// "What is firing right now?", "show critical alerts of the last hour", "现在有哪些告警".

/// Lists of alerts, by any filter.
struct FiringAlerts: IntentFamily {
    func score(_ question: Question) -> Int {
        if question.says(Lexicon.trouble) { return 40 }
        let isBrief = question.isShort(words: 4, characters: 8)
        // "Summary", "the last hour"; but not "what day is it today?".
        if isBrief, question.says(Lexicon.overview) || question.own.window.map({ $0.dayName == nil }) == true {
            return 40
        }
        // "Disk problems?", "磁盘怎么样".
        if question.own.topic != nil, question.isShort(words: 5, characters: 10) { return 40 }
        guard question.namesAlerts || question.meaning.status != nil else { return 0 }
        // "How do I write an alert rule?" names alerts and asks for none.
        if Self.instructions.isSaid(in: question.utterance) { return 0 }
        let meaning = question.own
        let isNarrowed =
            !meaning.levels.isEmpty || meaning.window != nil || meaning.topic != nil || meaning.source != nil
            || meaning.minimumAge != nil || !meaning.labels.isEmpty
        if question.says(Lexicon.alert) || !meaning.levels.isEmpty {
            if question.says(Lexicon.list) || question.says(Lexicon.overview) || isNarrowed || meaning.status != nil {
                return 40
            }
            return isBrief ? 40 : 0
        }
        // Without the word "alert": "what is firing?", "anything unresolved?", but not "what time is it now?".
        return Self.clearStatus.isSaid(in: question.utterance) ? 40 : 0
    }

    private static let instructions: Phrases = [
        "how do i", "how to", "how can i", "write a", "write an", "configure", "install", "mean", "means", "meaning",
        "是什么意思", "什么意思", "含义", "怎么配置", "如何配置", "怎么写", "如何写",
        "怎么安装", "如何安装", "怎么设置", "如何设置",
    ]
    private static let clearStatus: Phrases = [
        "firing", "unresolved", "not resolved", "triggered", "ongoing", "resolved", "recovered", "acknowledged",
        "acked",
        "burning", "unacknowledged", "unacked", "unhandled", "未确认", "未处理", "没人处理", "正在触发", "触发", "未恢复", "未解决", "没恢复",
        "已恢复", "已解决", "已确认", "未关闭",
    ]

    func wish(_ question: Question, _ desk: Desk) -> Wish {
        AlertQuery(question).listWish(desk.tools)
    }

    func write(_ question: Question, _ desk: Desk, into answer: inout AnswerText) {
        for outcome in desk.outcomes(of: AlertQuery.list) {
            ListAnswer(outcome: outcome, language: question.language).write(into: &answer, meaning: question.meaning)
        }
    }

    func examples(_ language: AnswerLanguage) -> [String] {
        language == .english ? ["What is firing right now?"] : ["现在有哪些告警？"]
    }
}
