// "Help", "what can you do?", "你是谁": what this model is and which questions work.

/// Questions about the offline model itself.
struct Help: IntentFamily {
    func score(_ question: Question) -> Int {
        question.says(Lexicon.help) && !question.says(Lexicon.alert) ? 35 : 0
    }

    func wish(_ question: Question, _ desk: Desk) -> Wish { .words }

    func write(_ question: Question, _ desk: Desk, into answer: inout AnswerText) {
        // The introduction stands above the first answer of a conversation; later it is asked for.
        if desk.lastAnswer != nil { Introduction.write(desk.tools, into: &answer) }
        if desk.tools.isEmpty { Introduction.writeNoTools(into: &answer) }
        answer.paragraph("Questions that work:", "可以这样问：")
        answer.list(IntentFamilies.examples(answer.language, desk.tools, most: 8))
    }
}
