// What shares something, in the store: the episodes that one rule groups by the same values.

import JSON
import Storage

/// A rule with the values of its `group_by`.
struct GroupKey: Hashable, Sendable {
    var rule: Int64
    /// A JSON array of texts.
    var values: String

    init(rule: Int64, values: String) {
        self.rule = rule
        self.values = values
    }

    init(rule: Int64, _ values: [String]) {
        self.init(rule: rule, values: JSONValue.array(values.map { .string($0) }).text)
    }

    /// The values again.
    var list: [String] { ((try? JSONValue(parsing: values))?.array ?? []).map { $0.string ?? "" } }
}

/// The two kinds of groups, by the columns in which members remember them.
enum GroupFamily: Sendable {
    case aggregates
    case incidents

    var rule: String { self == .aggregates ? "rule" : "correlation" }
    var key: String { self == .aggregates ? "group_key" : "correlation_key" }
    /// The column that names the aggregate or incident.
    var pointer: String { self == .aggregates ? "aggregate" : "incident" }
    /// An aggregate is a member of incidents, but not of aggregates; one without members is not there any more.
    var condition: String {
        self == .aggregates ? "kind = 'single'" : "(kind = 'single' OR member_count > 0)"
    }
}

/// A row of a group.
struct GroupMember: Sendable {
    var episode: GroupedEpisode
    var pointer: Int64?
    var isHeld: Bool
}

enum GroupRows {
    /// Members that began within the range, by start.
    static func members(
        _ family: GroupFamily,
        _ group: GroupKey,
        _ range: ClosedRange<Int64>,
        _ connection: any SQLConnection
    ) throws -> [GroupMember] {
        try connection.query(
            """
            SELECT id, started_at, CASE WHEN status IN ('firing', 'acknowledged') THEN NULL ELSE ended_at END AS ended,
                \(family.pointer) AS pointer, is_held
            FROM alert WHERE \(family.rule) = $1 AND \(family.key) = $2 AND started_at >= $3 AND started_at <= $4
                AND \(family.condition)
            ORDER BY started_at, id
            """,
            [
                .integer(group.rule), .text(group.values), .integer(range.lowerBound), .integer(range.upperBound),
            ]
        ).map { row in
            GroupMember(
                episode: GroupedEpisode(
                    id: try row.int("id"),
                    start: try row.int("started_at"),
                    end: try row.optionalInt("ended")
                ),
                pointer: try row.optionalInt("pointer"),
                isHeld: try row.bool("is_held")
            )
        }
    }

    /// The first start of what hangs together with `start`: nothing earlier lies in one run with it.
    ///
    /// - Parameters:
    ///   - span: starts no further apart than this hang together.
    ///   - throughDuration: what still went on, or had ended no longer than `span` ago, hangs together as well.
    static func beginning(
        _ family: GroupFamily,
        _ group: GroupKey,
        before start: Int64,
        span: Int64,
        throughDuration: Bool,
        _ connection: any SQLConnection
    ) throws -> Int64 {
        let goesOn =
            throughDuration
            ? " OR status IN ('firing', 'acknowledged') OR ended_at IS NULL OR ended_at >= $4" : ""
        var start = start
        while true {
            let (earliest, isTooEarly) = start.subtractingReportingOverflow(span)
            let row = try connection.query(
                """
                SELECT MIN(started_at) AS earlier FROM alert
                WHERE \(family.rule) = $1 AND \(family.key) = $2 AND started_at < $3 AND \(family.condition)
                    AND (started_at >= $4\(goesOn))
                """,
                [
                    .integer(group.rule), .text(group.values), .integer(start),
                    .integer(isTooEarly ? .min : earliest),
                ]
            ).first
            guard let earlier = try row?.optionalInt("earlier") else { return start }
            start = earlier
        }
    }

    /// Puts members into an aggregate or incident, or out of any.
    static func point(
        _ family: GroupFamily,
        _ members: [Int64],
        to target: Int64?,
        _ connection: any SQLConnection
    ) throws {
        guard !members.isEmpty else { return }
        let list = JSONValue.array(members.map { JSONValue.integer($0) }).text
        let among = connection.dialect.isAmongIntegers("id", "$1")
        // What an aggregation rule looks at and has not put into an aggregate waits for the threshold.
        let held = family == .aggregates ? ", is_held = \(target == nil ? 1 : 0)" : ""
        try connection.execute(
            "UPDATE alert SET \(family.pointer) = $2\(held) WHERE \(among)",
            [.text(list), .optional(target)]
        )
    }
}
