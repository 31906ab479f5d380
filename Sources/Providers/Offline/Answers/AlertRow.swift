// One alert of a tool's result, as a line of Markdown.

import JSON

/// A row of `alerts_list`, or the object of `alert_get`. Members that are missing are left out, never invented.
struct AlertRow: Sendable {
    let id: String
    let title: String
    let level: String
    let status: String
    let startedAt: String?
    let endedAt: String?
    /// Seconds, as the tool gave them or as the two times give them.
    let duration: Int64?
    let host: String?
    let source: String?
    let link: String?
    /// Called like the alerts that prove by firing that alerting works (`ops.md` 1.4, E6).
    let isHeartbeat: Bool

    init(_ row: JSONValue) {
        id = OutsideText.identifier(FilterWords.texts(row["id"]).first ?? "")
        title = row["title"]?.string ?? row["name"]?.string ?? ""
        level = row["level"]?.string ?? row["severity"]?.string ?? ""
        status = row["status"]?.string ?? ""
        startedAt = row["started_at"]?.string
        endedAt = row["ended_at"]?.string
        let labels = row["labels"]
        host = [row["host"], labels?["host"], labels?["instance"]].lazy.compactMap { $0?.string }.first { !$0.isEmpty }
        let name = labels?["alertname"]?.string ?? title
        isHeartbeat = ["watchdog", "deadmansswitch", "deadmanssnitch"].contains(name.lowercased())
        source = row["source"]?.string ?? row["source"]?["name"]?.string
        link = row["link"]?.string
        if let given = Moments.duration(row["duration"]) {
            duration = given
        } else if let start = startedAt.flatMap(Moments.seconds), let end = endedAt.flatMap(Moments.seconds) {
            duration = max(0, end - start)
        } else {
            duration = nil
        }
    }

    /// Where it stands in time, for "the longest"; rows without a time come last.
    var startSeconds: Int64 { startedAt.flatMap(Moments.seconds) ?? .max }

    /// `[alert:42](link)`: the citation that every claim carries.
    var citation: String {
        OutsideText.link(id.isEmpty ? "alert" : "alert:\(id)", to: link)
    }

    private var isOver: Bool { endedAt != nil || AskedStatus(spelling: status) == .resolved || status == "closed" }

    func levelWord(_ language: AnswerLanguage) -> String {
        guard let known = AlertLevel(rawValue: level) else { return OutsideText.plain(level, limit: 24) }
        return language == .english ? known.rawValue : "\(known.rawValue)（\(known.chinese)）"
    }

    func statusWord(_ language: AnswerLanguage) -> String {
        if language == .english { return OutsideText.plain(status.isEmpty ? "status unknown" : status, limit: 24) }
        switch status {
        case "firing": return "触发中"
        case "acknowledged": return "已确认"
        case "resolved": return "已恢复"
        case "closed": return "已关闭"
        case "": return "状态未知"
        default: return OutsideText.plain(status, limit: 24)
        }
    }

    /// `firing since 2026-01-01T10:00:00Z, for 12 min`; `resolved, 2026-… to 2026-…, lasted 5 min`.
    func timeWords(_ language: AnswerLanguage) -> String {
        let start = startedAt.map { OutsideText.plain($0, limit: 40) }
        let end = endedAt.map { OutsideText.plain($0, limit: 40) }
        let span = duration.map { Moments.span($0, language) }
        var words = statusWord(language)
        if language == .english {
            if isOver {
                if let start { words += ", from \(start)" + (end.map { " to \($0)" } ?? "") }
                if let span { words += ", lasted \(span)" }
            } else {
                if let start { words += " since \(start)" }
                if let span { words += ", for \(span)" }
            }
        } else {
            if isOver {
                if let start { words += "，从 \(start)" + (end.map { " 到 \($0)" } ?? "") }
                if let span { words += "，历时 \(span)" }
            } else {
                if let start { words += "，自 \(start) 起" }
                if let span { words += "，已持续 \(span)" }
            }
        }
        return words
    }

    /// The whole line. The level stands first, so that no text from outside begins a block of Markdown.
    func line(_ language: AnswerLanguage) -> String {
        var line = level.isEmpty ? "" : "**\(levelWord(language))** "
        line += title.isEmpty ? (language == .english ? "(no title)" : "（无标题）") : "“\(OutsideText.plain(title))”"
        if let host { line += (language == .english ? " on " : "，主机 ") + OutsideText.code(host) }
        line += language == .english ? ", " : "，"
        line += timeWords(language)
        if isHeartbeat {
            line += language == .english ? " (a heartbeat by its name: meant to fire)" : "（按名称是心跳告警，本应一直触发）"
        }
        return "\(line) — \(citation)"
    }
}
