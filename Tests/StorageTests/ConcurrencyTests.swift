// Many at once: nothing lost, nothing doubled, no more than fits, and an orderly end.

import Storage
import Support
import Testing

@Suite struct ConcurrencyTests {
    @Test(arguments: Engine.allCases)
    func `a thousand concurrent writes, a tenth of which fail, are all told the truth`(engine: Engine) async throws {
        try await engine.withDatabase { database in
            try await database.run("CREATE TABLE t (n BIGINT PRIMARY KEY, twin BIGINT NOT NULL)")
            let results = await withTaskGroup(of: (Int, Bool).self) { group in
                for number in 0..<1000 {
                    group.addTask {
                        let error = await failure {
                            try await database.write { connection in
                                try connection.execute("INSERT INTO t VALUES ($1, 0)", [.int(number)])
                                if number % 20 == 3 { throw Refusal() }
                                try connection.execute(
                                    "UPDATE t SET twin = $2 WHERE n = $1",
                                    [.int(number), number % 20 == 7 ? nil : .int(number)]
                                )
                            }
                        }
                        return (number, error == nil)
                    }
                }
                return await group.reduce(into: [Int: Bool]()) { $0[$1.0] = $1.1 }
            }
            #expect(results.count == 1000)
            for (number, isGood) in results { #expect(isGood == (number % 20 != 3 && number % 20 != 7)) }
            let kept = try await database.read { connection in
                try connection.query("SELECT n, twin FROM t").map { (try $0.int("n"), try $0.int("twin")) }
            }
            #expect(kept.count == 900)
            #expect(kept.allSatisfy { $0.0 == $0.1 })
            #expect(Set(kept.map { Int($0.0) }) == Set(results.filter(\.value).keys))
        }
    }

    @Test(arguments: Engine.allCases)
    func `writes behave as if they ran one after the other`(engine: Engine) async throws {
        try await engine.withDatabase { database in
            try await database.run("CREATE TABLE counters (name TEXT PRIMARY KEY, n BIGINT NOT NULL)")
            try await database.run("INSERT INTO counters VALUES ('a', 0)")
            // Read, reckon, write: would lose updates under PostgreSQL's default level.
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<16 {
                    group.addTask {
                        for _ in 0..<10 {
                            try await database.write { connection in
                                let n = try connection.query("SELECT n FROM counters")[0].int("n")
                                try connection.execute("UPDATE counters SET n = $1", [.integer(n + 1)])
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await database.number("SELECT n AS value FROM counters") == 160)
        }
    }

    @Test(arguments: Engine.allCases)
    func `look, then insert: exactly one of many succeeds`(engine: Engine) async throws {
        try await engine.withDatabase { database in
            try await database.run("CREATE TABLE episodes (id BIGINT, open BIGINT)")
            let made = try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<64 {
                    group.addTask {
                        try await database.write { connection in
                            if !(try connection.query("SELECT id FROM episodes WHERE open = 1")).isEmpty {
                                return false
                            }
                            try connection.execute("INSERT INTO episodes VALUES ($1, 1)", [.int(number)])
                            return true
                        }
                    }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(made == 1)
            #expect(try await database.number("SELECT count(*) AS value FROM episodes") == 1)
        }
    }

    @Test(arguments: Engine.allCases)
    func `one job too many is refused at once`(engine: Engine) async throws {
        var options = DatabaseOptions.forTests
        options.maximumWaiting = 3
        options.connections = 1
        try await engine.withDatabase(options) { database in
            try await database.run("CREATE TABLE t (n BIGINT)")
            let gate = Gate()
            async let held: Void = database.write { _ in gate.pass() }
            try await gate.occupied()
            let refused = Counter()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<10 {
                    group.addTask {
                        do {
                            try await database.run("INSERT INTO t VALUES (1)")
                        } catch let error as DatabaseError where error.kind == .overloaded {
                            refused.add()
                        }
                    }
                }
                // Those above the limit are told while the others still wait.
                try await eventually("seven are refused", holds: { refused.count == 7 })
                gate.open()
                try await group.waitForAll()
            }
            try await held
            #expect(try await database.number("SELECT count(*) AS value FROM t") == 3)
        }
    }

    @Test(arguments: Engine.allCases)
    func `close lets the accepted finish and refuses the rest`(engine: Engine) async throws {
        try await engine.withURL { url in
            var options = DatabaseOptions.forTests
            options.connections = 1
            let database = try await DatabaseURL.open(url, options: options)
            try await database.run("CREATE TABLE t (n BIGINT)")
            let gate = Gate()
            let held = Task { try await database.write { _ in gate.pass() } }
            try await gate.occupied()
            let accepted = Counter()
            let waiting = (0..<20).map { number in
                Task {
                    accepted.add()
                    try await database.run("INSERT INTO t VALUES ($1)", [.int(number)])
                }
            }
            try await eventually("all are on their way", holds: { accepted.count == 20 })
            let closing = Task { await database.close() }
            let again = Task { await database.close() }
            try await eventually("it is closing") {
                await databaseError { try await database.check() }?.kind == .closed ? true : nil
            }
            gate.open()
            try await held.value
            var kept = 0
            for task in waiting {
                switch await task.result {
                case .success: kept += 1
                case .failure(let error): #expect((error as? DatabaseError)?.kind == .closed)
                }
            }
            await closing.value
            await again.value
            await database.close()
            #expect(await databaseError { try await database.run("DELETE FROM t") }?.kind == .closed)
            let reopened = try await DatabaseURL.open(url, options: options)
            let stored = try await reopened.number("SELECT count(*) AS value FROM t")
            #expect(stored == kept)
            await reopened.close()
        }
    }

    @Test(arguments: Engine.allCases)
    func `check answers, and gives up on a database that does not`(engine: Engine) async throws {
        var options = DatabaseOptions.forTests
        options.connections = 1
        options.readers = 1
        try await engine.withDatabase(options) { database in
            try await database.check()
            let gate = Gate()
            async let held: Void = database.read { _ in gate.pass() }
            try await gate.occupied()
            #expect(await databaseError { try await database.check() }?.kind == .busy)
            gate.open()
            try await held
            try await database.check()
        }
    }
}
