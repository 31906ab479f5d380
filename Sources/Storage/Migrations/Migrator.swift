// Brings a store's schema to what the program needs, once, whoever comes first.

/// Applies the steps that are missing, in the order of their numbers, all in one transaction under a lock. Applied
/// steps are recorded in `schema_migrations(number, name, applied_at)`.
package struct Migrator: Sendable {
    private let migrations: [Migration]
    /// Any number will do that nobody else uses for `pg_advisory_xact_lock`.
    private static let lockKey: Int64 = 0x6F70_7367_6174_6501

    package init(_ migrations: [Migration]) {
        self.migrations = migrations.sorted { $0.number < $1.number }
    }

    /// Throws `.schemaTooNew` when the store has a step that is not in the list, `.schemaMismatch` when the list is out
    /// of order or does not fit to the store, and what the statements throw; then nothing has changed.
    package func migrate(_ database: any Database) async throws {
        try checkList()
        try await database.write { connection in try apply(on: connection) }
    }

    private func apply(on connection: any SQLConnection) throws {
        try Self.lock(connection)
        try connection.execute(
            "CREATE TABLE IF NOT EXISTS schema_migrations "
                + "(number BIGINT PRIMARY KEY, name TEXT NOT NULL, applied_at BIGINT NOT NULL)"
        )
        var applied: [Int: String] = [:]
        for row in try connection.query("SELECT number, name FROM schema_migrations") {
            applied[Int(try row.int("number"))] = try row.text("name")
        }
        try checkAgainst(applied)
        for migration in migrations where applied[migration.number] == nil {
            for statement in migration.statements(connection.dialect) { try connection.execute(statement) }
            try connection.execute(
                "INSERT INTO schema_migrations (number, name, applied_at) "
                    + "VALUES ($1, $2, \(connection.dialect.nowMilliseconds))",
                [.int(migration.number), .text(migration.name)]
            )
        }
    }

    /// SQLite's write transaction is a lock already.
    private static func lock(_ connection: any SQLConnection) throws(DatabaseError) {
        guard connection.dialect == .postgresql else { return }
        // A stricter level would go on to see the store as it was before the lock was granted.
        try connection.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
        try connection.execute("SET LOCAL statement_timeout = 0")
        _ = try connection.query("SELECT CAST(pg_advisory_xact_lock($1) AS TEXT) AS locked", [.integer(lockKey)])
    }

    private func checkList() throws(DatabaseError) {
        for (earlier, later) in zip(migrations, migrations.dropFirst()) {
            if earlier.number == later.number {
                throw DatabaseError(.schemaMismatch, "two migrations have the number \(later.number)")
            }
            if earlier.range == later.range, earlier.number + 1 != later.number {
                throw DatabaseError(
                    .schemaMismatch,
                    "between the migrations \(earlier.number) and \(later.number) there is a gap"
                )
            }
        }
        if let first = migrations.first, first.number < 1 {
            throw DatabaseError(.schemaMismatch, "migration \(first.number): numbers begin with 1")
        }
    }

    private func checkAgainst(_ applied: [Int: String]) throws(DatabaseError) {
        let known = Dictionary(migrations.map { ($0.number, $0) }, uniquingKeysWith: { first, _ in first })
        if let unknown = applied.keys.filter({ known[$0] == nil }).max() {
            throw DatabaseError(
                .schemaTooNew,
                "the store has migration \(unknown) (\(applied[unknown] ?? "")), which this program does not know; "
                    + "run a newer program"
            )
        }
        for migration in migrations {
            if let name = applied[migration.number] {
                if name != migration.name {
                    throw DatabaseError(
                        .schemaMismatch,
                        "migration \(migration.number) is \"\(migration.name)\" here and \"\(name)\" in the store"
                    )
                }
            } else if let later = applied.keys.filter({ $0 / 20 == migration.range && $0 > migration.number }).min() {
                throw DatabaseError(
                    .schemaMismatch,
                    "the store has migration \(later), but not \(migration.number) before it"
                )
            }
        }
    }
}
