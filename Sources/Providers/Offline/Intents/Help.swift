// "Help", "what can you do?", "你是谁": what this model is and which questions work.

/// Questions about the offline model itself.
struct Help: IntentFamily {
    func score(_ question: Question) -> Int {
        question.says(Lexicon.help) && !question.says(Lexicon.alert) ? 35 : 0
    }

    func wish(_ question: Question, _ desk: Desk) -> Wish { .words }

    func write(_ question: Question, _ desk: Desk, into answer: inout AnswerText) {
        // The introduction stands above the first answer of a conversation; later it is asked for.
        if desk.lastAnswer != nil { Introduction.write(into: &answer) }
        if desk.tools.isEmpty { Introduction.writeNoTools(into: &answer) }
        answer.paragraph("Questions that work:", "可以这样问：")
        answer.list(IntentFamilies.examples(answer.language, most: 5))
    }
}

/// What the offline model says of itself.
enum Introduction {
    static func write(into answer: inout AnswerText) {
        answer.paragraph(
            "I am OpsGate's offline model: by fixed rules I list and count alerts, check a host, "
                + "say since when an alert fires, and show its details.",
            "我是 OpsGate 的离线模型：按固定规则列出和统计告警、查看主机、说明告警从何时开始，并给出告警详情。"
        )
    }

    static func writeNoTools(into answer: inout AnswerText) {
        answer.paragraph(
            "I have no tools here, so I cannot look anything up. Ask a bot that has the alert tools, "
                + "for example `ops-assistant-bot`.",
            "这里没有可用的工具，我无法查询数据。请向带有告警工具的机器人提问，例如 `ops-assistant-bot`。"
        )
    }
}
