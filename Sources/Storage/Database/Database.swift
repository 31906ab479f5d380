// The seam between the rooms and the engines: a database runs synchronous bodies in transactions.

/// What a body gets: the connection of its transaction. It lives on one of the database's own threads and must not
/// leave the body.
///
/// Parameters are written `$1`, `$2` …, in any order and as often as needed; exactly the numbers from 1 to
/// `parameters.count` must occur. One statement a call. Statements that begin or end a transaction are refused.
/// After a statement has failed, the transaction can only be rolled back, whatever the body does then, unless the
/// statement stood in a `savepoint`; this is PostgreSQL's rule, and SQLite's driver keeps it too.
package protocol SQLConnection: AnyObject {
    var dialect: SQLDialect { get }

    /// Runs a statement and returns its rows, all of them.
    func query(_ sql: String, _ parameters: [SQLValue]) throws(DatabaseError) -> [SQLRow]

    /// Runs a statement and returns how many rows it inserted, changed or deleted.
    @discardableResult
    func execute(_ sql: String, _ parameters: [SQLValue]) throws(DatabaseError) -> Int

    /// Runs a part of the transaction that may fail alone: when the body throws, what it did is undone, the error is
    /// passed on, and the transaction can go on. May be nested.
    func savepoint<T>(_ body: () throws -> T) throws -> T
}

extension SQLConnection {
    /// Runs a statement without parameters and returns its rows.
    package func query(_ sql: String) throws(DatabaseError) -> [SQLRow] { try query(sql, []) }

    /// Runs a statement without parameters and returns how many rows it changed.
    @discardableResult
    package func execute(_ sql: String) throws(DatabaseError) -> Int { try execute(sql, []) }
}

/// A store. Bodies are synchronous and run on the database's own threads, never on the server's.
///
/// A job that was accepted runs to its end even when the waiting task is cancelled: what must be recorded at the end of
/// a cancelled turn must be recorded. A body may run more than once (after a serialization failure or a lost connection
/// for instance), so it must have no effects but those on the database.
package protocol Database: Sendable {
    var dialect: SQLDialect { get }

    /// Runs the body in a read-only transaction that sees one state of the store.
    func read<T: Sendable>(_ body: @escaping @Sendable (any SQLConnection) throws -> T) async throws -> T

    /// Runs the body in a transaction of its own, isolated as if writes ran one after the other, and returns only when
    /// the commit is durable. When the body throws, nothing of it is kept and the error is passed on.
    @discardableResult
    func write<T: Sendable>(_ body: @escaping @Sendable (any SQLConnection) throws -> T) async throws -> T

    /// Asks the store a trivial question; throws within a few seconds when it does not answer.
    func check() async throws

    /// How busy it is. Costs a lock or two.
    var load: DatabaseLoad { get }

    /// Refuses new jobs, lets those finish that were accepted, and closes the connections. May be called again.
    func close() async
}
