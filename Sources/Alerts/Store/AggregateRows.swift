// Aggregates in the store, beside what they have in common with other alerts.

import JSON
import Storage

enum AggregateRows {
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

    /// Those of aggregates that a person or a rule has ended. All of them are locked.
    static func ended(among aggregates: Set<Int64>, _ connection: any SQLConnection) throws -> Set<Int64> {
        guard !aggregates.isEmpty else { return [] }
        let list = JSONValue.array(aggregates.sorted().map { JSONValue.integer($0) }).text
        let among = connection.dialect.isAmongIntegers("id", "$1")
        return Set(
            try connection.query(
                "SELECT id, closed_at FROM alert WHERE \(among) ORDER BY id\(connection.dialect.forUpdate())",
                [.text(list)]
            ).compactMap { try $0.optionalInt("closed_at") == nil ? nil : try $0.int("id") }
        )
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
