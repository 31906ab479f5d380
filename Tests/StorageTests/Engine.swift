// What the shared suite runs on: both engines, each test on a database of its own.

import Storage
import Support
import Testing

/// The engines; most tests are run with each.
enum Engine: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case sqlite, postgresql

    var testDescription: String { rawValue }

    /// Runs `body` with an empty database, which is closed and removed afterwards.
    func withDatabase(
        _ options: DatabaseOptions = .forTests,
        _ body: (any Database) async throws -> Void
    ) async throws {
        try await withURL { url in
            let database = try await DatabaseURL.open(url, options: options)
            do {
                try await body(database)
            } catch {
                await database.close()
                throw error
            }
            await database.close()
        }
    }

    /// Runs `body` with the address of an empty database.
    func withURL(_ body: (String) async throws -> Void) async throws {
        switch self {
        case .sqlite:
            let folder = try TemporaryFolder("storage")
            try await body("sqlite:///\(folder.file("store.db"))")
            withExtendedLifetime(folder) {}  // which removes the files
        case .postgresql:
            try await body(try await PostgreSQLServer.shared().makeDatabase())
        }
    }
}

extension DatabaseOptions {
    /// Few connections, since many tests run side by side on one server.
    static var forTests: DatabaseOptions {
        var options = DatabaseOptions()
        options.connections = 4
        return options
    }
}

extension Database {
    /// The integer in the first row's column `value`.
    func number(_ sql: String, _ parameters: [SQLValue] = []) async throws -> Int64 {
        try await read { connection in
            guard let row = try connection.query(sql, parameters).first else { throw Missing() }
            return try row.int("value")
        }
    }

    func run(_ sql: String, _ parameters: [SQLValue] = []) async throws {
        try await write { connection in try connection.execute(sql, parameters) }
    }
}

struct Missing: Error {}

/// Stands for a failure of a body's own.
struct Refusal: Error, Equatable {}

/// What the operation throws.
func failure(of operation: () async throws -> Void) async -> (any Error)? {
    do {
        try await operation()
        return nil
    } catch {
        return error
    }
}

/// What the operation throws, if it is the store's.
func databaseError(of operation: () async throws -> Void) async -> DatabaseError? {
    await failure(of: operation) as? DatabaseError
}
