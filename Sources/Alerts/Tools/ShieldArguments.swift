// Matchers and times of the shield tools, as the body of a shield.

import JSON
import Resources

/// What shield_preview and shield_create are asked for.
struct ShieldArguments: Sendable {
    /// `match_type`, `match_rules`, `suppression_time`.
    var body: JSONObject
    var endsAt: Timestamp?
    /// The matchers in words, for people.
    var words: String

    static let longest: Int64 = 30 * 86_400_000

    static let matchers: JSONValue = [
        "type": "array", "maxItems": 10,
        "items": [
            "type": "object",
            "properties": [
                "name": [
                    "type": "string", "maxLength": 200,
                    "description": "A label, or one of source_id, level, title, content, host, status.",
                ],
                "operator": ["type": "string", "enum": .array(MatchOperator.names.map { .string($0) })],
                "value": ["type": "string", "maxLength": 1000],
            ],
            "required": ["name", "operator", "value"], "additionalProperties": false,
        ],
        "description": "All of them must hold. A missing label counts as empty, so ne and not_contains hold for it.",
    ]

    static func time(_ description: String) -> JSONValue {
        ["type": "string", "maxLength": 40, "description": .string(description)]
    }

    /// - Throws: `FilterFault` in words that a model can mend; what is wrong with a matcher itself the shield tells.
    init(_ arguments: JSONObject, now: Int64, needsEnd: Bool) throws(FilterFault) {
        let matchers = arguments["matchers"]?.array ?? []
        // An empty matcher would hide everything.
        guard !matchers.isEmpty else { throw FilterFault("`matchers` must hold at least one matcher.") }
        var group: [JSONValue] = []
        var texts: [String] = []
        for matcher in matchers {
            let name = matcher["name"]?.string ?? ""
            guard !name.allSatisfy(\.isWhitespace) else { throw FilterFault("`matchers`: a name is empty.") }
            let key = MatchKey(name) == nil ? "labels.\(name)" : name
            let comparison = matcher["operator"]?.string ?? ""
            let value = matcher["value"]?.string ?? ""
            group.append(["key": .string(key), "operator": .string(comparison), "value": .string(value)])
            texts.append("\(key.harmless(limit: 100)) \(comparison) \"\(value.harmless(limit: 200))\"")
        }
        words = texts.joined(separator: " and ")
        body = ["match_type": "filter", "match_rules": .array([.array(group)])]
        let start = try Self.moment("starts_at", arguments, now: now) ?? Timestamp(milliseconds: now)
        endsAt = try Self.moment("ends_at", arguments, now: now)
        guard let end = endsAt else {
            if needsEnd { throw FilterFault("`ends_at` is required.") }
            return
        }
        guard end > start, end.milliseconds > now else {
            throw FilterFault("`ends_at` (\(end.text)) must be later than now and than the start.")
        }
        guard end.milliseconds - now <= Self.longest else {
            throw FilterFault("`ends_at` (\(end.text)) must be within 30 days from now.")
        }
        body["suppression_time"] = ["type": "one", "start_time": start.json, "end_time": end.json]
    }

    /// ISO 8601, or a span from now on: `2h`.
    private static func moment(
        _ name: String,
        _ arguments: JSONObject,
        now: Int64
    ) throws(FilterFault) -> Timestamp? {
        guard let text = arguments[name]?.string, !text.isEmpty, text != "now" else { return nil }
        if let span = AlertFilter.milliseconds(span: text) { return Timestamp(milliseconds: now + span) }
        do throws(TimestampError) {
            return try Timestamp(parsing: text)
        } catch {
            throw FilterFault("`\(name)` \(error.message), or a span from now on such as 30m, 2h or 7d.")
        }
    }
}
