// From a command to the call of a write tool; what the command leaves open is asked for, never filled in.

import JSON

/// What the offline model can make of a command.
enum ActionProposal: Sendable {
    /// What a command must name.
    enum Piece: Sendable {
        case alerts, people, reason, matchers, time
    }

    case calls([PlannedCall])
    /// There is no such tool here.
    case lacking(String)
    case missing(Piece)
    /// Not to be done with any tool that the offline model knows.
    case unable

    init(_ kind: ActionKind, _ question: Question, _ desk: Desk) {
        let namesIncident = !ActionWords.numbers(question.utterance.words, behind: .incidents).isEmpty
        guard let name = kind.tool, kind == .createIncident || !namesIncident else {
            self = .unable
            return
        }
        guard let tool = desk.tools[name] else {
            self = .lacking(name)
            return
        }
        switch kind {
        case .shield: self = Self.shield(tool, question)
        default: self = Self.alerts(kind, tool, question, desk)
        }
    }

    private static func alerts(
        _ kind: ActionKind,
        _ tool: OfferedTool,
        _ question: Question,
        _ desk: Desk
    ) -> ActionProposal {
        let ids = ids(question, desk)
        guard !ids.isEmpty else { return .missing(.alerts) }
        var draft = ArgumentDraft(tool)
        draft.set(list: ["alert_ids", "ids", "alerts"], ids)
        let words = question.utterance
        switch kind {
        case .assign:
            let people = ActionWords.people(words)
            guard !people.isEmpty else { return .missing(.people) }
            draft.set(list: ["assignees", "assignee", "operators", "users"], people)
            if let note = ActionWords.note(words) { draft.set(text: ["note", "comment"], note) }
        case .close:
            if let reason = ActionWords.reason(words) ?? ActionWords.note(words) {
                draft.set(text: ["reason", "comment"], reason)
            }
            if tool.required.contains("reason"), draft.arguments["reason"] == nil { return .missing(.reason) }
        case .createIncident:
            // Not invented: it says which alerts they are, and the person sees it before it is used.
            let title = ActionWords.title(words)
            if title != nil || tool.required.contains("title") {
                draft.set(text: ["title"], title ?? "Alerts \(ids.joined(separator: ", "))")
            }
            if let level = question.own.levels.first { draft.set(levels: [level]) }
        default:
            if let note = ActionWords.note(words) { draft.set(text: ["note", "comment"], note) }
        }
        return draft.call.map { .calls([$0]) } ?? .lacking(tool.name)
    }

    private static func shield(_ tool: OfferedTool, _ question: Question) -> ActionProposal {
        let groups = matchers(question)
        guard !groups.isEmpty else { return .missing(.matchers) }
        guard let window = TimeWindow(lengthIn: question.utterance) else { return .missing(.time) }
        let comment = ActionWords.note(question.utterance) ?? OutsideText.bounded(question.utterance.raw, 200)
        let calls = groups.compactMap { matchers in
            var draft = ArgumentDraft(tool)
            draft.set(matchers: matchers)
            draft.set(text: ["ends_at", "end", "duration"], window.argument)
            draft.set(text: ["comment", "reason", "note"], comment)
            return draft.call
        }
        return calls.isEmpty ? .lacking(tool.name) : .calls(calls)
    }

    /// Matchers hold together, so that two hosts are two shields; labels belong to each of them.
    static func matchers(_ question: Question) -> [[(name: String, value: String)]] {
        let labels = question.meaning.labels.compactMap { text -> (name: String, value: String)? in
            guard let sign = text.firstIndex(of: "=") else { return nil }
            return (String(text[..<sign]), String(text[text.index(after: sign)...]))
        }
        let hosts = question.meaning.hosts.filter { host in !labels.contains { $0.value == host } }
        guard !hosts.isEmpty else { return labels.isEmpty ? [] : [labels] }
        return hosts.map { [("host", $0)] + labels }
    }

    /// The alerts that a command names: by number, by place in the last answer, or as "it" where that is one.
    private static func ids(_ question: Question, _ desk: Desk) -> [String] {
        let named = ActionWords.numbers(question.utterance.words, behind: .alerts)
        if !named.isEmpty { return named }
        if question.own.ordinal != nil { return AlertDetails.ids(question, desk) }
        guard pointer.isSaid(in: question.utterance) else { return [] }
        let cited = AlertDetails.cited(in: desk.lastAnswer ?? "")
        return cited.count == 1 ? cited : []
    }

    private static let pointer: Phrases = ["it", "this", "that", "this one", "that one", "它", "这条", "那条", "这个"]
}
