// "Details of alert 42", "tell me more about the first one", "告警 42 的详情".

import JSON

/// One alert with all that is known of it.
struct AlertDetails: IntentFamily {
    func score(_ question: Question) -> Int {
        if !question.own.alertIDs.isEmpty { return 70 }
        if question.own.ordinal != nil { return 65 }
        // "And its details?" after a question about an alert.
        return question.says(Lexicon.details) && question.isFollowUp && !question.meaning.alertIDs.isEmpty ? 65 : 0
    }

    func wish(_ question: Question, _ desk: Desk) -> Wish {
        let ids = Self.ids(question, desk)
        return ids.isEmpty ? .words : AlertQuery.getWish(ids, desk.tools)
    }

    /// Ids that the question names itself or by their place in the last answer.
    static func ids(_ question: Question, _ desk: Desk) -> [String] {
        if let ordinal = question.own.ordinal {
            let cited = cited(in: desk.lastAnswer ?? "")
            let index = ordinal < 0 ? cited.count + ordinal : ordinal - 1
            return cited.indices.contains(index) ? [cited[index]] : []
        }
        return question.meaning.alertIDs
    }

    /// The alerts that an answer cites, in order, each once. A citation ends its line (`AlertRow.line`); what texts
    /// from outside write stands before it or in a code span, and so cannot be taken for one.
    static func cited(in answer: String) -> [String] {
        var ids: [String] = []
        for line in answer.split(separator: "\n") {
            guard let cue = line.ranges(of: "— [alert:").last else { continue }
            let rest = line[cue.upperBound...]
            let id = String(rest.prefix { $0 != "]" })
            let target = rest.dropFirst(id.count)
            let isEnd = target == "]" || (target.hasPrefix("](") && target.hasSuffix(")") && !target.contains("`"))
            if isEnd, !id.isEmpty, id == OutsideText.identifier(id), !ids.contains(id) { ids.append(id) }
        }
        return ids
    }

    func write(_ question: Question, _ desk: Desk, into answer: inout AnswerText) {
        let outcomes = desk.outcomes(of: AlertQuery.get)
        if outcomes.isEmpty {
            answer.paragraph(
                "I do not know which alert is meant. Name it by its number, for example \"details of alert 42\".",
                "我不清楚指的是哪一条告警，请给出编号，例如“告警 42 的详情”。"
            )
            return
        }
        for outcome in outcomes {
            if TroubleAnswer.write(outcome, into: &answer) { continue }
            guard let row = outcome.rows.first, outcome.status == .ok else {
                Self.writeMissing(outcome, into: &answer)
                continue
            }
            write(row, outcome, into: &answer)
        }
    }

    /// Not found is told with the id that was looked for.
    static func writeMissing(_ outcome: ToolOutcome, into answer: inout AnswerText) {
        let id = OutsideText.code(FilterWords.texts(outcome.call.arguments["id"]).first ?? "")
        answer.paragraph("**No matching alert** with the number \(id).", "**没有匹配的告警**：编号 \(id)。")
        ListAnswer.writeHint(outcome.hint, into: &answer)
    }

    private func write(_ value: JSONValue, _ outcome: ToolOutcome, into answer: inout AnswerText) {
        let row = AlertRow(value)
        answer.paragraph(row.line(.english), row.line(.chinese))
        var items: [String] = []
        if let source = row.source {
            items.append(answer.pick("Source: ", "来源：") + OutsideText.plain(source, limit: 80))
        }
        for (member, english, chinese) in Self.texts {
            guard let text = value[member]?.string, !text.isEmpty else { continue }
            items.append(answer.pick("\(english): ", "\(chinese)：") + OutsideText.plain(text, limit: 400))
        }
        for (member, english, chinese) in [("count", "Events", "事件数"), ("event_count", "Events", "事件数")] {
            if let count = value[member]?.int {
                items.append(answer.pick("\(english): \(count)", "\(chinese)：\(count)"))
            }
        }
        if let labels = value["labels"]?.object, !labels.isEmpty {
            items.append(answer.pick("Labels: ", "标签：") + Self.pairs(labels))
        }
        if let annotations = value["annotations"]?.object, !annotations.isEmpty {
            items.append(answer.pick("Annotations: ", "注释：") + Self.pairs(annotations))
        }
        answer.list(items)
        writeEvents(value, into: &answer)
        if let hint = outcome.hint, !hint.isEmpty {
            ListAnswer.writeHint(hint, into: &answer)
        } else if outcome.truncated {
            answer.paragraph("The result was cut; this is a part of it.", "结果被截断，以上只是其中一部分。")
        }
    }

    private static let texts = [
        ("description", "Description", "描述"), ("content", "Content", "内容"), ("summary", "Summary", "摘要"),
        ("assignee", "Assignee", "负责人"), ("item", "Item", "指标"), ("resource_type", "Resource type", "资源类型"),
    ]

    private static func pairs(_ object: JSONObject) -> String {
        var parts: [String] = []
        for (name, value) in object.members.prefix(20) {
            parts.append(OutsideText.code("\(name)=\(value.string ?? value.text)", limit: 160))
        }
        if object.count > 20 { parts.append("…") }
        return parts.joined(separator: " ")
    }

    private func writeEvents(_ value: JSONValue, into answer: inout AnswerText) {
        guard let events = value["events"]?.array, !events.isEmpty else { return }
        let total = value["events_total"]?.int ?? value["event_count"]?.int ?? events.count
        let shown = events.prefix(10)
        answer.paragraph(
            "Events (\(shown.count) of \(max(total, events.count))):",
            "事件（显示 \(shown.count) 条，共 \(max(total, events.count)) 条）："
        )
        answer.list(
            shown.map { event in
                let time = ["at", "time", "occurred_at", "started_at", "received_at", "created_at"].lazy
                    .compactMap { event[$0]?.string }.first
                let words = ["status", "action", "level"].compactMap { event[$0]?.string }
                let title = event["title"]?.string ?? event["description"]?.string
                var line = time.map { OutsideText.plain($0, limit: 40) } ?? answer.pick("no time", "无时间")
                for word in words { line += " " + OutsideText.plain(word, limit: 24) }
                if let title { line += " “\(OutsideText.plain(title, limit: 120))”" }
                return line
            }
        )
    }

    func examples(_ language: AnswerLanguage) -> [String] {
        language == .english ? ["Details of alert 42"] : ["告警 42 的详情"]
    }
}
