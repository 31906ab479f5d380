// What a tool was asked for, read from its arguments once: conditions, and the words that repeat the question.

import Identity
import JSON
import Resources
import Storage

/// A filter on alerts as the tools take it.
struct AlertFilter: Sendable {
    var statuses: [AlertStatus] = []
    var levels: [AlertLevel] = []
    var handling: [HandlingState] = []
    var operatorName: String?
    var sources: [String] = []
    var host: String?
    var search: String?
    var labels: [LabelMatcher] = []
    var since: Timestamp?
    var until: Timestamp?

    /// JSON Schema of the members that filters share. Names and order are fixed: upstreams cache prompts.
    static let properties: JSONObject = [
        "status": [
            "type": "array", "items": ["type": "string", "enum": ["firing", "acknowledged", "resolved", "closed"]],
            "maxItems": 4, "description": "Only these states. What goes on now is firing and acknowledged.",
        ],
        "level": [
            "type": "array", "items": ["type": "string", "enum": .array(AlertLevel.names.map { .string($0) })],
            "maxItems": 4, "description": "Only these levels.",
        ],
        "handling": [
            "type": "array", "items": ["type": "string", "enum": .array(HandlingState.names.map { .string($0) })],
            "maxItems": 5,
            "description": "Only where people stand with it: unassigned, pending (given, not taken), processing.",
        ],
        "operator": ["type": "string", "maxLength": 255, "description": "Only what was given to this user."],
        "source_id": ["type": "string", "maxLength": 100, "description": "Only this alert source."],
        "host": [
            "type": "string", "maxLength": 255, "description": "Only this host or instance, e.g. web-01 or 10.0.0.5.",
        ],
        "search": ["type": "string", "maxLength": 200, "description": "Text in title, description or host."],
        "labels": [
            "type": "array", "items": ["type": "string", "maxLength": 500], "maxItems": 10,
            "description": "Label matchers, all of which hold: name=value or name!=value.",
        ],
        "since": [
            "type": "string", "maxLength": 40,
            "description":
                "Only what still went on at or after this time: ISO 8601, or a span back from now: 30m, 2h, 7d.",
        ],
        "until": [
            "type": "string", "maxLength": 40, "description": "Only what had begun by this time; written as since.",
        ],
    ]

    /// - Throws: `FilterFault` in words that a model can mend.
    init(_ arguments: JSONObject, now: Int64) throws(FilterFault) {
        statuses = (arguments["status"]?.array ?? []).compactMap { $0.string.flatMap(AlertStatus.init(rawValue:)) }
        levels = (arguments["level"]?.array ?? []).compactMap { $0.string.flatMap { AlertLevel($0) } }
        handling = (arguments["handling"]?.array ?? []).compactMap { $0.string.flatMap(HandlingState.init(rawValue:)) }
        operatorName = Self.text(arguments["operator"])
        sources = Self.text(arguments["source_id"]).map { [$0] } ?? []
        host = Self.text(arguments["host"])
        search = Self.text(arguments["search"])
        for item in arguments["labels"]?.array ?? [] {
            let text = (item.string ?? "").storable
            guard let matcher = LabelMatcher(text) else {
                throw FilterFault("`labels`: \(text.harmless(limit: 80)) is not of the form name=value or name!=value.")
            }
            labels.append(matcher)
        }
        since = try Self.moment("since", arguments, now: now)
        until = try Self.moment("until", arguments, now: now)
        if let since, let until, since > until {
            throw FilterFault("`since` (\(since.text)) is later than `until` (\(until.text)).")
        }
    }

    /// All conditions, the caller's teams among them.
    func conditions(_ caller: Caller, _ dialect: SQLDialect) -> SQLFragment {
        var all: [SQLFragment] = []
        if let scope = caller.teamCondition(column: "alert.team") { all.append(scope) }
        if !statuses.isEmpty { all.append(AlertConditions.statuses(statuses)) }
        if !levels.isEmpty { all.append(AlertConditions.levels(levels)) }
        if !handling.isEmpty { all.append(AlertConditions.handling(handling)) }
        if let operatorName { all.append(AlertConditions.hasOperator(operatorName, dialect)) }
        if !sources.isEmpty { all.append(AlertConditions.sources(sources)) }
        if let host { all.append(AlertConditions.host(host)) }
        if let search { all.append(AlertConditions.search(search)) }
        all += labels.map(AlertConditions.label)
        if let since { all.append(AlertConditions.since(since)) }
        if let until { all.append(AlertConditions.until(until)) }
        if dialect == .sqlite, case .state? = narrowing { all.append(AlertAccess.everyState) }
        return SQLFragment.joined(all, " AND ", empty: "1 = 1")
    }

    /// The question in words: `status firing, host web-9, since 2025-…`; `no filter` when there is none.
    var words: String {
        var parts: [String] = []
        if !statuses.isEmpty { parts.append("status \(statuses.map(\.rawValue).joined(separator: " or "))") }
        if !levels.isEmpty { parts.append("level \(levels.map(\.name).joined(separator: " or "))") }
        if !handling.isEmpty { parts.append("handling \(handling.map(\.rawValue).joined(separator: " or "))") }
        if let operatorName { parts.append("operator \(operatorName)") }
        if let source = sources.first { parts.append("source_id \(source)") }
        if let host { parts.append("host \(host)") }
        if let search { parts.append("text \"\(search)\"") }
        parts += labels.map { "label \($0.text)" }
        if let since { parts.append("since \(since.text)") }
        if let until { parts.append("until \(until.text)") }
        return parts.isEmpty ? "no filter" : parts.joined(separator: ", ").harmless(limit: 600)
    }

    /// Tells one question from another, so that a cursor is not taken to a list that it does not belong to. Spans
    /// back from now mean another moment with every call, and so do not count.
    func digest(_ arguments: JSONObject) -> String {
        var hash = FNV1a()
        for name in Self.properties.keys {
            hash.addField(name)
            if let value = arguments[name], value != .null { hash.addField(value.text) }
        }
        return hash.hexadecimal
    }

    private static func text(_ value: JSONValue?) -> String? {
        guard let text = value?.string?.storable, !text.allSatisfy(\.isWhitespace) else { return nil }
        return text
    }

    /// A time or a span back from now, as tools take it.
    static func moment(
        _ name: String,
        _ arguments: JSONObject,
        now: Int64
    ) throws(FilterFault) -> Timestamp? {
        guard let text = text(arguments[name]) else { return nil }
        if let span = milliseconds(span: text) { return Timestamp(milliseconds: now - span) }
        if text == "now" { return Timestamp(milliseconds: now) }
        do throws(TimestampError) {
            return try Timestamp(parsing: text)
        } catch {
            throw FilterFault("`\(name)` \(error.message), or a span back from now such as 30m, 2h or 7d.")
        }
    }

    /// `90s`, `30m`, `2h`, `7d`, `2w`, with or without a minus sign.
    static func milliseconds(span text: String) -> Int64? {
        var rest = text.drop { $0 == "-" }
        guard let unit = rest.popLast(), let number = Int64(rest), number >= 0, number < 100_000 else { return nil }
        switch unit {
        case "s": return number * 1000
        case "m": return number * 60_000
        case "h": return number * 3_600_000
        case "d": return number * 86_400_000
        case "w": return number * 604_800_000
        default: return nil
        }
    }
}

/// Arguments that make no sense, in words for a model.
struct FilterFault: Error {
    var message: String
    var hint: String?

    init(_ message: String, hint: String? = nil) {
        self.message = message
        self.hint = hint
    }
}
