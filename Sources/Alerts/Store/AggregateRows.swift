// What the members of aggregates add up to.

import JSON
import Storage

/// The sum of an aggregate's members. Epoch milliseconds.
struct AggregateSum: Sendable {
    var members: Int64
    var open: Int64
    var events: Int64
    var worst: AlertLevel
    var start: Int64
    var lastStart: Int64
    /// The latest end; nil when none has ended.
    var end: Int64?
    var lastEventAt: Int64
    var lastSeenAt: Int64
}

enum AggregateRows {
    /// The sums of the members, by aggregate; nothing for one that has none.
    static func sums(_ aggregates: some Sequence<Int64>, _ connection: any SQLConnection) throws -> [Int64:
        AggregateSum]
    {
        let list = JSONValue.array(aggregates.sorted().map { JSONValue.integer($0) }).text
        let among = connection.dialect.isAmongIntegers("aggregate", "$1")
        let ranks = AlertLevel.allCases.map { "WHEN '\($0.name)' THEN \($0.rawValue)" }.joined(separator: " ")
        var sums: [Int64: AggregateSum] = [:]
        for row in try connection.query(
            """
            SELECT aggregate, COUNT(*) AS members, MIN(started_at) AS first, MAX(started_at) AS last,
                CAST(SUM(CASE WHEN status IN ('firing', 'acknowledged') THEN 1 ELSE 0 END) AS BIGINT) AS unfinished,
                CAST(SUM(event_count) AS BIGINT) AS events, CAST(MIN(CASE level \(ranks) END) AS BIGINT) AS worst,
                MAX(ended_at) AS ended, MAX(last_event_at) AS said, MAX(last_seen_at) AS seen
            FROM alert WHERE aggregate IS NOT NULL AND \(among) GROUP BY aggregate
            """,
            [.text(list)]
        ) {
            sums[try row.int("aggregate")] = AggregateSum(
                members: try row.int("members"),
                open: try row.int("unfinished"),
                events: try row.int("events"),
                worst: AlertLevel(rawValue: try row.int("worst")) ?? .warning,
                start: try row.int("first"),
                lastStart: try row.int("last"),
                end: try row.optionalInt("ended"),
                lastEventAt: try row.int("said"),
                lastSeenAt: try row.int("seen")
            )
        }
        return sums
    }

    /// The open members of aggregates, whole.
    static func openMembers(_ aggregates: [Int64], _ connection: any SQLConnection) throws -> [Alert] {
        guard !aggregates.isEmpty else { return [] }
        let list = JSONValue.array(aggregates.map { JSONValue.integer($0) }).text
        let among = connection.dialect.isAmongIntegers("aggregate", "$1")
        return try connection.query(
            """
            \(AlertRows.select) WHERE aggregate IS NOT NULL AND \(among) AND status IN ('firing', 'acknowledged')
            ORDER BY id\(connection.dialect.forUpdate())
            """,
            [.text(list)]
        ).map(AlertRows.alert)
    }

    /// Gives an aggregate its number in the fingerprint: several of one group may begin at the same moment, when one of
    /// them was ended by a person or lost its members.
    static func distinguish(_ aggregate: Alert, _ connection: any SQLConnection) throws {
        try connection.execute(
            "UPDATE alert SET fingerprint = $2 WHERE id = $1",
            [.integer(aggregate.id), .text(aggregate.fingerprint)]
        )
    }
}
