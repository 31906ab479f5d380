// One connection to a SQLite file: opened the safe way, with cached statements and transactions.

import CSQLite
import Glibc

/// Owns a `sqlite3`. Lives on one thread.
final class SQLiteConnection: SQLConnection {
    let dialect = SQLDialect.sqlite
    let isReader: Bool
    /// The first failure of the running job; it can then only be undone.
    private(set) var failure: DatabaseError?

    private let handle: OpaquePointer
    private var statements = StatementCache<String, SQLiteStatement>()
    /// The driver's own, kept apart so that a body cannot reach a BEGIN or COMMIT through the cache.
    private var ownStatements: [String: SQLiteStatement] = [:]
    private var savepointDepth = 0
    private let deadline: SQLiteDeadline?

    /// Opens the file, creating it (mode 0600) when it is missing.
    init(path: String, isReader: Bool, options: DatabaseOptions) throws(DatabaseError) {
        if !isReader { try Self.createFile(path) }
        var handle: OpaquePointer?
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_PRIVATECACHE
        let result = sqlite3_open_v2(path, &handle, flags, nil)
        guard result == SQLITE_OK, let handle else {
            let text = sqlite3_errstr(result).map { String(cString: $0) } ?? "error \(result)"
            sqlite3_close_v2(handle)
            throw DatabaseError(.unavailable, "cannot open \(path): \(text)", code: String(result))
        }
        self.handle = handle
        self.isReader = isReader
        self.deadline = isReader ? SQLiteDeadline(options.statementTimeout) : nil
        sqlite3_busy_timeout(handle, Int32(clamping: options.busyTimeout.milliseconds))
        // Not even a faulty statement may harm the file; and double quotes mean names only, as for PostgreSQL.
        _ = opsgate_sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1)
        _ = opsgate_sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0)
        _ = opsgate_sqlite3_db_config(handle, SQLITE_DBCONFIG_DQS_DML, 0)
        _ = opsgate_sqlite3_db_config(handle, SQLITE_DBCONFIG_DQS_DDL, 0)
        deadline?.install(on: handle)
        try switchToWAL(patience: options.busyTimeout)
        var pragmas = [
            "PRAGMA synchronous = FULL",  // in WAL mode: each commit is synced, and survives a loss of power
            "PRAGMA foreign_keys = ON",
            "PRAGMA case_sensitive_like = ON",  // as for PostgreSQL
            "PRAGMA journal_size_limit = 67108864",
        ]
        if isReader { pragmas.append("PRAGMA query_only = ON") }
        for pragma in pragmas { try run(pragma) }
    }

    deinit {
        // Statements first: a connection with open statements does not close.
        statements.removeAll()
        ownStatements.removeAll()
        sqlite3_close_v2(handle)
    }

    func query(_ sql: String, _ parameters: [SQLValue]) throws(DatabaseError) -> [SQLRow] {
        try guarded { () throws(DatabaseError) in
            try statement(sql).run(parameters, on: handle, isReader: isReader, collectingRows: true)
        }
    }

    func execute(_ sql: String, _ parameters: [SQLValue]) throws(DatabaseError) -> Int {
        try guarded { () throws(DatabaseError) in
            let before = sqlite3_total_changes64(handle)
            _ = try statement(sql).run(parameters, on: handle, isReader: isReader, collectingRows: false)
            // sqlite3_changes keeps the last count when a statement changes nothing.
            return sqlite3_total_changes64(handle) == before ? 0 : Int(sqlite3_changes64(handle))
        }
    }

    func savepoint<T>(_ body: () throws -> T) throws -> T {
        let name = "part\(savepointDepth)"
        try guarded { () throws(DatabaseError) in try run("SAVEPOINT \(name)") }
        savepointDepth += 1
        defer { savepointDepth -= 1 }
        do {
            let value = try body()
            if let failure { throw failure }
            try guarded { () throws(DatabaseError) in try run("RELEASE \(name)") }
            return value
        } catch {
            // Out of the transaction means that SQLite has undone everything; that cannot be mended here.
            if isInTransaction {
                do {
                    try run("ROLLBACK TO \(name)")
                    try run("RELEASE \(name)")
                    failure = nil
                } catch {
                    failure = error
                }
            }
            throw error
        }
    }

    // MARK: for the threads that run jobs

    /// Whether a transaction is open. SQLite closes it by itself after some failures (disk full, I/O error).
    var isInTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }

    /// Whether foreign keys are broken that would make the COMMIT fail.
    var hasBrokenDeferredKeys: Bool {
        var current: Int32 = 0
        var highest: Int32 = 0
        sqlite3_db_status(handle, SQLITE_DBSTATUS_DEFERRED_FKS, &current, &highest, 0)
        return current != 0
    }

    /// Runs one job's body; throws also when the body hid the failure of a statement.
    func perform(_ job: Job) throws -> Job.Delivery {
        failure = nil
        savepointDepth = 0
        deadline?.restart()
        let delivery = try job.run(self)
        if let failure { throw failure }
        return delivery
    }

    /// Runs a statement of the driver's own.
    func run(_ sql: String) throws(DatabaseError) {
        _ = try ownStatement(sql).run([], on: handle, isReader: isReader, collectingRows: false)
    }

    private func guarded<T>(_ body: () throws(DatabaseError) -> T) throws(DatabaseError) -> T {
        if let failure {
            throw DatabaseError(.statement, "an earlier statement of the transaction failed: \(failure.message)")
        }
        deadline?.restart()
        // Rows are written behind answers: between two statements whoever else is ready has the processor first. A request
        // would wait for a whole batch otherwise.
        defer { if !isReader { sched_yield() } }
        do {
            return try body()
        } catch {
            failure = error
            throw error
        }
    }

    private func statement(_ sql: String) throws(DatabaseError) -> SQLiteStatement {
        if let statement = statements.statement(for: sql) { return statement }
        if let refusal = StatementText.refusal(of: sql) { throw refusal }
        let statement = try SQLiteStatement(sql, on: handle, isReader: isReader)
        _ = statements.insert(statement, for: sql)
        return statement
    }

    private func ownStatement(_ sql: String) throws(DatabaseError) -> SQLiteStatement {
        if let statement = ownStatements[sql] { return statement }
        let statement = try SQLiteStatement(sql, on: handle, isReader: isReader)
        ownStatements[sql] = statement
        return statement
    }

    /// Two processes that open a new file at once can find it locked without SQLite waiting for the other.
    private func switchToWAL(patience: Duration) throws(DatabaseError) {
        let deadline = ContinuousClock.now + patience
        while true {
            do throws(DatabaseError) {
                let statement = try ownStatement("PRAGMA journal_mode = WAL")
                let rows = try statement.run([], on: handle, isReader: isReader, collectingRows: true)
                if rows.first?["journal_mode"] == .text("wal") { return }
                throw DatabaseError(.unavailable, "the file system does not allow SQLite's write-ahead log")
            } catch {
                if error.kind != .busy || ContinuousClock.now > deadline { throw error }
                usleep(10_000)
            }
        }
    }

    private static func createFile(_ path: String) throws(DatabaseError) {
        // O_EXCL: closing a descriptor of an existing file would drop the locks that this process holds on it.
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        if descriptor >= 0 {
            close(descriptor)
        } else if errno != EEXIST {
            throw DatabaseError(.unavailable, "cannot create \(path): \(String(cString: strerror(errno)))")
        }
    }
}
