// "Next page", "show more", "下一页": goes on with the list of the last answer.

/// The next part of a list. The cursor is quoted in the answer before, since a conversation that comes back from a
/// client has only texts in it, not the tool calls that ran in the gateway.
struct NextPage: IntentFamily {
    func score(_ question: Question) -> Int {
        guard question.says(Lexicon.nextPage), question.isShort(words: 5, characters: 8) else { return 0 }
        // "More about alert 42" and "more critical alerts" name something; the next page names nothing.
        let own = question.own
        return own.alertIDs.isEmpty && own.hosts.isEmpty && own.levels.isEmpty && own.ordinal == nil
            && !question.earlier.isEmpty
            ? 85 : 0
    }

    func wish(_ question: Question, _ desk: Desk) -> Wish {
        guard let base = Self.base(question), let cursor = desk.lastAnswer.flatMap(NextPageCursor.quoted),
            base.meaning.hosts.count <= 1
        else { return .words }
        return AlertQuery(base).listWish(desk.tools, cursor: cursor)
    }

    /// The question whose list goes on.
    private static func base(_ question: Question) -> Question? {
        question.earlier.last { NextPage().score($0) == 0 && !$0.says(Lexicon.nextPage) }
    }

    func write(_ question: Question, _ desk: Desk, into answer: inout AnswerText) {
        let outcomes = desk.outcomes(of: AlertQuery.list)
        for outcome in outcomes {
            ListAnswer(outcome: outcome, language: question.language, isFurtherPage: true)
                .write(into: &answer, meaning: Self.base(question)?.meaning ?? Meaning())
        }
        guard outcomes.isEmpty else { return }
        answer.paragraph(
            "I know of no further page: the last answer was not cut, or it was about several hosts (ask for one).",
            "没有更多内容了：上一个回答没有被截断，或涉及多台主机（请只问其中一台）。"
        )
    }
}
