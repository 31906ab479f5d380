// What the members of aggregates and incidents come to, by a few looks into indexes: the costs do not grow with them.

import JSON
import Storage

/// Of the members of an aggregate or incident. Epoch milliseconds.
struct MemberExtent: Sendable, Hashable {
    var start: Int64
    var lastStart: Int64
    var worst: AlertLevel
    /// The first start of those with the worst level.
    var worstStart: Int64
    /// Whether one of them goes on.
    var isOpen: Bool
    /// The latest end; nil when none has ended.
    var end: Int64?
}

/// What can only be had by reading all members.
struct MemberCounts: Sendable, Hashable {
    var members: Int64
    var events: Int64
    var lastEventAt: Int64
    var lastSeenAt: Int64
}

enum MemberRows {
    /// By aggregate or incident; nothing for one that has no members.
    static func extents(
        _ family: GroupFamily,
        _ targets: some Sequence<Int64>,
        _ connection: any SQLConnection
    ) throws -> [Int64: MemberExtent] {
        let pointer = family.pointer
        let columns = AlertLevel.names.flatMap { level in
            ["MIN", "MAX"].map { function in
                "(SELECT \(function)(started_at) FROM alert WHERE \(pointer) = t.id AND level = '\(level)') "
                    + "AS \(level)_\(function.lowercased())"
            }
        }
        let open = "SELECT 1 FROM alert WHERE \(pointer) = t.id AND status IN ('firing', 'acknowledged')"
        var extents: [Int64: MemberExtent] = [:]
        for row in try connection.query(
            """
            SELECT t.id, \(columns.joined(separator: ", ")), CASE WHEN EXISTS (\(open)) THEN 1 ELSE 0 END AS is_open,
                (SELECT MAX(ended_at) FROM alert WHERE \(pointer) = t.id) AS ended
            FROM \(connection.dialect.integers("$1")) AS t
            """,
            [.text(JSONValue.array(targets.sorted().map { JSONValue.integer($0) }).text)]
        ) {
            var extent: MemberExtent?
            for level in AlertLevel.allCases {
                guard let first = try row.optionalInt("\(level.name)_min"),
                    let last = try row.optionalInt("\(level.name)_max")
                else { continue }
                let known = extent
                extent = MemberExtent(
                    start: min(known?.start ?? first, first),
                    lastStart: max(known?.lastStart ?? last, last),
                    worst: known?.worst ?? level,
                    worstStart: known?.worstStart ?? first,
                    isOpen: try row.bool("is_open"),
                    end: try row.optionalInt("ended")
                )
            }
            extents[try row.int("id")] = extent
        }
        return extents
    }

    /// The first of an incident's alerts by start, fingerprint and id.
    ///
    /// - Parameters:
    ///   - level: of those with this level only.
    ///   - start: the first of all these starts.
    static func first(
        of incident: Int64,
        level: AlertLevel?,
        start: Int64,
        _ connection: any SQLConnection
    ) throws -> Int64? {
        var first: (fingerprint: String, id: Int64)?
        for level in level.map({ [$0] }) ?? AlertLevel.allCases {
            guard
                let row = try connection.query(
                    """
                    SELECT id, fingerprint FROM alert WHERE incident = $1 AND level = $2 AND started_at = $3
                    ORDER BY fingerprint, id LIMIT 1
                    """,
                    [.integer(incident), .text(level.name), .integer(start)]
                ).first
            else { continue }
            let found = (fingerprint: try row.text("fingerprint"), id: try row.int("id"))
            if first.map({ precedes(found, $0) }) ?? true { first = found }
        }
        return first?.id
    }

    /// As the store orders texts: by their bytes.
    private static func precedes(_ one: (String, Int64), _ other: (String, Int64)) -> Bool {
        one.0 == other.0 ? one.1 < other.1 : one.0.utf8.lexicographicallyPrecedes(other.0.utf8)
    }

    /// By aggregate; nothing for one that has no members. Reads all of them.
    static func counts(
        _ aggregates: some Sequence<Int64>,
        _ connection: any SQLConnection
    ) throws -> [Int64: MemberCounts] {
        let list = JSONValue.array(aggregates.sorted().map { JSONValue.integer($0) }).text
        let among = connection.dialect.isAmongIntegers("aggregate", "$1")
        var counts: [Int64: MemberCounts] = [:]
        for row in try connection.query(
            """
            SELECT aggregate, COUNT(*) AS members, CAST(SUM(event_count) AS BIGINT) AS events,
                MAX(last_event_at) AS said, MAX(last_seen_at) AS seen
            FROM alert WHERE aggregate IS NOT NULL AND \(among) GROUP BY aggregate
            """,
            [.text(list)]
        ) {
            counts[try row.int("aggregate")] = MemberCounts(
                members: try row.int("members"),
                events: try row.int("events"),
                lastEventAt: try row.int("said"),
                lastSeenAt: try row.int("seen")
            )
        }
        return counts
    }
}
