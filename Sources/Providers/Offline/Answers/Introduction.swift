// What the offline model says of itself: what it can do with the tools that it has been given.

/// Stands above the first answer of a conversation.
enum Introduction {
    static func write(_ tools: OfferedTools, into answer: inout AnswerText) {
        var english = [
            "I am OpsGate's offline model: by fixed rules I list and count alerts, check a host, "
                + "say since when an alert fires, and show its details."
        ]
        var chinese = ["我是 OpsGate 的离线模型：按固定规则列出和统计告警、查看主机、说明告警从何时开始，并给出告警详情。"]
        let more = offered(views, tools)
        if !more.isEmpty {
            english.append("I also show \(joined(more.map(\.english), "and")).")
            chinese.append("还可以查看\(joined(more.map(\.chinese)))。")
        }
        // Without the words of an approval, which is read off the answer.
        let acts = offered(acts, tools)
        if !acts.isEmpty {
            english.append(
                "Told to, I \(joined(acts.map(\.english), "and")); what needs approval waits for yours."
            )
            chinese.append("可按指令\(joined(acts.map(\.chinese)))；需要批准的操作会等你批准。")
        }
        answer.paragraph(english.joined(separator: " "), chinese.joined())
    }

    static func writeNoTools(into answer: inout AnswerText) {
        answer.paragraph(
            "I have no tools here, so I cannot look anything up. Ask a bot that has the alert tools, "
                + "for example `ops-assistant-bot`.",
            "这里没有可用的工具，我无法查询数据。请向带有告警工具的机器人提问，例如 `ops-assistant-bot`。"
        )
    }

    // MARK: Abilities

    private typealias Ability = (tool: String, english: String, chinese: String)

    private static let views: [Ability] = [
        (AlertTimeline.tool, "an alert's history", "告警的经过"), (Incidents.list, "incidents", "事故"),
        (Notified.tool, "who was notified", "通知记录"), (ShieldPreview.tool, "what a shield would hide", "屏蔽会影响哪些告警"),
    ]

    private static let acts: [Ability] = [
        (ActionKind.acknowledge, "acknowledge alerts", "认领告警"), (.assign, "assign alerts", "分派告警"),
        (.close, "close alerts", "关闭告警"), (.createIncident, "create incidents", "创建事故"),
        (.shield, "shield hosts", "屏蔽主机"),
    ].compactMap { kind, english, chinese in kind.tool.map { ($0, english, chinese) } }

    private static func offered(_ abilities: [Ability], _ tools: OfferedTools) -> [Ability] {
        abilities.filter { tools[$0.tool] != nil }
    }

    private static func joined(_ words: [String], _ and: String) -> String {
        guard let last = words.last, words.count > 1 else { return words.joined() }
        return words.dropLast().joined(separator: ", ") + " \(and) " + last
    }

    private static func joined(_ words: [String]) -> String {
        guard let last = words.last, words.count > 1 else { return words.joined() }
        return words.dropLast().joined(separator: "、") + "和" + last
    }
}
