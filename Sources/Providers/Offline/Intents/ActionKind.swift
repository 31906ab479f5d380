// Which command is given, and how commands are told from questions about the same words.

/// What somebody wants done.
enum ActionKind: Sendable, Hashable {
    case acknowledge, assign, close, createIncident, shield
    /// Understood as a command, and nothing that there is a tool for.
    case other

    /// The tool for it.
    var tool: String? {
        switch self {
        case .acknowledge: "alert_acknowledge"
        case .assign: "alert_assign"
        case .close: "alert_close"
        case .createIncident: "incident_create"
        case .shield: "shield_create"
        case .other: nil
        }
    }

    /// What a text commands; nil when it commands nothing.
    init?(_ question: Question) {
        let words = question.utterance.words
        guard words.count > 1 || words.first?.isHan == true else { return nil }
        if let position = words.firstIndex(where: { !Self.politeness.contains($0.lower) }), !words[position].isHan {
            let verb = words[position].lower
            if Self.makes.contains(verb) {
                // "Create an incident", but "open incidents" are asked for.
                let next = words[(position + 1)...].prefix(3).map(\.lower)
                guard next.contains("incident"), verb != "open" || next.first == "an" || next.first == "a" else {
                    return nil
                }
                self = .createIncident
                return
            }
            guard let known = Self.english.first(where: { $0.verbs.contains(verb) }) else { return nil }
            self = known.kind
            return
        }
        guard let kind = Self.chinese(question) else { return nil }
        self = kind
    }

    private static func chinese(_ question: Question) -> ActionKind? {
        var text = question.utterance.compact[...]
        while let opening = openings.first(where: { text.hasPrefix($0) }) { text = text.dropFirst(opening.count) }
        if let found = verbs.first(where: { text.hasPrefix($0.verb) }) { return found.kind }
        let namesAlert = !question.own.alertIDs.isEmpty
        // 确认 is "acknowledge" of an alert that is named, and "make sure" else.
        if text.hasPrefix("确认"), namesAlert { return .acknowledge }
        // 把告警42关闭, 告警42关闭一下: the verb stands behind.
        let isMoved = question.utterance.says("把") || question.utterance.compact.hasPrefix("将")
        let isLast = namesAlert && ends.contains { end in verbs.contains { text.hasSuffix($0.verb + end) } }
        guard isMoved || isLast else { return nil }
        if let found = verbs.first(where: { question.utterance.says($0.verb) }) { return found.kind }
        return namesAlert && question.utterance.says("确认") ? .acknowledge : nil
    }

    private static let politeness: Set<String> = [
        "please", "can", "could", "you", "would", "pls", "now", "then", "i", "want", "need", "to", "let", "us", "and",
    ]
    private static let makes: Set<String> = ["create", "open", "make", "start", "raise", "declare", "new"]
    private static let english: [(kind: ActionKind, verbs: Set<String>)] = [
        (.acknowledge, ["acknowledge", "ack", "claim"]),
        (.assign, ["assign", "reassign"]),
        (.close, ["close"]),
        (.shield, ["silence", "mute", "shield", "suppress"]),
        (.other, ["resolve", "restart", "reboot", "delete", "kill", "escalate", "unassign"]),
    ]
    private static let openings = [
        "请帮我", "请你", "请", "帮我", "麻烦", "把", "将", "给我", "我要", "我想", "你去", "能不能", "能", "可以",
    ]
    /// The longer ones first where one begins as another does.
    private static let verbs: [(verb: String, kind: ActionKind)] = [
        ("创建事故", .createIncident), ("新建事故", .createIncident), ("建立事故", .createIncident),
        ("创建一个事故", .createIncident), ("新建一个事故", .createIncident),
        ("认领", .acknowledge), ("分派", .assign), ("指派", .assign), ("转派", .assign), ("分配", .assign),
        ("关闭", .close), ("屏蔽", .shield), ("静默", .shield), ("重启", .other), ("删除", .other), ("处理掉", .other),
        ("解决掉", .other),
    ]
    private static let ends = ["", "一下", "掉", "吧"]
}
