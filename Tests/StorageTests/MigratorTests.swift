// The schema moves forward once, in order, whoever comes first, and never without being understood.

import Storage
import Testing

@Suite struct MigratorTests {
    private static func table(_ number: Int, _ name: String) -> Migration {
        Migration(number: number, name: "make \(name)") { dialect in
            ["CREATE TABLE \(name) (id \(dialect.identityColumn))", "INSERT INTO \(name) (id) VALUES (1)"]
        }
    }

    private let first = [table(1, "a"), table(2, "b"), table(20, "c")]

    @Test(arguments: Engine.allCases)
    func `steps are applied once and in order, later ones of an earlier range too`(engine: Engine) async throws {
        try await engine.withDatabase { database in
            // Handed over in any order; "b2" needs "b".
            try await Migrator(first.reversed()).migrate(database)
            try await Migrator(first).migrate(database)
            let next =
                first + [
                    Migration(number: 3, name: "fill b") { _ in ["INSERT INTO b (id) SELECT id + 1 FROM b"] },
                    Self.table(21, "d"),
                ]
            try await Migrator(next).migrate(database)
            try await Migrator(next).migrate(database)
            #expect(try await database.number("SELECT count(*) AS value FROM b") == 2)
            let rows = try await database.read { connection in
                try connection.query("SELECT number, name, applied_at FROM schema_migrations ORDER BY number")
            }
            #expect(try rows.map { try $0.int("number") } == [1, 2, 3, 20, 21])
            #expect(try rows.map { try $0.text("name") } == ["make a", "make b", "fill b", "make c", "make d"])
            #expect(try rows.allSatisfy { try $0.int("applied_at") > 1_700_000_000_000 })
        }
    }

    @Test(arguments: Engine.allCases)
    func `several programs that start at once make the schema once`(engine: Engine) async throws {
        try await engine.withURL { url in
            let migrations = first
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<6 {
                    group.addTask {
                        var options = DatabaseOptions()
                        options.connections = 2
                        let database = try await DatabaseURL.open(url, options: options)
                        do {
                            try await Migrator(migrations).migrate(database)
                        } catch {
                            await database.close()
                            throw error
                        }
                        await database.close()
                    }
                }
                try await group.waitForAll()
            }
            let database = try await DatabaseURL.open(url, options: .forTests)
            for name in ["a", "b", "c"] {
                #expect(try await database.number("SELECT count(*) AS value FROM \(name)") == 1)
            }
            await database.close()
        }
    }

    @Test(arguments: Engine.allCases)
    func `a newer schema is refused and left alone`(engine: Engine) async throws {
        try await engine.withDatabase { database in
            try await Migrator(first).migrate(database)
            let older = await databaseError {
                try await Migrator([Self.table(1, "a"), Self.table(2, "b")]).migrate(database)
            }
            #expect(older?.kind == .schemaTooNew)
            #expect(older?.message.contains("20 (make c)") == true)
            #expect(try await database.number("SELECT count(*) AS value FROM schema_migrations") == 3)
        }
    }

    @Test(arguments: Engine.allCases)
    func `a step that fails leaves the schema as it was`(engine: Engine) async throws {
        try await engine.withDatabase { database in
            try await Migrator([Self.table(1, "a")]).migrate(database)
            let broken =
                first + [Migration(number: 21, name: "wrong") { _ in ["CREATE TABLE e (id BIGINT)", "SELEC"] }]
            #expect(await databaseError { try await Migrator(broken).migrate(database) }?.kind == .statement)
            #expect(try await database.number("SELECT count(*) AS value FROM schema_migrations") == 1)
            #expect(await databaseError { try await database.run("SELECT * FROM b") }?.kind == .statement)
            try await Migrator(first).migrate(database)
            #expect(try await database.number("SELECT count(*) AS value FROM b") == 1)
        }
    }

    @Test(arguments: Engine.allCases)
    func `lists that do not fit are refused`(engine: Engine) async throws {
        try await engine.withDatabase { database in
            let wrongLists = [
                [Self.table(1, "a"), Self.table(3, "c")],
                [Self.table(1, "a"), Self.table(1, "b")],
                [Self.table(0, "a")],
            ]
            for list in wrongLists {
                #expect(await databaseError { try await Migrator(list).migrate(database) }?.kind == .schemaMismatch)
            }
            try await Migrator([Self.table(2, "b")]).migrate(database)
            // A step before one that was applied, and one that has become another.
            #expect(await databaseError { try await Migrator(first).migrate(database) }?.kind == .schemaMismatch)
            let renamed = [Self.table(2, "z")]
            #expect(await databaseError { try await Migrator(renamed).migrate(database) }?.kind == .schemaMismatch)
            #expect(try await database.number("SELECT count(*) AS value FROM schema_migrations") == 1)
        }
    }
}
