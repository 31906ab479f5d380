// "Open incidents", "incident 3", "有哪些事故", "事故 3 的详情".

import JSON

/// Incidents: the list, or one by its number.
struct Incidents: IntentFamily {
    static let list = "incident_list"
    private static let get = "incident_get"
    private static let words: Phrases = ["incident", "incidents", "事故", "故障单"]
    private static let open: Phrases = [
        "open", "current", "ongoing", "unresolved", "active", "now", "still", "right now", "未解决", "未关闭", "当前", "现在",
        "进行中", "正在", "处理中",
    ]

    func score(_ question: Question) -> Int {
        guard question.says(Self.words) else { return 0 }
        // "How do I write an incident report?" asks for none.
        let isInstruction: Phrases = [
            "how do i", "how to", "how can i", "write", "mean", "means", "怎么写", "如何写", "是什么意思",
        ]
        return question.says(isInstruction) ? 0 : 78
    }

    /// Where there are no incidents, alerts are what people mean.
    private func standIn(_ question: Question) -> any IntentFamily {
        if !question.own.alertIDs.isEmpty { return AlertDetails() }
        return question.says(Lexicon.howMany) ? AlertCounts() : FiringAlerts()
    }

    func wish(_ question: Question, _ desk: Desk) -> Wish {
        let ids = ActionWords.numbers(question.utterance.words, behind: .incidents)
        if !ids.isEmpty {
            guard let tool = desk.tools[Self.get] else {
                return desk.tools[Self.list] == nil ? standIn(question).wish(question, desk) : .lacking([Self.get])
            }
            let calls = ids.prefix(HostNames.most).compactMap { id in
                var draft = ArgumentDraft(tool)
                draft.set(id: id)
                return draft.call
            }
            return calls.isEmpty ? .lacking([Self.get]) : .calls(calls)
        }
        guard let tool = desk.tools[Self.list] else { return standIn(question).wish(question, desk) }
        var draft = ArgumentDraft(tool)
        if let status = Self.status(question), let property = tool.property(["status", "state"]) {
            let known = status.filter { property.values.isEmpty || property.values.contains($0) }
            if property.takes("array"), !known.isEmpty {
                draft.set(raw: property.name, .array(known.map(JSONValue.string)))
            } else if let first = property.values.first(where: { $0 == "open" && status.count > 1 }) ?? known.first,
                status.count == 1 || first == "open"
            {
                draft.set(raw: property.name, .string(first))
            }
        }
        if let window = question.meaning.window { draft.set(window: window) }
        if let limit = question.meaning.limit { draft.set(limit: limit) }
        return draft.call.map { .calls([$0]) } ?? .lacking([Self.list])
    }

    /// Incidents have states of their own: what is open is pending or processing.
    private static func status(_ question: Question) -> [String]? {
        if question.says(Lexicon.closed) { return ["closed"] }
        if question.says(Self.open) { return ["pending", "processing"] }
        switch question.own.status {
        case .resolved: return ["resolved"]
        case .closed: return ["closed"]
        case .acknowledged: return ["processing"]
        case .unacknowledged: return ["pending"]
        case .firing: return ["pending", "processing"]
        case .any, nil: return nil
        }
    }

    func write(_ question: Question, _ desk: Desk, into answer: inout AnswerText) {
        let lists = desk.outcomes(of: Self.list)
        let ones = desk.outcomes(of: Self.get)
        if lists.isEmpty, ones.isEmpty {
            standIn(question).write(question, desk, into: &answer)
            return
        }
        for outcome in lists where !TroubleAnswer.write(outcome, into: &answer) {
            if outcome.status == .noData || outcome.total == 0 {
                answer.paragraph("**No matching incidents.**", "**没有匹配的事故。**")
                ListAnswer.writeHint(outcome.hint, into: &answer)
            } else {
                ToolRowsAnswer.write(outcome, english: "Incidents", chinese: "事故", into: &answer)
            }
        }
        for outcome in ones where !TroubleAnswer.write(outcome, into: &answer) {
            let id = OutsideText.code(FilterWords.texts(outcome.call.arguments["id"]).first ?? "")
            guard outcome.status == .ok, let row = outcome.rows.first else {
                answer.paragraph("**No incident** with the number \(id).", "**没有**编号为 \(id) 的事故。")
                ListAnswer.writeHint(outcome.hint, into: &answer)
                continue
            }
            answer.paragraph("**Incident \(id)**", "**事故 \(id)**")
            answer.list([ResultDigest.line(row)])
            let alerts = row["alerts"]?.array ?? row["members"]?.array ?? []
            if !alerts.isEmpty {
                answer.paragraph("Its alerts:", "包含的告警：")
                answer.list(
                    alerts.prefix(ListAnswer.most).map { alert in
                        alert["title"] == nil ? ResultDigest.line(alert) : AlertRow(alert).line(question.language)
                    }
                )
            }
            ListAnswer.writeHint(outcome.hint, into: &answer)
        }
    }

    func examples(_ language: AnswerLanguage) -> [String] {
        language == .english ? ["Which incidents are open?"] : ["现在有哪些事故？"]
    }
}
