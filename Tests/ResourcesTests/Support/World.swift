// A migrated database of either engine with the library's services, thrown away afterwards.

import Identity
import JSON
import Resources
import Storage
import Support
import Synchronization

/// The engines that every test of the store runs against.
enum Engine: String, CaseIterable, Sendable {
    case sqlite
    case postgresql
}

/// What the services told the audit.
final class Changes: Sendable {
    private let kept = Mutex<[ResourceChange]>([])

    func add(_ change: ResourceChange) { kept.withLock { $0.append(change) } }

    var all: [ResourceChange] { kept.withLock { $0 } }
}

struct World {
    let database: any Database
    let books: ResourceService
    let shelves: ResourceService
    let kinds: ResourceService
    let changes: Changes

    init(_ database: any Database) throws {
        self.database = database
        let changes = Changes()
        self.changes = changes
        let catalog = try Library.catalog()
        let audit: ChangeRecorder = { change, _ in changes.add(change) }
        books = try ResourceService(Library.book, catalog: catalog, database: database, audit: audit)
        shelves = try ResourceService(Library.shelf, catalog: catalog, database: database, audit: audit)
        kinds = try ResourceService(Library.kind, catalog: catalog, database: database, audit: audit)
    }

    /// Creates a book and returns its id.
    @discardableResult
    func book(_ title: String, _ more: JSONObject = [:], by caller: Caller = .alice) async throws -> Int64 {
        var body: JSONObject = ["title": .string(title)]
        for (name, value) in more { body[name] = value }
        return try await books.create(body, caller: caller).id
    }

    /// The titles on a page.
    func titles(_ query: [(String, String)], by caller: Caller = .alice) async throws -> [String] {
        try await books.list(query: query, caller: caller).results.map { $0["title"]?.string ?? "" }
    }
}

extension JSONValue {
    var id: Int64 { Int64(self["id"]?.int ?? -1) }
}

/// Runs the body with a migrated database and tidies up whatever happens.
func withWorld(_ engine: Engine, _ body: (World) async throws -> Void) async throws {
    switch engine {
    case .sqlite:
        let folder = try TemporaryFolder("resources")
        try await use(try await DatabaseURL.open("sqlite:///\(folder.file("test.sqlite"))"), body)
    case .postgresql:
        let url = try await PostgreSQLServer.shared().makeDatabase()
        try await use(try await DatabaseURL.open("\(url)?connections=4"), body)
    }
}

private func use(_ database: any Database, _ body: (World) async throws -> Void) async throws {
    do {
        try await Migrator(Library.migrations).migrate(database)
        try await body(try World(database))
    } catch {
        await database.close()
        throw error
    }
    await database.close()
}

/// The error that the body throws, if it is one of a resource.
func resourceError(_ body: () async throws -> Void) async -> ResourceError? {
    do {
        try await body()
        return nil
    } catch {
        return error as? ResourceError
    }
}
