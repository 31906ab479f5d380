// "Hello", "thanks", "你好": short talk that needs no tool.

/// Greetings and thanks.
struct Greeting: IntentFamily {
    func score(_ question: Question) -> Int {
        guard question.isShort(words: 5, characters: 8) else { return 0 }
        return question.says(Lexicon.greeting) || question.says(Lexicon.thanks) ? 30 : 0
    }

    func wish(_ question: Question, _ desk: Desk) -> Wish { .words }

    func write(_ question: Question, _ desk: Desk, into answer: inout AnswerText) {
        if question.says(Lexicon.thanks), !question.says(Lexicon.greeting) {
            answer.paragraph("You are welcome.", "不客气。")
            return
        }
        if desk.tools.isEmpty {
            answer.paragraph("Hello.", "你好。")
            Introduction.writeNoTools(into: &answer)
            return
        }
        answer.paragraph("Hello. Ask me, for example:", "你好。可以这样问我：")
        answer.list(IntentFamilies.examples(answer.language, desk.tools, most: 3))
    }
}
