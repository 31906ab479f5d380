// Which transactions must go one after the other, on PostgreSQL. SQLite has one writer anyway.

import JSON
import Storage

/// Advisory locks: for fingerprints, and for teams whose alerts are grouped by rules.
///
/// A group joins rows of many fingerprints, and which group an alert belongs to is known only after it has been read;
/// by then its row is locked, and a lock for the group alone could wait for somebody who waits for the row. So all
/// alerts of a team whose rules group are one lock, taken together with those of the fingerprints, before any row is
/// read and in the order of their numbers: nobody who holds one waits for a smaller one.
enum PipelineLocks {
    /// Any number that nobody else uses for advisory locks; and few locks, since PostgreSQL has room for thousands.
    private static let base: Int64 = 0x6F70_7367_616C_0000
    private static let fingerprints: UInt64 = 64
    private static let teams: Int64 = 32
    /// The last number: who holds it waits for no other. Ingest shares it; see `waitForIngest`.
    private static let rules = base + Int64(fingerprints) + teams

    /// Must be the first in a transaction, since the level of isolation cannot be changed later.
    static func begin(_ connection: any SQLConnection) throws {
        guard connection.dialect == .postgresql else { return }
        // Under the stricter level the store would be seen as it was before the locks were granted. The locks, the
        // row locks and the unique indexes do what it would have done.
        try connection.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
    }

    /// - Parameters:
    ///   - deliveries: whose fingerprints will be touched.
    ///   - teams: whose alerts may be; nil for all that have rules.
    static func take(
        _ deliveries: [Delivery],
        teams: Set<Int64>? = nil,
        _ rules: RuleBook,
        _ connection: any SQLConnection
    ) throws {
        guard connection.dialect == .postgresql else { return }
        var keys: Set<Int64> = []
        for delivery in deliveries {
            for event in delivery.events {
                var hash = FNV1a()
                hash.add(delivery.source.id)
                hash.addField(event.fingerprint)
                keys.insert(base + Int64(hash.value % fingerprints))
            }
        }
        let grouping = Set(rules.aggregations.map(\.team)).union(rules.correlations.map(\.team))
        for team in teams.map(grouping.intersection) ?? grouping {
            keys.insert(base + Int64(fingerprints) + Int64(UInt64(bitPattern: team) % UInt64(Self.teams)))
        }
        if !deliveries.isEmpty { keys.insert(Self.rules) }
        guard !keys.isEmpty else { return }
        let list = JSONValue.array(keys.sorted().map { JSONValue.integer($0) }).text
        _ = try connection.query(
            """
            SELECT CASE CAST(e AS BIGINT) WHEN $2 THEN CAST(pg_advisory_xact_lock_shared($2) AS TEXT)
                ELSE CAST(pg_advisory_xact_lock(CAST(e AS BIGINT)) AS TEXT) END AS locked
            FROM json_array_elements_text(CAST($1 AS JSON)) e
            """,
            [.text(list), .integer(Self.rules)]
        )
    }

    /// Waits until every ingest has ended that may have gone by other rules than those in force when this is called.
    /// One that begins later sees them: it compares the version again once it has its locks.
    static func waitForIngest(_ connection: any SQLConnection) throws {
        guard connection.dialect == .postgresql else { return }
        _ = try connection.query(
            "SELECT CAST(pg_advisory_xact_lock($1) AS TEXT) AS locked",
            [.integer(Self.rules)]
        )
    }
}
