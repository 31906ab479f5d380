// The variables of templates: what a composer gives, and what is worked out from it for the reader's sake.

import JSON

enum NoticeVariables {
    /// Labels that are shown one by one.
    private static let shownLabels = 30
    /// Bytes of a description in a message.
    private static let descriptionBytes = 4_000

    /// Variables for one notice: those given, and `headline` (what happened, in words), `level_name`, `color` (HTML),
    /// `tone` (WeCom's font colours), `label_list`, `labels_text`, `people_text`, `is_recovered` and its kin,
    /// `channel`.
    static func one(_ given: JSONObject, channel: String) -> JSONObject {
        var variables = given
        let transition = given["transition"]?.string ?? ""
        let level = given["level"]?.string ?? ""
        let kind = NoticeTransition(rawValue: transition)
        let isOver = kind == .recovered || kind == .incidentClosed
        variables["title"] = .string((given["title"]?.string ?? "").shownLine(limit: 400))
        variables["description"] = .string(
            (given["description"]?.string ?? "").withoutControls.cutVisibly(to: descriptionBytes)
        )
        variables["link"] = .string(safeLink(given["link"]))
        variables["headline"] = .string(headline(kind))
        variables["level_name"] = .string(level.uppercased())
        variables["color"] = .string(isOver ? "#2e7d32" : color(level))
        variables["tone"] = .string(isOver ? "info" : level == "info" ? "comment" : "warning")
        variables["is_recovered"] = .bool(isOver)
        variables["is_reminder"] = .bool(kind == .reminder)
        variables["is_escalation"] = .bool(kind == .escalation)
        variables["is_incident"] = .bool(kind == .incidentOpened || kind == .incidentClosed)
        let labels = labels(given["labels"])
        variables["label_list"] = .array(labels)
        variables["labels_text"] = .string(
            labels.map { "\($0["name"]?.string ?? "")=\($0["value"]?.string ?? "")" }.joined(separator: ", ")
        )
        variables["people_text"] = .string(
            given["people"]?.string ?? (given["people"]?.array ?? []).compactMap(\.string).joined(separator: ", ")
        )
        variables["channel"] = .string(channel)
        return variables
    }

    /// What happened, for the first line.
    private static func headline(_ transition: NoticeTransition?) -> String {
        switch transition {
        case .assignment, nil: "Alert"
        case .escalation: "Escalated"
        case .reminder: "Still open"
        case .raised: "Worse"
        case .recovered: "Recovered"
        case .incidentOpened: "Incident"
        case .incidentClosed: "Incident over"
        }
    }

    private static func color(_ level: String) -> String {
        switch level {
        case "critical": "#c62828"
        case "error": "#e65100"
        case "warning": "#f9a825"
        default: "#1565c0"
        }
    }

    private static func labels(_ value: JSONValue?) -> [JSONValue] {
        (value?.object?.members ?? []).prefix(shownLabels).map { member in
            ["name": .string(member.key), "value": .string(member.value.string ?? member.value.text)]
        }
    }

    /// Only http and https: a link in a mail must not run anything.
    static func safeLink(_ value: JSONValue?) -> String {
        guard let text = value?.string, (try? WebAddress(text.withoutFragment)) != nil else { return "" }
        return text.withoutControls.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F } ? text : ""
    }
}

extension String {
    fileprivate var withoutFragment: String {
        firstIndex(of: "#").map { String(self[..<$0]) } ?? self
    }
}
