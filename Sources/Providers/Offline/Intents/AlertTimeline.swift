// "Timeline of alert 17", "what happened to alert 17?", "告警 17 的时间线".

import JSON

/// What happened to an alert, in order.
struct AlertTimeline: IntentFamily {
    static let tool = "alert_timeline"
    private static let words: Phrases = [
        "timeline", "history", "what happened", "who acknowledged", "who closed", "who did what", "时间线", "时间轴",
        "经过", "历史", "发生了什么", "谁认领", "谁关闭", "谁处理",
    ]

    func score(_ question: Question) -> Int {
        let names = !question.own.alertIDs.isEmpty || question.own.ordinal != nil
        return names && question.says(Self.words) ? 72 : 0
    }

    /// Without its tool the alert's own events do.
    func wish(_ question: Question, _ desk: Desk) -> Wish {
        guard let tool = desk.tools[Self.tool] else { return AlertDetails().wish(question, desk) }
        let calls = AlertDetails.ids(question, desk).compactMap { id in
            var draft = ArgumentDraft(tool)
            draft.set(id: id)
            return draft.call
        }
        return calls.isEmpty ? .words : .calls(calls)
    }

    func write(_ question: Question, _ desk: Desk, into answer: inout AnswerText) {
        let outcomes = desk.outcomes(of: Self.tool)
        if outcomes.isEmpty {
            AlertDetails().write(question, desk, into: &answer)
            return
        }
        for outcome in outcomes {
            if TroubleAnswer.write(outcome, into: &answer) { continue }
            guard outcome.status == .ok else {
                AlertDetails.writeMissing(outcome, into: &answer)
                continue
            }
            let id = OutsideText.code(FilterWords.texts(outcome.call.arguments["id"]).first ?? "")
            ToolRowsAnswer.write(
                outcome,
                english: "What happened to alert \(id)",
                chinese: "告警 \(id) 的经过",
                into: &answer
            )
        }
    }

    func examples(_ language: AnswerLanguage) -> [String] {
        language == .english ? ["Timeline of alert 42"] : ["告警 42 的时间线"]
    }
}
