// Says in words what a query was filtered by, read off the arguments that were really sent.

import JSON

/// The filter of a made call, for people.
struct FilterWords: Sendable {
    let arguments: JSONObject
    let language: AnswerLanguage

    init(_ arguments: JSONObject, _ language: AnswerLanguage) {
        self.arguments = arguments
        self.language = language
    }

    /// The status that was filtered by; nil when none was.
    var status: AskedStatus? {
        let value = value("status", "state")
        return AskedStatus(filter: Self.texts(value), isList: value?.array != nil)
    }

    /// `level critical, host `web-1`, last 1 h`; empty when nothing narrowed the query. The status is told apart, as
    /// part of the sentence.
    var withoutStatus: String { parts(withStatus: false).joined(separator: language == .english ? ", " : "，") }

    /// As above with the status, for "no matching alerts in …".
    var whole: String { parts(withStatus: true).joined(separator: language == .english ? ", " : "，") }

    private func parts(withStatus: Bool) -> [String] {
        var parts: [String] = []
        func add(_ english: String, _ chinese: String, _ value: JSONValue?) {
            let texts = Self.texts(value)
            guard !texts.isEmpty else { return }
            let shown = texts.prefix(8).map { OutsideText.code($0) }.joined(
                separator: language == .english ? " or " : "或"
            )
            parts.append(language == .english ? "\(english) \(shown)" : "\(chinese) \(shown)")
        }
        // A mixture of states has no word of its own in the sentence, so it is named here.
        if withStatus || status == nil, status != .any { add("status", "状态", value("status", "state")) }
        add("level", "级别", value("level", "levels", "severity", "severities"))
        add("host", "主机", value("host", "hostname", "instance"))
        for (name, value) in labels {
            name == "host" ? add("host", "主机", .string(value)) : add("label \(name)=", "标签 \(name)=", .string(value))
        }
        add("source", "来源", value("source_id", "source", "source_name", "source_type"))
        add("text", "文本", value("search", "query", "text", "q", "title", "name"))
        if let since = Self.texts(value("since", "from", "start", "started_after", "window")).first {
            parts.append(time(since))
        }
        if let until = Self.texts(value("until", "to", "end")).first {
            parts.append(begun(by: until))
        }
        return parts
    }

    /// `1h` reads as "last 1 h"; a day's name or a date stays as it is.
    private func time(_ since: String) -> String {
        if since == "today" { return language == .english ? "today" : "今天" }
        if since == "yesterday" { return language == .english ? "since yesterday" : "昨天以来" }
        if let seconds = Moments.duration(.string(since)), Int64(since) == nil {
            let span = Moments.span(seconds, language)
            return language == .english ? "last \(span)" : "最近 \(span)"
        }
        return language == .english ? "since \(OutsideText.code(since))" : "自 \(OutsideText.code(since)) 起"
    }

    /// `2d` reads as "begun at least 2 d ago".
    private func begun(by until: String) -> String {
        if let seconds = Moments.duration(.string(until)), Int64(until) == nil {
            let span = Moments.span(seconds, language)
            return language == .english ? "begun at least \(span) ago" : "至少 \(span) 前开始"
        }
        return language == .english ? "begun by \(OutsideText.code(until))" : "在 \(OutsideText.code(until)) 之前开始"
    }

    private func value(_ names: String...) -> JSONValue? {
        names.lazy.compactMap { arguments[$0] }.first
    }

    /// Label filters in any of the three forms that `ArgumentDraft` writes.
    private var labels: [(String, String)] {
        guard let value = value("labels", "label", "matchers") else { return [] }
        var found: [(String, String)] = []
        switch value {
        case .object(let object):
            for (name, value) in object { found.append((OutsideText.identifier(name), value.string ?? value.text)) }
        case .array(let elements):
            for element in elements {
                if let text = element.string {
                    found += Self.pair(text)
                } else if let key = (element["key"] ?? element["name"] ?? element["label"])?.string {
                    found.append((OutsideText.identifier(key), element["value"]?.string ?? ""))
                }
            }
        case .string(let text): found += Self.pair(text)
        default: break
        }
        return found
    }

    private static func pair(_ text: String) -> [(String, String)] {
        guard let sign = text.firstIndex(of: "=") else { return [] }
        let isNegated = text[..<sign].last == "!"
        let name = OutsideText.identifier(String(text[..<sign])) + (isNegated ? " !" : "")
        return [(name, String(text[text.index(after: sign)...]))]
    }

    static func texts(_ value: JSONValue?) -> [String] {
        switch value {
        case .string(let text): text.isEmpty ? [] : [text]
        case .array(let elements): elements.flatMap { texts($0) }
        case .number(let number): [number.text]
        default: []
        }
    }

    /// What the question named and the call could not carry, since the tool has no such argument.
    func leftOut(of meaning: Meaning) -> [String] {
        var names: [String] = []
        func check(_ isAsked: Bool, _ keys: [String], _ english: String, _ chinese: String) {
            guard isAsked, !keys.contains(where: { arguments[$0] != nil }) else { return }
            names.append(language == .english ? english : chinese)
        }
        let search = ["search", "query", "text", "q", "title", "name"]
        check(!meaning.levels.isEmpty, ["level", "levels", "severity", "severities"], "level", "级别")
        let isStatusAsked = meaning.status != nil && meaning.status != .any
        check(isStatusAsked, ["status", "state"], "status", "状态")
        let host = ["host", "hostname", "instance", "labels", "label", "matchers"] + search
        check(!meaning.hosts.isEmpty, host, "host", "主机")
        check(meaning.topic != nil, search, "subject", "主题")
        check(meaning.source != nil, ["source_id", "source", "source_name", "source_type"], "source", "来源")
        check(!meaning.labels.isEmpty, ["labels", "label", "matchers"], "label", "标签")
        check(meaning.minimumAge != nil, ["until", "to", "end", "started_before"], "age", "持续时间")
        check(meaning.window != nil, ["since", "from", "start", "started_after", "window"], "time", "时间")
        return names
    }
}
