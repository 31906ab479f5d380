// Sources in the store, as the ingest looks them up.

import Identity
import JSON
import Storage

enum SourceRows {
    /// The source that senders call so.
    static func named(_ sourceID: String, _ connection: any SQLConnection) throws -> AlertSource? {
        let rows = try connection.query("SELECT * FROM alert_source WHERE source_id = $1", [.text(sourceID)])
        return try sources(rows, connection).first
    }

    /// The sources that have one of these secrets, or had it before.
    static func withSecret(_ hashes: [CredentialHash], _ connection: any SQLConnection) throws -> [AlertSource] {
        let list = JSONValue.array(hashes.map { .string($0.hexadecimal) }).text
        let current = connection.dialect.isAmongTexts("secret", "$1")
        let previous = connection.dialect.isAmongTexts("previous_secret", "$1")
        let rows = try connection.query(
            "SELECT * FROM alert_source WHERE \(current) OR \(previous) ORDER BY id LIMIT 20",
            [.text(list)]
        )
        return try sources(rows, connection)
    }

    /// With the words for levels that hold for all sources. When these change, so does `updated_at` of every source.
    private static func sources(_ rows: [SQLRow], _ connection: any SQLConnection) throws -> [AlertSource] {
        guard !rows.isEmpty else { return [] }
        let words = try LevelRows.words(connection)
        return try rows.map { row in
            var source = try AlertSource(row)
            source.levels = source.levels.knowing(words)
            return source
        }
    }

    /// Those of the sources that are no longer as they were when they were looked up; and the version of the rules by
    /// now, nil when there are none of the sources any more.
    static func changed(
        _ sources: [AlertSource],
        _ connection: any SQLConnection
    ) throws -> (sources: Set<Int64>, rules: Int64?) {
        let ids = Set(sources.map(\.id))
        let list = JSONValue.array(ids.sorted().map { JSONValue.integer($0) }).text
        let among = connection.dialect.isAmongIntegers("id", "$1")
        var known: [Int64: Int64] = [:]
        var version: Int64?
        for row in try connection.query(
            """
            SELECT id, updated_at, (SELECT version FROM alert_rule_version WHERE id = 1) AS rules
            FROM alert_source WHERE \(among)
            """,
            [.text(list)]
        ) {
            known[try row.int("id")] = try row.int("updated_at")
            version = try row.int("rules")
        }
        return (Set(sources.filter { known[$0.id] != $0.updatedAt }.map(\.id)), version)
    }
}
