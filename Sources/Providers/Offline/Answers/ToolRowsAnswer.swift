// Words for rows of any tool: a heading with the exact total, a line for each, what is not shown.

import JSON

/// Lists whose rows have no wording of their own.
enum ToolRowsAnswer {
    static func write(_ outcome: ToolOutcome, english: String, chinese: String, into answer: inout AnswerText) {
        let named = ["events", "entries", "timeline", "items", "results", "incidents"]
        let rows = outcome.data.array ?? named.lazy.compactMap { outcome.data[$0]?.array }.first ?? outcome.rows
        let total = max(outcome.total ?? rows.count, rows.count)
        answer.paragraph("**\(english): \(total)**", "**\(chinese)：\(total)**")
        answer.list(rows.prefix(ListAnswer.most).map(ResultDigest.line))
        writeRest(outcome, total: total, shown: min(rows.count, ListAnswer.most), into: &answer)
        ListAnswer.writeHint(outcome.hint, into: &answer)
    }

    static func writeRest(_ outcome: ToolOutcome, total: Int, shown: Int, into answer: inout AnswerText) {
        guard total > shown || outcome.truncated else { return }
        answer.paragraph("Showing \(shown) of \(total).", "当前显示 \(shown) 条，共 \(total) 条。")
    }
}
