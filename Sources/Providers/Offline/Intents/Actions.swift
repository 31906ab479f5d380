// "Acknowledge alert 42", "关闭告警 42": proposed as a call; whether it runs is the person's affair.

import JSON

/// Commands. What is not named is asked for: a person approves exact arguments, so none may be made up.
struct Actions: IntentFamily {
    func score(_ question: Question) -> Int {
        ActionKind(question) == nil ? 0 : 90
    }

    func wish(_ question: Question, _ desk: Desk) -> Wish {
        guard let kind = ActionKind(question) else { return .words }
        switch ActionProposal(kind, question, desk) {
        case .calls(let calls): return .calls(calls)
        case .lacking(let tool): return .lacking([tool])
        case .missing, .unable: return .words
        }
    }

    func write(_ question: Question, _ desk: Desk, into answer: inout AnswerText) {
        let outcomes = desk.outcomes
        for outcome in outcomes where !TroubleAnswer.write(outcome, into: &answer) {
            let tool = OutsideText.code(outcome.call.name)
            if outcome.status == .noData {
                answer.paragraph("\(tool): nothing was changed.", "\(tool)：没有任何改动。")
            } else {
                answer.paragraph("**Done** (\(tool)).", "**已执行**（\(tool)）。")
            }
            answer.list(Array(ResultDigest.items(of: outcome.data).prefix(ListAnswer.most)))
            if let warning = outcome.data["warning"]?.string ?? outcome.message {
                let text = OutsideText.plain(warning, limit: 400)
                answer.paragraph("Note: \(text)", "注意：\(text)")
            }
            ListAnswer.writeHint(outcome.hint, into: &answer)
        }
        guard outcomes.isEmpty, let kind = ActionKind(question) else { return }
        switch ActionProposal(kind, question, desk) {
        case .missing(let piece): Self.ask(piece, into: &answer)
        case .calls, .lacking, .unable:
            answer.paragraph(
                "I understand that something should be done, but not with what I have: I can acknowledge, assign and "
                    + "close alerts, create an incident of alerts, and shield a host, where the bot may.",
                "我理解这是一个操作请求，但我无法执行：在机器人被授权时，我可以认领、分派和关闭告警，用告警创建事故，以及屏蔽主机。"
            )
        }
    }

    private static func ask(_ piece: ActionProposal.Piece, into answer: inout AnswerText) {
        switch piece {
        case .alerts:
            answer.paragraph(
                "Which alerts? Name each by its number, for example \"acknowledge alert 42\".",
                "是哪些告警？请逐一给出编号，例如“认领告警 42”。"
            )
        case .people:
            answer.paragraph(
                "To whom? Name the user, for example \"assign alert 42 to bob\".",
                "分派给谁？请给出用户名，例如“把告警 42 分派给 bob”。"
            )
        case .reason:
            answer.paragraph(
                "Why? Give the reason, for example \"close alert 42 because the disk was replaced\".",
                "为什么？请给出原因，例如“关闭告警 42，原因：磁盘已更换”。"
            )
        case .matchers:
            answer.paragraph(
                "What should be shielded? Name a host or a label, for example \"silence host db-1 for 2 hours\".",
                "要屏蔽什么？请给出主机或标签，例如“屏蔽主机 db-1 2小时”。"
            )
        case .time:
            answer.paragraph(
                "For how long? For example \"silence host db-1 for 2 hours\".",
                "屏蔽多久？例如“屏蔽主机 db-1 2小时”。"
            )
        }
    }

    func examples(_ language: AnswerLanguage) -> [String] {
        language == .english ? ["Acknowledge alert 42"] : ["认领告警 42"]
    }
}
