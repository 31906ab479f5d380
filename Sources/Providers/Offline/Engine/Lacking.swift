// Says which tool would have been needed and is not there.

/// Words for a question that was understood and cannot be looked up.
enum Lacking {
    static func write(_ names: [String], _ desk: Desk, isSwitchedOff: Bool, into answer: inout AnswerText) {
        let list = names.map { OutsideText.code($0) }.joined(separator: answer.pick(", ", "、"))
        if isSwitchedOff {
            answer.paragraph(
                "For this I would need \(list), but tools are switched off for this answer.",
                "回答这个问题需要 \(list)，但本次请求禁用了工具。"
            )
        } else if desk.tools.isEmpty {
            Introduction.writeNoTools(into: &answer)
        } else {
            answer.paragraph(
                "For this I would need \(list), which I do not have here (or which wants more than the question says).",
                "回答这个问题需要 \(list)，但这里没有提供该工具（或问题中的信息不够）。"
            )
        }
    }
}
