// "How many alerts are firing by level?", "每台主机有多少告警".

import JSON

/// Numbers of alerts, in all and by group.
struct AlertCounts: IntentFamily {
    func score(_ question: Question) -> Int {
        let isGrouped = question.own.groupBy != nil
        guard question.says(Lexicon.howMany) || isGrouped else { return 0 }
        let isPlain = question.isShort(words: 4, characters: 8)
        let isAboutAlerts =
            isPlain || question.namesAlerts || question.isFollowUp || !question.meaning.hosts.isEmpty
            || question.meaning.topic != nil
            || (question.own.status != nil && question.meaning.status != nil) || question.own.groupBy == "host"
        return isAboutAlerts ? 60 : 0
    }

    func wish(_ question: Question, _ desk: Desk) -> Wish {
        // The levels say most where nobody asked for another split; within one level they say nothing.
        let groupBy = question.meaning.groupBy ?? (question.meaning.levels.count == 1 ? nil : "level")
        return AlertQuery(question).countWish(desk.tools, groupBy: groupBy)
    }

    func write(_ question: Question, _ desk: Desk, into answer: inout AnswerText) {
        let counts = desk.outcomes(of: AlertQuery.count)
        for outcome in counts.isEmpty ? desk.outcomes(of: AlertQuery.list) : counts {
            write(outcome, question, into: &answer)
        }
    }

    private func write(_ outcome: ToolOutcome, _ question: Question, into answer: inout AnswerText) {
        if TroubleAnswer.write(outcome, into: &answer) { return }
        let language = question.language
        let filter = FilterWords(outcome.call.arguments, language)
        let groups = Self.groups(outcome)
        let isList = outcome.call.name == AlertQuery.list
        let total =
            outcome.total ?? (outcome.data["total"] ?? outcome.data["count"])?.int
            ?? (isList ? outcome.rows.count : groups.reduce(0) { $0 + $1.count })
        if outcome.status == .noData || total == 0 {
            ListAnswer.writeNothing(filter, into: &answer, hint: outcome.hint)
            answer.paragraph("The count is 0.", "数量为 0。")
        } else {
            let headline = ListAnswer.headline(total, filter)
            let isSplit = question.own.groupBy != nil && groups.count > 1 && outcome.data["other"] == nil
            answer.paragraph(
                "**\(headline)**" + (isSplit ? ", in \(groups.count) groups" : ""),
                "**\(headline)**" + (isSplit ? "，共 \(groups.count) 组" : "")
            )
            let colon = answer.pick(": ", "：")
            answer.list(groups.prefix(60).map { $0.name + colon + String($0.count) })
            if let other = outcome.data["other"]?.int {
                answer.list([answer.pick("all other groups: \(other)", "其余分组：\(other)")])
            } else if outcome.truncated {
                answer.paragraph(
                    "The groups are not complete; the total of \(total) is.",
                    "分组没有全部列出，但总数 \(total) 是准确的。"
                )
            }
            ListAnswer.writeHint(outcome.hint, into: &answer)
        }
        var leftOut = filter.leftOut(of: question.meaning)
        if let groupBy = question.own.groupBy, outcome.call.arguments["group_by"] == nil {
            leftOut.append(Self.name(groupBy, language))
        }
        ListAnswer.writeLeftOut(leftOut, into: &answer)
    }

    private static func name(_ key: String, _ language: AnswerLanguage) -> String {
        if language == .english { return "groups by \(key)" }
        let names = ["level": "级别", "source": "来源", "status": "状态", "host": "主机"]
        return "\(names[key] ?? key)分组"
    }

    /// `{"groups": [{"key", "count"}]}`, or the array itself.
    private static func groups(_ outcome: ToolOutcome) -> [(name: String, count: Int)] {
        let list =
            outcome.data["groups"]?.array ?? (outcome.call.name == AlertQuery.count ? outcome.data.array : nil) ?? []
        return list.compactMap { group in
            guard let count = group["count"]?.int else { return nil }
            let key = group["key"]?.string ?? group["key"]?.text ?? ""
            return (key.isEmpty || key == "null" ? "(–)" : OutsideText.code(key), count)
        }
    }

    func examples(_ language: AnswerLanguage) -> [String] {
        language == .english ? ["How many alerts are firing, by level?"] : ["各级别分别有多少告警？"]
    }
}
