// One connection to a PostgreSQL server: prepared statements, transactions, and knowing when it is lost.

import CPostgreSQL

/// Owns a `PGconn`. Lives on one worker thread, where its calls may block.
final class PostgreSQLConnection: SQLConnection {
    let dialect = SQLDialect.postgresql
    /// The first failure of the running job; the transaction can then only be undone.
    private(set) var failure: DatabaseError?

    /// A statement failed because what the server had prepared is out of date (another process changed the tables).
    private(set) var hasStaleStatements = false

    private let handle: OpaquePointer
    private let settings: PostgreSQLSettings
    private var statements = StatementCache<StatementKey, PreparedStatement>()
    private var preparedCount = 0
    private var savepointDepth = 0

    /// The same text with parameters of other types (NULL among them) is another statement for the server.
    private struct StatementKey: Hashable {
        let sql: String
        let types: [Oid]
    }

    private final class PreparedStatement {
        let name: String
        var columns: SQLColumns?
        init(name: String) { self.name = name }
    }

    /// Connects; throws `.unavailable` with libpq's reason.
    init(_ settings: PostgreSQLSettings, statementTimeout: Duration) throws(DatabaseError) {
        guard let handle = Self.connect(settings) else {
            throw DatabaseError(.unavailable, "no memory for a connection")
        }
        self.handle = handle
        self.settings = settings
        guard PQstatus(handle) == CONNECTION_OK else {
            throw DatabaseError(.unavailable, settings.cleaned(String(cString: PQerrorMessage(handle))))
        }
        PQsetNoticeProcessor(handle, { _, _ in }, nil)
        _ = try run("SET standard_conforming_strings = on")
        _ = try run("SET bytea_output = 'hex'")
        _ = try run("SET statement_timeout = \(statementTimeout.milliseconds)")
        _ = try run("SET idle_in_transaction_session_timeout = \(statementTimeout.milliseconds + 60_000)")
        // What was acknowledged must be on disk, even where the server's default says otherwise.
        _ = try run(
            "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
        )
    }

    deinit { PQfinish(handle) }

    func query(_ sql: String, _ parameters: [SQLValue]) throws(DatabaseError) -> [SQLRow] {
        try guarded { () throws(DatabaseError) in
            let (result, statement) = try run(sql, parameters)
            defer { PQclear(result) }
            return rows(result, statement)
        }
    }

    func execute(_ sql: String, _ parameters: [SQLValue]) throws(DatabaseError) -> Int {
        try guarded { () throws(DatabaseError) in
            // Must come before anything that takes a snapshot, and a prepared statement that has to be looked over anew
            // takes one.
            if parameters.isEmpty, sql.hasPrefix("SET TRANSACTION ") {
                _ = try run(sql)
                return 0
            }
            let (result, _) = try run(sql, parameters)
            defer { PQclear(result) }
            // A SELECT reports its rows here too, but changes none.
            if PQresultStatus(result) == PGRES_TUPLES_OK, String(cString: PQcmdStatus(result)).hasPrefix("SELECT") {
                return 0
            }
            return Int(String(cString: PQcmdTuples(result))) ?? 0
        }
    }

    func savepoint<T>(_ body: () throws -> T) throws -> T {
        let name = "part\(savepointDepth)"
        try guarded { () throws(DatabaseError) in _ = try run("SAVEPOINT \(name)") }
        savepointDepth += 1
        defer { savepointDepth -= 1 }
        do {
            let value = try body()
            if let failure { throw failure }
            try guarded { () throws(DatabaseError) in _ = try run("RELEASE \(name)") }
            return value
        } catch {
            // What calls for a repetition of the whole transaction cannot be mended in a part of it.
            if !isLost, !hasStaleStatements, failure.map(PostgreSQLErrors.isTransient) != true {
                do {
                    _ = try run("ROLLBACK TO \(name)")
                    _ = try run("RELEASE \(name)")
                    failure = nil
                } catch {
                    failure = error
                }
            }
            throw error
        }
    }

    // MARK: for the worker

    /// Whether the connection is of no use any more.
    var isLost: Bool { PQstatus(handle) != CONNECTION_OK }

    /// Runs one job's body; throws also when the body hid the failure of a statement.
    func perform(_ job: Job) throws -> Job.Delivery {
        failure = nil
        savepointDepth = 0
        let delivery = try job.run(self)
        if let failure { throw failure }
        return delivery
    }

    /// Prepares everything anew from now on. Outside transactions only.
    func forgetStatements() throws(DatabaseError) {
        statements.removeAll()
        hasStaleStatements = false
        _ = try run("DEALLOCATE ALL")
    }

