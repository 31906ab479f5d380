// Words for a list of alerts: the exact total, the rows, what is not shown and how to get it.

import JSON

/// Writes what an `alerts_list` call gave.
struct ListAnswer: Sendable {
    let outcome: ToolOutcome
    let language: AnswerLanguage
    /// A later page of a list begun before.
    var isFurtherPage = false

    /// Rows written out; a result with more is told as partly shown.
    static let most = 50

    func write(into answer: inout AnswerText, meaning: Meaning) {
        if TroubleAnswer.write(outcome, into: &answer) { return }
        let rows = outcome.rows.map(AlertRow.init)
        let filter = FilterWords(outcome.call.arguments, language)
        let total = outcome.total ?? rows.count
        guard outcome.status != .noData, total > 0 || !rows.isEmpty else {
            Self.writeNothing(filter, into: &answer, hint: outcome.hint)
            writeLeftOut(filter, meaning, into: &answer)
            return
        }
        let headline = Self.headline(total, filter)
        let isExact = outcome.total != nil || !outcome.truncated
        answer.paragraph(
            isExact ? "**\(headline)**" : "**At least \(headline)**",
            isExact ? "**\(headline)**" : "**至少 \(headline)**"
        )
        answer.list(rows.prefix(Self.most).map { $0.line(language) })
        writeRest(total, min(rows.count, Self.most), into: &answer)
        writeLeftOut(filter, meaning, into: &answer)
        Self.writeHint(outcome.hint, into: &answer)
    }

    /// What the tool itself says beside its result, such as known gaps.
    static func writeHint(_ hint: String?, into answer: inout AnswerText) {
        guard let hint, !hint.isEmpty else { return }
        let text = OutsideText.plain(hint, limit: 1_500)
        answer.paragraph("Note of the tool: \(text)", "工具提示：\(text)")
    }

    /// `3 alerts are firing (level `critical`)`.
    static func headline(_ total: Int, _ filter: FilterWords) -> String {
        let narrowed = filter.withoutStatus
        if filter.language == .english {
            let noun = total == 1 ? "1 alert" : "\(total) alerts"
            let verb = total == 1 ? "is" : "are"
            let state =
                switch filter.status {
                case .firing: "\(verb) firing"
                case .unacknowledged: "\(verb) firing and not acknowledged"
                case .resolved: "\(verb) resolved"
                case .closed: "\(verb) closed"
                case .acknowledged: "\(verb) acknowledged"
                case .any, nil: total == 1 ? "matches" : "match"
                }
            return "\(noun) \(state)" + (narrowed.isEmpty ? "" : " (\(narrowed))")
        }
        let state =
            switch filter.status {
            case .firing: "\(total) 条告警正在触发"
            case .unacknowledged: "\(total) 条告警正在触发且未确认"
            case .resolved: "\(total) 条告警已恢复"
            case .closed: "\(total) 条告警已关闭"
            case .acknowledged: "\(total) 条告警已确认"
            case .any, nil: "共 \(total) 条匹配的告警"
            }
        return state + (narrowed.isEmpty ? "" : "（\(narrowed)）")
    }

    /// Nothing found is nothing found; it is no proof of health (`ops.md` 1.4, E3).
    static func writeNothing(_ filter: FilterWords, into answer: inout AnswerText, hint: String?) {
        let whole = filter.whole
        answer.paragraph(
            whole.isEmpty ? "**No matching alerts** in what is stored." : "**No matching alerts** (\(whole)).",
            whole.isEmpty ? "已存储的数据中**没有匹配的告警**。" : "**没有匹配的告警**（\(whole)）。"
        )
        answer.paragraph(
            "This only says that no stored alert matches, not that nothing is wrong.",
            "这只说明没有存储的告警符合条件，并不代表没有问题。"
        )
        writeHint(hint, into: &answer)
    }

    private func writeRest(_ total: Int, _ shown: Int, into answer: inout AnswerText) {
        guard total > shown || outcome.truncated || outcome.cursor != nil else { return }
        let exact = outcome.total.map(String.init) ?? (language == .english ? "more" : "更多")
        let isCited = outcome.cursor.map(NextPageCursor.isFit) ?? false
        let cursor = isCited ? outcome.cursor ?? "" : ""
        var english = isFurtherPage ? "Showing \(shown) more of \(exact)." : "Showing \(shown) of \(exact)."
        var chinese = isFurtherPage ? "本页又显示 \(shown) 条，共 \(exact) 条。" : "当前显示 \(shown) 条，共 \(exact) 条。"
        if isCited {
            english += " For more say \"next page\" (\(NextPageCursor.english)`\(cursor)`)"
            english += ", or narrow the question by level, host or time."
            chinese += "回复“下一页”查看更多（\(NextPageCursor.chinese)`\(cursor)`），或按级别、主机、时间缩小范围。"
        } else if total > shown || outcome.truncated, !isFurtherPage || outcome.truncated {
            english += " To see the others narrow the question by level, host or time."
            chinese += "要看其余的，请按级别、主机或时间缩小范围。"
        }
        answer.paragraph(english, chinese)
    }

    private func writeLeftOut(_ filter: FilterWords, _ meaning: Meaning, into answer: inout AnswerText) {
        Self.writeLeftOut(filter.leftOut(of: meaning), into: &answer)
    }

    static func writeLeftOut(_ names: [String], into answer: inout AnswerText) {
        guard !names.isEmpty else { return }
        answer.paragraph(
            "The tool here cannot filter by \(names.joined(separator: ", ")), so this is not narrowed by it.",
            "这里的工具不能按\(names.joined(separator: "、"))过滤，因此结果没有按此缩小。"
        )
    }
}

/// The cursor that an answer quotes, so that "next page" works although the conversation keeps only its text.
enum NextPageCursor {
    static let english = "cursor "
    static let chinese = "游标 "

    /// Cursors of an alphabet that Markdown leaves alone, and not too long to quote.
    static func isFit(_ cursor: String) -> Bool {
        !cursor.isEmpty && cursor.utf8.count <= 256
            && cursor.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                    || [0x2B, 0x2F, 0x3D, 0x5F, 0x2D, 0x2E, 0x3A, 0x7E, 0x7C, 0x2C].contains(byte)
            }
    }

    /// The last cursor quoted in an answer. Titles cannot forge one: their back-ticks are escaped.
    static func quoted(in answer: String) -> String? {
        for line in answer.split(separator: "\n").reversed() where !line.hasPrefix("- ") {
            for cue in ["(\(english)`", "（\(chinese)`"] {
                guard let start = line.firstRange(of: cue) else { continue }
                let rest = line[start.upperBound...]
                let cursor = String(rest.prefix { $0 != "`" })
                if isFit(cursor) { return cursor }
            }
        }
        return nil
    }
}
