// The store for more than one node: a PostgreSQL server, a pool of connections with a thread each.

/// A PostgreSQL database. Reads and writes share one queue and a pool of worker threads, each with its own connection,
/// which is made when it is needed and made again when it was lost.
package final class PostgreSQLDatabase: Database {
    package let dialect = SQLDialect.postgresql
    private let queue: JobQueue
    private let threads = WorkerThreads()
    private let connections: Int

    /// Connects once, to notice a wrong address; throws `.unavailable` when that fails.
    static func open(
        _ settings: PostgreSQLSettings,
        options: DatabaseOptions = .init()
    ) async throws -> PostgreSQLDatabase {
        let database = PostgreSQLDatabase(options)
        let queue = database.queue
        let lane = WriteLane()
        do {
            try await database.threads.startAfter {
                var worker = PostgreSQLWorker(settings: settings, options: options, queue: queue, lane: lane)
                try worker.connect()
                return { worker.serve() }
            }
            for _ in 1..<database.connections {
                try database.threads.start {
                    var worker = PostgreSQLWorker(settings: settings, options: options, queue: queue, lane: lane)
                    worker.serve()
                }
            }
        } catch {
            await database.close()
            throw error
        }
        return database
    }

    private init(_ options: DatabaseOptions) {
        connections = max(1, options.connections)
        queue = JobQueue(maximumWaiting: options.maximumWaiting)
    }

    deinit { queue.close() }

    package func read<T: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws -> T
    ) async throws -> T {
        try await queue.run(readOnly: true, body)
    }

    @discardableResult
    package func write<T: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws -> T
    ) async throws -> T {
        try await queue.run(readOnly: false, body)
    }

    package func check() async throws {
        let queue = queue
        try await Deadline.run(.seconds(3), busy: "the database did not answer within 3 seconds") {
            _ = try await queue.run(readOnly: true, patience: .seconds(1)) { connection in
                try connection.query("SELECT 1 AS answer")
            }
        }
    }

    package var load: DatabaseLoad { DatabaseLoad([queue.lane("all", threads: connections)]) }

    package func close() async {
        queue.close()
        await threads.allEnded()
    }
}