    /// Runs a statement of the driver's own and returns its command tag.
    func run(_ sql: String) throws(DatabaseError) -> String {
        let result = try checked(PQexec(handle, sql))
        defer { PQclear(result) }
        return String(cString: PQcmdStatus(result))
    }

    private func guarded<T>(_ body: () throws(DatabaseError) -> T) throws(DatabaseError) -> T {
        if let failure {
            throw DatabaseError(.statement, "an earlier statement of the transaction failed: \(failure.message)")
        }
        do {
            return try body()
        } catch {
            failure = error
            throw error
        }
    }

    private func run(
        _ sql: String,
        _ values: [SQLValue]
    ) throws(DatabaseError) -> (OpaquePointer, PreparedStatement) {
        let parameters = PostgreSQLParameters(values)
        let statement = try prepared(sql, parameters)
        let result = parameters.withPointers { count, values, lengths, formats in
            PQexecPrepared(handle, statement.name, count, values, lengths, formats, 0)
        }
        return (try checked(result), statement)
    }

    private func prepared(_ sql: String, _ parameters: PostgreSQLParameters) throws(DatabaseError) -> PreparedStatement
    {
        let key = StatementKey(sql: sql, types: parameters.types)
        if let statement = statements.statement(for: key) { return statement }
        if let refusal = StatementText.refusal(of: sql) { throw refusal }
        let text = try PostgreSQLText(sql).prepared(count: parameters.types.count) { number in
            parameters.types[number - 1] == PostgreSQLType.unknown
        }
        preparedCount += 1
        let statement = PreparedStatement(name: "s\(preparedCount)")
        // A parameter that is left out must have a type all the same.
        let types = parameters.types.map { $0 == PostgreSQLType.unknown ? PostgreSQLType.text : $0 }
        PQclear(try checked(PQprepare(handle, statement.name, text, Int32(types.count), types)))
        if let evicted = statements.insert(statement, for: key) { _ = try run("DEALLOCATE \(evicted.name)") }
        return statement
    }

    /// The result when it is a success; else its error.
    private func checked(_ result: OpaquePointer?) throws(DatabaseError) -> OpaquePointer {
        guard let result else {
            throw DatabaseError(.unavailable, settings.cleaned(String(cString: PQerrorMessage(handle))))
        }
        switch PQresultStatus(result) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK:
            return result
        case PGRES_EMPTY_QUERY:
            PQclear(result)
            throw DatabaseError(.statement, "the statement is empty")
        default:
            defer { PQclear(result) }
            if isLost, PostgreSQLErrors.field(result, opsgate_pg_sqlstate) == nil {
                throw DatabaseError(.unavailable, settings.cleaned(String(cString: PQerrorMessage(handle))))
            }
            if PostgreSQLErrors.isStaleStatement(result) { hasStaleStatements = true }
            throw PostgreSQLErrors.error(result, settings)
        }
    }

    private func rows(_ result: OpaquePointer, _ statement: PreparedStatement) -> [SQLRow] {
        let width = PQnfields(result)
        let count = PQntuples(result)
        guard count > 0 else { return [] }
        let columns = statement.columns ?? SQLColumns((0..<width).map { String(cString: PQfname(result, $0)) })
        statement.columns = columns
        let types = (0..<width).map { PQftype(result, $0) }
        return (0..<count).map { row in
            SQLRow(
                columns,
                (0..<width).map { column in
                    if PQgetisnull(result, row, column) == 1 { return .null }
                    guard let text = PQgetvalue(result, row, column) else { return .null }
                    let length = Int(PQgetlength(result, row, column))
                    return text.withMemoryRebound(to: UInt8.self, capacity: length) { bytes in
                        PostgreSQLType.value(types[Int(column)], UnsafeBufferPointer(start: bytes, count: length))
                    }
                }
            )
        }
    }

    private static func connect(_ settings: PostgreSQLSettings) -> OpaquePointer? {
        var bytes: [UInt8] = []
        var offsets: [(keyword: Int, value: Int)] = []
        for (keyword, value) in settings.parameters {
            let start = bytes.count
            bytes += keyword.utf8 + [0]
            offsets.append((start, bytes.count))
            bytes += value.utf8 + [0]
        }
        return bytes.withUnsafeBytes { raw in
            let text = raw.assumingMemoryBound(to: CChar.self).baseAddress
            let keywords = offsets.map { offset in text.map { $0 + offset.keyword } } + [nil]
            let values = offsets.map { offset in text.map { $0 + offset.value } } + [nil]
            return PQconnectdbParams(keywords, values, 0)
        }
    }
}
