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
    /// Where the run began that it is in, as far as it was noted: of sessions only.
    var run: Int64?
}

/// The last start, and until when the group went on that it is in: nil, it still does.
struct GroupBefore: Sendable {
    var last: Int64
    var end: Int64?
}

enum GroupRows {
    private static let isOpen = "status IN ('firing', 'acknowledged')"

    /// The newest members that began within the range, by start.
    ///
    /// - Parameter limit: at most so many.
    static func newest(
        _ limit: Int,
        _ family: GroupFamily,
        _ group: GroupKey,
        _ range: ClosedRange<Int64>,
        _ connection: any SQLConnection
    ) throws -> [GroupMember] {
        try connection.query(
            """
            SELECT id, started_at, CASE WHEN \(isOpen) THEN NULL ELSE ended_at END AS ended,
                \(family.pointer) AS pointer, is_held, run_at
            FROM alert WHERE \(family.rule) = $1 AND \(family.key) = $2 AND started_at >= $3 AND started_at <= $4
                AND \(family.condition)
            ORDER BY started_at DESC, id DESC LIMIT $5
            """,
            [
                .integer(group.rule), .text(group.values), .integer(range.lowerBound), .integer(range.upperBound),
                .int(limit),
            ]
        ).reversed().map(member)
    }

    /// The members next to an episode by start and id.
    static func neighbours(
        _ family: GroupFamily,
        _ group: GroupKey,
        of episode: GroupedEpisode,
        _ connection: any SQLConnection
    ) throws -> (before: GroupMember?, after: GroupMember?) {
        func one(_ comparison: String, _ order: String) throws -> GroupMember? {
            try connection.query(
                """
                SELECT id, started_at, CASE WHEN \(isOpen) THEN NULL ELSE ended_at END AS ended,
                    \(family.pointer) AS pointer, is_held, run_at
                FROM alert WHERE \(family.rule) = $1 AND \(family.key) = $2 AND (started_at, id) \(comparison) ($3, $4)
                    AND \(family.condition)
                ORDER BY started_at \(order), id \(order) LIMIT 1
                """,
                [.integer(group.rule), .text(group.values), .integer(episode.start), .integer(episode.id)]
            ).first.map(member)
        }
        return (try one("<", "DESC"), try one(">", "ASC"))
    }

    private static func member(_ row: SQLRow) throws -> GroupMember {
        GroupMember(
            episode: GroupedEpisode(
                id: try row.int("id"),
                start: try row.int("started_at"),
                end: try row.optionalInt("ended")
            ),
            pointer: try row.optionalInt("pointer"),
            isHeld: try row.bool("is_held"),
            run: try row.optionalInt("run_at")
        )
    }

    /// Of an aggregate or incident, the members that go on, the first to begin first.
    static func open(
        _ limit: Int,
        _ family: GroupFamily,
        of target: Int64,
        _ connection: any SQLConnection
    ) throws -> [(id: Int64, start: Int64)] {
        try connection.query(
            "SELECT id, started_at FROM alert WHERE \(family.pointer) = $1 AND \(isOpen) "
                + "ORDER BY started_at, id LIMIT $2",
            [.integer(target), .int(limit)]
        ).map { (try $0.int("id"), try $0.int("started_at")) }
    }

    /// Of an aggregate or incident, the members before one of them (by start and id): how many, counted up to `enough`,
    /// and until when they went on. Costs a look at as many rows as began later, at the most.
    static func earlier(
        _ family: GroupFamily,
        of target: Int64,
        than member: GroupedEpisode,
        enough: Int,
        _ connection: any SQLConnection
    ) throws -> (count: Int, reach: Int64) {
        let isMine = "\(family.pointer) = $1 AND (started_at, id) < ($2, $3)"
        let levels = AlertLevel.names.map { "'\($0)'" }.joined(separator: ", ")
        let row = try connection.query(
            """
            SELECT
                (SELECT COUNT(*) FROM (SELECT 1 FROM alert WHERE \(isMine) AND level IN (\(levels)) LIMIT $4) e) AS found,
                (SELECT COUNT(*) FROM (SELECT 1 FROM alert WHERE \(isMine) AND \(isOpen) LIMIT 1) o) AS unfinished,
                (SELECT ended_at FROM alert WHERE \(isMine) AND ended_at IS NOT NULL ORDER BY ended_at DESC LIMIT 1)
                    AS ended
            """,
            [.integer(target), .integer(member.start), .integer(member.id), .int(enough)]
        ).first
        guard let row else { return (0, .min) }
        let reach = try row.int("unfinished") > 0 ? Int64.max : try row.optionalInt("ended") ?? .min
        return (Int(clamping: try row.int("found")), reach)
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

    /// Notes where the run of members began.
    static func note(run: Int64, of members: [Int64], _ connection: any SQLConnection) throws {
        let list = JSONValue.array(members.map { JSONValue.integer($0) }).text
        let among = connection.dialect.isAmongIntegers("id", "$1")
        try connection.execute("UPDATE alert SET run_at = $2 WHERE \(among)", [.text(list), .integer(run)])
    }

    /// What began last before a moment, besides what people or rules ended: a member without a group, and the newest
    /// group. Nil if that has lost its members.
    static func before(
        _ moment: Int64,
        _ family: GroupFamily,
        _ group: GroupKey,
        _ connection: any SQLConnection
    ) throws -> [GroupBefore]? {
        let parameters: [SQLValue] = [.integer(group.rule), .text(group.values), .integer(moment)]
        var all = try connection.query(
            """
            SELECT started_at FROM alert
            WHERE \(family.rule) = $1 AND \(family.key) = $2 AND \(family.pointer) IS NULL AND started_at < $3
                AND \(family.condition)
            ORDER BY started_at DESC LIMIT 1
            """,
            parameters
        ).map { row in
            let start = try row.int("started_at")
            return GroupBefore(last: start, end: start)
        }
        let newest =
            switch family {
            case .aggregates:
                """
                SELECT id FROM alert
                WHERE rule = $1 AND group_key = $2 AND aggregate IS NULL AND kind = 'aggregate' AND closed_at IS NULL
                    AND member_count > 0 AND started_at < $3
                ORDER BY started_at DESC LIMIT 1
                """
            case .incidents:
                """
                SELECT id FROM alert_incident
                WHERE rule = $1 AND group_key = $2 AND started_at < $3
                    AND (closed_by IS NULL OR status IN ('pending', 'processing'))
                ORDER BY last_alert_at DESC LIMIT 1
                """
            }
        if let target = try connection.query(newest, parameters).first?.int("id") {
            // The rows of groups are brought in agreement with their members at the end of a transaction only.
            guard let extent = try MemberRows.extents(family, [target], connection)[target] else { return nil }
            all.append(GroupBefore(last: extent.lastStart, end: extent.isOpen ? nil : extent.end ?? extent.lastStart))
        }
        return all
    }
}
