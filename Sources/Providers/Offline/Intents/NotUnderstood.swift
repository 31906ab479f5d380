// What no family recognises: said plainly, with three questions that would work.

/// The last resort.
struct NotUnderstood: IntentFamily {
    func score(_ question: Question) -> Int { 1 }

    func wish(_ question: Question, _ desk: Desk) -> Wish { .words }

    func write(_ question: Question, _ desk: Desk, into answer: inout AnswerText) {
        // Results of calls that somebody else asked for, or that were forced, are digested by the engine instead.
        guard desk.outcomes.isEmpty else { return }
        answer.paragraph("I did not understand the question.", "我没有理解这个问题。")
        if desk.tools.isEmpty { Introduction.writeNoTools(into: &answer) }
        answer.paragraph("These would work:", "可以这样问：")
        answer.list(IntentFamilies.examples(answer.language, desk.tools, most: 3))
    }
}
