// "Who was notified about alert 17?", "notification log", "告警 17 通知了谁".

import JSON

/// Who was told, over which channel, and what came of it.
struct Notified: IntentFamily {
    static let tool = "notification_log"
    private static let words: Phrases = [
        "notified", "notification", "notifications", "who was told", "who got told", "who was informed",
        "who has been informed", "who was paged", "was anybody told", "通知", "通知了谁", "谁收到", "发给了谁", "告知了谁",
    ]
    /// 通知级 is a level.
    private static let others: Phrases = ["通知级", "通知级别"]
    private static let failed: Phrases = ["failed", "fail", "failing", "dead", "undelivered", "失败", "未送达", "没发出"]

    func score(_ question: Question) -> Int {
        question.says(Self.words) && !question.says(Self.others) ? 80 : 0
    }

    func wish(_ question: Question, _ desk: Desk) -> Wish {
        guard let tool = desk.tools[Self.tool] else { return .lacking([Self.tool]) }
        let ids = AlertDetails.ids(question, desk).map(Optional.some)
        let calls = (ids.isEmpty ? [nil] : ids).compactMap { id in
            var draft = ArgumentDraft(tool)
            if let id { draft.set(id: id) }
            if question.says(Self.failed), let property = tool.property(["result", "state", "status"]) {
                let words = property.values.filter { $0.contains("fail") || $0.contains("dead") }
                if let word = words.first {
                    draft.set(raw: property.name, property.takes("array") ? [.string(word)] : .string(word))
                }
            }
            if let window = question.meaning.window { draft.set(window: window) }
            return draft.call
        }
        return calls.isEmpty ? .lacking([Self.tool]) : .calls(calls)
    }

    func write(_ question: Question, _ desk: Desk, into answer: inout AnswerText) {
        for outcome in desk.outcomes(of: Self.tool) where !TroubleAnswer.write(outcome, into: &answer) {
            let id = FilterWords.texts(outcome.call.arguments["alert_id"]).first.map { OutsideText.code($0) }
            if outcome.status == .noData || outcome.total == 0 {
                answer.paragraph(
                    id.map { "**No notification** about alert \($0) is on record." }
                        ?? "**No notification** is on record for this.",
                    id.map { "没有关于告警 \($0) 的**通知记录**。" } ?? "没有符合条件的**通知记录**。"
                )
                ListAnswer.writeHint(outcome.hint, into: &answer)
                continue
            }
            ToolRowsAnswer.write(
                outcome,
                english: id.map { "Notifications about alert \($0)" } ?? "Notifications",
                chinese: id.map { "关于告警 \($0) 的通知" } ?? "通知记录",
                into: &answer
            )
        }
    }

    func examples(_ language: AnswerLanguage) -> [String] {
        language == .english ? ["Who was notified about alert 42?"] : ["告警 42 通知了谁？"]
    }
}
