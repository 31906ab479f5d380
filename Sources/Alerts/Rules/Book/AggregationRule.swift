// An aggregation rule: which alerts become one, and within which windows.

import JSON
package import Resources

/// How long alerts are gathered. Spans are milliseconds.
package enum AggregationWindow: Sendable, Hashable {
    /// Windows of one length that follow each other, beginning with each unit of the alignment (UTC): 10 minutes within
    /// the hour are :00, :10 … A last window that does not fit ends with the unit. A length beyond the unit counts from
    /// the epoch.
    case fixed(size: Int64, alignment: Int64)
    /// As long as the last alert is no further away than this from the next.
    case sliding(size: Int64)
    /// Until nothing came for `timeout`; at most `maximum` in all.
    case session(timeout: Int64, maximum: Int64)

    /// The fixed window around a moment; nil for the other kinds, which have no borders of their own.
    package func fixedWindow(at moment: Int64) -> Range<Int64>? {
        guard case .fixed(let size, let alignment) = self else { return nil }
        func floor(_ moment: Int64, _ span: Int64) -> Int64 {
            let rest = moment % span
            return moment - (rest < 0 ? rest + span : rest)
        }
        guard size < alignment else {
            let start = floor(moment, size)
            return start..<(start + size)
        }
        let unit = floor(moment, alignment)
        let start = unit + floor(moment - unit, size)
        return start..<min(start + size, unit + alignment)
    }
}

/// A row of `alert_aggregation_rule`, ready to be asked.
package struct AggregationRule: Sendable {
    package var id: Int64
    package var team: Int64
    package var name: String
    package var matches: MatchRules
    /// Empty: all.
    package var levels: Set<AlertLevel>
    /// Names as in match rules; what is equal in all of them is gathered. Empty: everything that matches.
    package var groupBy: [String]
    package var window: AggregationWindow
    /// Members that it takes to tell of the aggregate.
    package var threshold: Int
    /// Silence after which the aggregate is closed, in milliseconds; nil: never.
    package var closeAfter: Int64?
    /// See `RuleTitle`; empty: the rule's name and the values.
    package var title: String
    package var priority: Int64

    package static let windowTypes = ["fixed", "sliding", "session"]
    package static let alignments = ["minute", "hour", "day"]

    package init(_ record: ResourceRecord) throws(RuleFaults) {
        var reader = RuleReader(record)
        id = record.id
        team = reader.integer("team")
        name = reader.text("name")
        matches = reader.matchRules()
        levels = reader.levels("levels")
        groupBy = reader.keys("group_by")
        window = reader.window()
        threshold = Int(reader.integer("threshold"))
        let close = reader.duration("close_time", 0...RuleDuration.maximum)
        closeAfter = close == 0 ? nil : close
        title = reader.title(keys: groupBy)
        priority = reader.integer("priority")
        try reader.finish()
    }

    /// Whether it gathers an alert of a team.
    package func takes(_ subject: MatchSubject, team: Int64) -> Bool {
        team == self.team && (levels.isEmpty || levels.contains(subject.level)) && matches.matches(subject)
    }
}

extension RuleReader {
    fileprivate mutating func levels(_ field: String) -> Set<AlertLevel> {
        var levels: Set<AlertLevel> = []
        for (index, value) in (json(field).array ?? []).enumerated() {
            if let level = value.string.flatMap({ AlertLevel($0) }) {
                levels.insert(level)
            } else {
                note("\(field)[\(index)]", "must be one of \(AlertLevel.names.joined(separator: ", ")) or 0 to 3")
            }
        }
        return levels
    }

    fileprivate mutating func window() -> AggregationWindow {
        let week: Int64 = 7 * 86_400_000
        switch text("window_type") {
        case "fixed":
            let alignment: Int64 =
                switch text("alignment") {
                case "day": 86_400_000
                case "hour": 3_600_000
                default: 60_000
                }
            return .fixed(size: duration("window_size", 1_000...week), alignment: alignment)
        case "sliding":
            return .sliding(size: duration("window_size", 1_000...week))
        case "session":
            let timeout = duration("session_timeout", 1_000...week)
            let maximum = duration("max_window_size", 1_000...week)
            if maximum < timeout { note("max_window_size", "must not be shorter than session_timeout") }
            return .session(timeout: timeout, maximum: maximum)
        default:
            note("window_type", "must be one of \(AggregationRule.windowTypes.joined(separator: ", "))")
            return .sliding(size: week)
        }
    }
}
