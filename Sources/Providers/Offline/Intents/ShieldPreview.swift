// "What would a shield on host=db-1 hide?", "预览屏蔽 主机 db-1": counted before anything is shielded.

import JSON

/// What a shield would hide now.
struct ShieldPreview: IntentFamily {
    static let tool = "shield_preview"
    private static let shield: Phrases = ["shield", "silence", "mute", "suppress", "屏蔽", "静默"]
    private static let preview: Phrases = [
        "preview", "would", "what if", "dry run", "simulate", "预览", "会隐藏", "会影响", "会屏蔽", "试算", "影响哪些",
    ]
    /// "Would you silence db-1?" is a command.
    private static let request: Phrases = ["would you", "would you please"]

    func score(_ question: Question) -> Int {
        question.says(Self.shield) && question.says(Self.preview) && !question.says(Self.request) ? 92 : 0
    }

    func wish(_ question: Question, _ desk: Desk) -> Wish {
        let groups = ActionProposal.matchers(question)
        if groups.isEmpty { return .words }
        guard let tool = desk.tools[Self.tool] else { return .lacking([Self.tool]) }
        let window = TimeWindow(lengthIn: question.utterance)
        let calls = groups.compactMap { matchers in
            var draft = ArgumentDraft(tool)
            draft.set(matchers: matchers)
            if let window, tool.property(["end", "ends_at"])?.understandsSpans == true {
                draft.set(text: ["end", "ends_at"], window.argument)
            }
            return draft.call
        }
        return calls.isEmpty ? .lacking([Self.tool]) : .calls(calls)
    }

    func write(_ question: Question, _ desk: Desk, into answer: inout AnswerText) {
        let outcomes = desk.outcomes(of: Self.tool)
        if outcomes.isEmpty {
            answer.paragraph(
                "A shield on what? Name a host or a label, for example \"what would a shield on host=db-1 hide?\".",
                "屏蔽什么？请给出主机或标签，例如“预览屏蔽 host=db-1”。"
            )
        }
        for outcome in outcomes where !TroubleAnswer.write(outcome, into: &answer) {
            let rows = outcome.data.array ?? outcome.data["alerts"]?.array ?? outcome.data["examples"]?.array ?? []
            let named = ["total", "count", "hidden", "matches"].lazy.compactMap { outcome.data[$0]?.int }.first
            let total = outcome.total ?? named ?? rows.count
            let filter = FilterWords(outcome.call.arguments, question.language).withoutStatus
            answer.paragraph(
                "**A shield (\(filter)) would hide \(total) \(total == 1 ? "alert" : "alerts") now.** Nothing was changed.",
                "**该屏蔽（\(filter)）目前会隐藏 \(total) 条告警。**没有做任何改动。"
            )
            answer.list(rows.prefix(ListAnswer.most).map { Self.line($0, question.language) })
            ToolRowsAnswer.writeRest(outcome, total: total, shown: min(rows.count, ListAnswer.most), into: &answer)
            ListAnswer.writeHint(outcome.hint, into: &answer)
        }
    }

    private static func line(_ row: JSONValue, _ language: AnswerLanguage) -> String {
        row["title"] == nil ? ResultDigest.line(row) : AlertRow(row).line(language)
    }
}
