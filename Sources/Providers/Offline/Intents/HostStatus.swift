// "What about host web-1?", "is 10.0.0.5 ok?", "web-1 怎么样".

/// What the alerts say of one host or a few.
struct HostStatus: IntentFamily {
    func score(_ question: Question) -> Int {
        question.own.hosts.isEmpty && !(question.isFollowUp && !question.meaning.hosts.isEmpty) ? 0 : 50
    }

    func wish(_ question: Question, _ desk: Desk) -> Wish {
        AlertQuery(question).listWish(desk.tools)
    }

    func write(_ question: Question, _ desk: Desk, into answer: inout AnswerText) {
        let outcomes = desk.outcomes(of: AlertQuery.list)
        if question.says(Lexicon.why), !outcomes.isEmpty {
            answer.paragraph(
                "I cannot find causes; this is what the alerts say.",
                "我不能判断原因，以下只是告警中的信息。"
            )
        }
        for outcome in outcomes {
            ListAnswer(outcome: outcome, language: question.language).write(into: &answer, meaning: question.meaning)
        }
    }

    func examples(_ language: AnswerLanguage) -> [String] {
        language == .english ? ["What about host web-1?"] : ["主机 web-1 怎么样？"]
    }
}
