// The embedded store: a SQLite file, one writer thread, several reader threads.

/// A SQLite file in WAL mode. Writes that wait at the same time share one commit (and one sync of the disk), each in a
/// savepoint of its own; reads see the last committed state and never wait for the writer.
package final class SQLiteDatabase: Database {
    package let dialect = SQLDialect.sqlite
    private let writes: JobQueue
    private let reads: JobQueue
    private let threads = WorkerThreads()
    private let readers: Int

    /// Opens or creates the file; throws `.unavailable` when that is impossible.
    package static func open(path: String, options: DatabaseOptions = .init()) async throws -> SQLiteDatabase {
        let database = SQLiteDatabase(options)
        do {
            let writes = database.writes
            try await database.threads.startAfter {
                let connection = try SQLiteConnection(path: path, isReader: false, options: options)
                return { SQLiteWriter(connection: connection, queue: writes).serve() }
            }
            let reads = database.reads
            for _ in 1...database.readers {
                try await database.threads.startAfter {
                    let connection = try SQLiteConnection(path: path, isReader: true, options: options)
                    return { SQLiteReader(connection: connection, queue: reads).serve() }
                }
            }
        } catch {
            await database.close()
            throw error
        }
        return database
    }

    private init(_ options: DatabaseOptions) {
        readers = max(1, options.readers)
        writes = JobQueue(maximumWaiting: options.maximumWaiting)
        reads = JobQueue(maximumWaiting: options.maximumWaiting)
    }

    deinit {
        writes.close()
        reads.close()
    }

    package func read<T: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws -> T
    ) async throws -> T {
        try await reads.run(readOnly: true, body)
    }

    @discardableResult
    package func write<T: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws -> T
    ) async throws -> T {
        try await writes.run(readOnly: false, body)
    }

    package func check() async throws {
        let reads = reads
        try await Deadline.run(.seconds(3), busy: "the database did not answer within 3 seconds") {
            _ = try await reads.run(readOnly: true) { connection in
                try connection.query("SELECT count(*) AS total FROM sqlite_schema")
            }
        }
    }

    package var load: DatabaseLoad {
        DatabaseLoad([writes.lane("write", threads: 1), reads.lane("read", threads: readers)])
    }

    package func close() async {
        writes.close()
        reads.close()
        await threads.allEnded()
    }
}
