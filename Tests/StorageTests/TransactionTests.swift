// What a transaction promises: all or nothing, its failures reported with their rule, its neighbours untouched.

import Storage
import Testing

@Suite struct TransactionTests {
    private func makeTables(_ database: any Database) async throws {
        try await database.write { connection in
            try connection.execute("CREATE TABLE teams (id BIGINT PRIMARY KEY)")
            try connection.execute(
                """
                CREATE TABLE users (id \(connection.dialect.identityColumn), team BIGINT NOT NULL REFERENCES teams (id),
                    domain TEXT NOT NULL, name TEXT NOT NULL, level BIGINT,
                    CONSTRAINT users_level CHECK (level >= 0), UNIQUE (domain, name))
                """
            )
            try connection.execute("INSERT INTO teams VALUES (1)")
            try connection.execute("INSERT INTO users (team, domain, name) VALUES (1, 'd', 'ann')")
        }
    }

    @Test(arguments: Engine.allCases)
    func `a broken rule is reported with its kind and columns`(engine: Engine) async throws {
        try await engine.withDatabase { database in
            try await makeTables(database)
            func error(_ sql: String) async -> DatabaseError? {
                await databaseError { try await database.run(sql) }
            }
            let unique = await error("INSERT INTO users (team, domain, name) VALUES (1, 'd', 'ann')")
            #expect(unique?.kind == .constraint(.unique))
            #expect(unique?.constraintColumns == ["domain", "name"])
            #expect(unique?.isUniqueViolation(of: "name", "domain") == true)
            #expect(unique?.isUniqueViolation(of: "name") == false)
            #expect(unique?.message.contains("ann") == false, "values stay out of messages")
            let key = await error("INSERT INTO teams VALUES (1)")
            #expect(key?.kind == .constraint(.unique))
            #expect(key?.constraintColumns == ["id"])
            let missing = await error("INSERT INTO users (team, name) VALUES (1, 'bob')")
            #expect(missing?.kind == .constraint(.notNull))
            #expect(missing?.constraintColumns == ["domain"])
            let check = await error("INSERT INTO users (team, domain, name, level) VALUES (1, 'd', 'bob', -1)")
            #expect(check?.kind == .constraint(.check))
            #expect(check?.constraintName == "users_level")
            let foreign = await error("INSERT INTO users (team, domain, name) VALUES (7, 'd', 'bob')")
            #expect(foreign?.kind == .constraint(.foreignKey))
            if engine == .postgresql { #expect(foreign?.constraintColumns == ["team"]) }
            let parent = await error("DELETE FROM teams WHERE id = 1")
            #expect(parent?.kind == .constraint(.foreignKey))
            #expect(try await database.number("SELECT count(*) AS value FROM users") == 1)
        }
    }

    @Test(arguments: Engine.allCases)
    func `a body that throws leaves nothing behind and its error is passed on`(engine: Engine) async throws {
        try await engine.withDatabase { database in
            try await database.run("CREATE TABLE t (n BIGINT)")
            let error = await failure {
                try await database.write { connection in
                    try connection.execute("INSERT INTO t VALUES (1)")
                    throw Refusal()
                }
            }
            #expect(error as? Refusal == Refusal())
            #expect(try await database.number("SELECT count(*) AS value FROM t") == 0)
        }
    }

    @Test(arguments: Engine.allCases)
    func `a failure that the body hides still undoes it`(engine: Engine) async throws {
        try await engine.withDatabase { database in
            try await database.run("CREATE TABLE t (n BIGINT PRIMARY KEY)")
            let error = await databaseError {
                try await database.write { connection in
                    try connection.execute("INSERT INTO t VALUES (1)")
                    _ = try? connection.execute("INSERT INTO t VALUES (1)")
                    let later = #expect(throws: DatabaseError.self) { try connection.query("SELECT 1 AS value") }
                    #expect(later?.kind == .statement)
                }
            }
            #expect(error?.kind == .constraint(.unique))
            #expect(try await database.number("SELECT count(*) AS value FROM t") == 0)
        }
    }

    @Test(arguments: Engine.allCases)
    func `a savepoint lets a part fail alone`(engine: Engine) async throws {
        try await engine.withDatabase { database in
            try await database.run("CREATE TABLE t (n BIGINT PRIMARY KEY)")
            let failed = try await database.write { connection in
                var failed = 0
                for number in [1, 2, 2, 3, 1] {
                    do {
                        try connection.savepoint {
                            try connection.execute("INSERT INTO t VALUES ($1)", [.int(number * 10)])
                            try connection.execute("INSERT INTO t VALUES ($1)", [.int(number)])
                        }
                    } catch let error as DatabaseError where error.isUniqueViolation() {
                        failed += 1
                    }
                }
                // A body's own error undoes the part too; an inner part that fails spares the outer one.
                try connection.savepoint {
                    try connection.execute("INSERT INTO t VALUES (4)")
                    try? connection.savepoint {
                        try connection.execute("INSERT INTO t VALUES (5)")
                        throw Refusal()
                    }
                }
                return failed
            }
            #expect(failed == 2)
            let numbers = try await database.read { connection in
                try connection.query("SELECT n FROM t ORDER BY n").map { try $0.int("n") }
            }
            #expect(numbers == [1, 2, 3, 4, 10, 20, 30])
        }
    }

    @Test(arguments: Engine.allCases)
    func `a reading transaction cannot write`(engine: Engine) async throws {
        try await engine.withDatabase { database in
            try await database.run("CREATE TABLE t (n BIGINT)")
            let error = await databaseError {
                _ = try await database.read { connection in try connection.execute("INSERT INTO t VALUES (1)") }
            }
            #expect(error?.kind == .statement)
            #expect(try await database.number("SELECT count(*) AS value FROM t") == 0)
        }
    }

    @Test(arguments: Engine.allCases)
    func `readers see what is committed, and one state of it`(engine: Engine) async throws {
        try await engine.withDatabase { database in
            try await database.run("CREATE TABLE t (n BIGINT)")
            let inWrite = Gate()
            let inRead = Gate()
            async let written: Void = database.write { connection in
                try connection.execute("INSERT INTO t VALUES (1)")
                inWrite.pass()
            }
            try await inWrite.occupied()
            // Not committed: not seen, and not waited for.
            #expect(try await database.number("SELECT count(*) AS value FROM t") == 0)
            async let seen = database.read { connection in
                let before = try connection.query("SELECT count(*) AS value FROM t")[0].int("value")
                inRead.pass()
                return [before, try connection.query("SELECT count(*) AS value FROM t")[0].int("value")]
            }
            try await inRead.occupied()
            inWrite.open()
            try await written
            #expect(try await database.number("SELECT count(*) AS value FROM t") == 1)
            inRead.open()
            #expect(try await seen == [0, 0])
        }
    }

    @Test(arguments: Engine.allCases)
    func `a job that was accepted runs although its task is cancelled`(engine: Engine) async throws {
        try await engine.withDatabase { database in
            try await database.run("CREATE TABLE t (n BIGINT)")
            let task = Task {
                while !Task.isCancelled { await Task.yield() }
                try await database.run("INSERT INTO t VALUES (1)")
            }
            task.cancel()
            try await task.value
            #expect(try await database.number("SELECT count(*) AS value FROM t") == 1)
        }
    }
}
