// Parameters by number, one statement a call, statements that are wrong or forbidden.

import Storage
import Support
import Testing

@Suite struct StatementTests {
    @Test(arguments: Engine.allCases)
    func `parameters repeat and come in any order`(engine: Engine) async throws {
        try await engine.withDatabase { database in
            let rows = try await database.read { connection in
                try connection.query(
                    """
                    SELECT CAST($3 AS TEXT) || CAST($1 AS TEXT) || CAST($3 AS TEXT) AS outer_text,
                        $2 + $2 AS twice, '$9' AS quoted, $10 AS tenth,
                        CAST($4 || $5 || $6 || $7 || $8 || $9 AS TEXT) AS rest
                    """,
                    ["b", 21, "a", "4", "5", "6", "7", "8", "9", "10"]
                )
            }
            #expect(rows.map(\.values) == [["aba", 42, "$9", "10", "456789"]])
        }
    }

    @Test(arguments: Engine.allCases)
    func `an optional filter takes NULL for no filter`(engine: Engine) async throws {
        try await engine.withDatabase { database in
            try await database.run("CREATE TABLE t (n BIGINT, name TEXT)")
            try await database.run("INSERT INTO t VALUES (1, 'a'), (2, 'b')")
            for (team, name, expected) in [(nil, nil, 2), (2, nil, 1), (nil, "a", 1), (2, "a", 0)]
                as [(SQLValue, SQLValue, Int64)]
            {
                let total = try await database.number(
                    "SELECT count(*) AS value FROM t WHERE ($1 IS NULL OR n = $1) AND ($2 IS NULL OR name = $2)",
                    [team, name]
                )
                #expect(total == expected)
            }
        }
    }

    @Test(arguments: Engine.allCases)
    func `wrong numbers of parameters are refused`(engine: Engine) async throws {
        try await engine.withDatabase { database in
            let cases: [(String, [SQLValue])] = [
                ("SELECT CAST($1 AS TEXT) AS a", []),
                ("SELECT CAST($1 AS TEXT) AS a", ["x", "y"]),
                ("SELECT 1 AS a", ["x"]),
                ("SELECT CAST($1 AS TEXT) AS a, CAST($3 AS TEXT) AS b", ["x", "y", "z"]),
                ("SELECT CAST(? AS TEXT) AS a", ["x"]),
                ("SELECT CAST(:name AS TEXT) AS a", ["x"]),
            ]
            for (sql, parameters) in cases {
                let error = await databaseError {
                    _ = try await database.read { connection in try connection.query(sql, parameters) }
                }
                #expect(error?.kind == .statement, "\(sql)")
            }
            // The connection has taken no harm.
            let answer = try await database.number("SELECT 1 AS value")
            #expect(answer == 1)
        }
    }

    @Test(arguments: Engine.allCases)
    func `what would slip out of the transaction is refused`(engine: Engine) async throws {
        try await engine.withDatabase { database in
            try await database.run("CREATE TABLE t (n BIGINT)")
            let statements = [
                "COMMIT", "rollback", " /* a */ -- b\n BEGIN", "SAVEPOINT x", "release x", ";COMMIT", "/*/ */ END",
                "ATTACH 'x.db' AS x", "VACUUM", "PRAGMA synchronous = OFF", "", "  -- nothing",
                "INSERT INTO t VALUES (1); INSERT INTO t VALUES (2)", "SELEC 1", "SELECT missing FROM t",
                "SELECT * FROM missing", "SELECT \"text\" AS a",
            ]
            for sql in statements {
                let error = await databaseError { try await database.run(sql) }
                #expect(error?.kind == .statement, "\(sql)")
            }
            // Nor the very words that the driver uses itself.
            for sql in ["COMMIT", "ROLLBACK", "RELEASE job", "BEGIN"] {
                let error = await databaseError {
                    try await database.write { connection in
                        try connection.execute("INSERT INTO t VALUES (1)")
                        _ = try? connection.execute(sql)
                        throw Refusal()
                    }
                }
                #expect(error == nil, "the body's own error is passed on")
            }
            #expect(try await database.number("SELECT count(*) AS value FROM t") == 0)
            // One statement may be followed by blank text.
            try await database.run("INSERT INTO t VALUES (1); -- done\n")
            #expect(try await database.number("SELECT count(*) AS value FROM t") == 1)
        }
    }

    @Test(arguments: Engine.allCases)
    func `more statements than are cached all work`(engine: Engine) async throws {
        try await engine.withDatabase { database in
            let sum = try await database.write { connection in
                var sum: Int64 = 0
                for _ in 1...2 {
                    for number in 0..<600 {
                        sum += try connection.query("SELECT \(number) AS value")[0].int("value")
                    }
                }
                return sum
            }
            #expect(sum == 600 * 599)
        }
    }

    @Test(arguments: Engine.allCases)
    func `a cached statement sees a changed table`(engine: Engine) async throws {
        try await engine.withURL { url in
            let ours = try await DatabaseURL.open(url, options: .forTests)
            let other = try await DatabaseURL.open(url, options: .forTests)
            try await ours.run("CREATE TABLE t (a BIGINT)")
            try await ours.run("INSERT INTO t VALUES (1)")
            let select: @Sendable (any SQLConnection) throws -> [[String]] = { connection in
                try connection.query("SELECT * FROM t").map(\.columns)
            }
            for _ in 1...8 { #expect(try await ours.read(select) == [["a"]]) }
            #expect(try await ours.write(select) == [["a"]])
            // Another process changes the table while our statements stay prepared.
            try await other.run("ALTER TABLE t ADD COLUMN b TEXT")
            for _ in 1...8 { #expect(try await ours.read(select) == [["a", "b"]]) }
            #expect(try await ours.write(select) == [["a", "b"]])
            await ours.close()
            await other.close()
        }
    }

    @Test(arguments: Engine.allCases)
    func `a reading statement that takes too long is stopped`(engine: Engine) async throws {
        var options = DatabaseOptions.forTests
        options.statementTimeout = .milliseconds(200)
        try await engine.withDatabase(options) { database in
            let error = await databaseError {
                _ = try await database.number(
                    """
                    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000000000)
                    SELECT count(*) AS value FROM n
                    """
                )
            }
            #expect(error?.kind == .busy)
            // A slow machine may need more than that for a short one, once.
            try await eventually("it answers again") { try await database.number("SELECT 1 AS value") == 1 }
        }
    }
}
