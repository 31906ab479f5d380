// "Since when is alert 42 firing?", "which alert fires the longest?", "web-1 的告警持续多久了".

/// Begin and duration of alerts.
struct SinceWhen: IntentFamily {
    func score(_ question: Question) -> Int {
        guard question.says(Lexicon.sinceWhen) else { return 0 }
        let meaning = question.meaning
        let isAboutAlerts =
            question.namesAlerts || !meaning.hosts.isEmpty || meaning.topic != nil || question.own.ordinal != nil
            || question.own.status != nil || question.isFollowUp
        return isAboutAlerts || Self.pointer.isSaid(in: question.utterance) ? 75 : 0
    }

    private static let pointer: Phrases = ["it", "this", "that", "they", "这个", "那个", "它"]

    func wish(_ question: Question, _ desk: Desk) -> Wish {
        let ids = AlertDetails.ids(question, desk)
        if !ids.isEmpty { return AlertQuery.getWish(ids, desk.tools) }
        // The oldest need not stand first, so as many as the tool gives.
        return AlertQuery(question).listWish(desk.tools, limit: question.says(Lexicon.longest) ? 100 : nil)
    }

    func write(_ question: Question, _ desk: Desk, into answer: inout AnswerText) {
        for outcome in desk.outcomes(of: AlertQuery.get) {
            if TroubleAnswer.write(outcome, into: &answer) { continue }
            guard let row = outcome.rows.first, outcome.status == .ok else {
                AlertDetails.writeMissing(outcome, into: &answer)
                continue
            }
            writeSince(AlertRow(row), into: &answer)
        }
        for outcome in desk.outcomes(of: AlertQuery.list) {
            if outcome.status == .ok, question.says(Lexicon.longest),
                writeLongest(outcome, question.language, into: &answer)
            {
                continue
            }
            ListAnswer(outcome: outcome, language: question.language).write(into: &answer, meaning: question.meaning)
        }
    }

    private func writeLongest(_ outcome: ToolOutcome, _ language: AnswerLanguage, into answer: inout AnswerText) -> Bool
    {
        let rows = outcome.rows.map(AlertRow.init).filter { $0.startSeconds < .max }
        guard !rows.isEmpty else { return false }
        let oldest = rows.sorted { $0.startSeconds < $1.startSeconds }.prefix(3)
        let total = outcome.total ?? rows.count
        let headline = ListAnswer.headline(total, FilterWords(outcome.call.arguments, language))
        let isWhole = total <= outcome.rows.count && !outcome.truncated
        answer.paragraph("**\(headline)**", "**\(headline)**")
        answer.paragraph(
            isWhole ? "The longest:" : "The longest of the \(outcome.rows.count) that I have seen, not of all:",
            isWhole ? "持续最久的：" : "在已查看的 \(outcome.rows.count) 条（并非全部）中，持续最久的："
        )
        answer.list(oldest.map { $0.line(language) })
        ListAnswer.writeHint(outcome.hint, into: &answer)
        return true
    }

    private func writeSince(_ row: AlertRow, into answer: inout AnswerText) {
        if row.startedAt == nil {
            answer.paragraph("The result has no start time:", "结果中没有开始时间：")
        }
        answer.paragraph(row.line(.english), row.line(.chinese))
    }

    func examples(_ language: AnswerLanguage) -> [String] {
        language == .english ? ["Since when is web-1 firing?"] : ["web-1 的告警持续多久了？"]
    }
}
