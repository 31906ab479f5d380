// The helpers for SQL that differs, run on both engines.

import Storage
import Support
import Testing

@Suite struct DialectTests {
    @Test(arguments: Engine.allCases)
    func `identity counts up and never gives a number twice`(engine: Engine) async throws {
        try await engine.withDatabase { database in
            let ids = try await database.write { connection in
                try connection.execute("CREATE TABLE t (id \(connection.dialect.identityColumn), n BIGINT)")
                var ids: [Int64] = []
                for number in 0..<3 {
                    ids += try connection.query("INSERT INTO t (n) VALUES ($1) RETURNING id", [.int(number)])
                        .map { try $0.int("id") }
                    if number == 1 { try connection.execute("DELETE FROM t") }
                }
                return ids
            }
            #expect(ids == [1, 2, 3])
        }
    }

    @Test(arguments: Engine.allCases)
    func `members of JSON text come out as text`(engine: Engine) async throws {
        try await engine.withDatabase { database in
            let document = #"""
                {"host":"web-1","n":7,"f":1.5,"yes":true,"no":false,"none":null,"a\"b":"quote","it's":"tick",
                "0":"digit",                "$.x":"path","主机":"宽","nested":{"host":"inner"},"zero":"a\u0000b"}
                """#
            try await database.run("CREATE TABLE t (labels TEXT)")
            try await database.run("INSERT INTO t VALUES ($1)", [.text(document)])
            let expected: [(String, String?)] = [
                ("host", "web-1"), ("n", "7"), ("f", "1.5"), ("yes", "true"), ("no", "false"), ("none", nil),
                ("missing", nil), ("a\"b", "quote"), ("it's", "tick"), ("0", "digit"), ("$.x", "path"), ("主机", "宽"),
                ("nested", #"{"host":"inner"}"#),
            ]
            for (key, value) in expected {
                let found = try await database.read { connection in
                    let literal = connection.dialect.jsonExtractText("t.labels", key: key)
                    let parameter = connection.dialect.jsonExtractText("t.labels", keyExpression: "$1")
                    return try connection.query("SELECT \(literal) AS a, \(parameter) AS b FROM t", [.text(key)])[0]
                        .values
                }
                #expect(found == [.optional(value), .optional(value)], "\(key)")
            }
        }
    }

    @Test(arguments: Engine.allCases)
    func `LIKE regards case, its helper does not, and wildcards can be quoted`(engine: Engine) async throws {
        try await engine.withDatabase { database in
            try await database.run("CREATE TABLE t (name TEXT)")
            try await database.run(
                #"INSERT INTO t VALUES ('Disk 50% full'), ('disk 500 full'), ('a_b'), ('acb'), ('x\y')"#
            )
            func found(_ text: String) async throws -> [String] {
                try await database.read { connection in
                    let like = connection.dialect.caseInsensitiveLike("name", "$1")
                    let order = connection.dialect.byteOrder("name")
                    return try connection.query(
                        "SELECT name FROM t WHERE \(like) ORDER BY \(order)",
                        [.text(SQLDialect.likePattern(containing: text))]
                    ).map { try $0.text("name") }
                }
            }
            #expect(try await found("DISK") == ["Disk 50% full", "disk 500 full"])
            #expect(try await found("50%") == ["Disk 50% full"])
            #expect(try await found("A_B") == ["a_b"])
            #expect(try await found(#"X\Y"#) == [#"x\y"#])
            #expect(try await found("") == ["Disk 50% full", "a_b", "acb", "disk 500 full", #"x\y"#])
            #expect(try await database.number("SELECT count(*) AS value FROM t WHERE name LIKE 'disk%'") == 1)
        }
    }

    @Test(arguments: Engine.allCases)
    func `the store's clock gives epoch milliseconds`(engine: Engine) async throws {
        try await engine.withDatabase { database in
            let before = ContinuousClock.now
            let first = try await database.number("SELECT \(database.dialect.nowMilliseconds) AS value")
            #expect(first > 1_700_000_000_000 && first < 4_000_000_000_000)
            var last = first
            try await eventually(
                "it goes on",
                holds: {
                    last = try await database.number("SELECT \(database.dialect.nowMilliseconds) AS value")
                    return last >= first + 100
                }
            )
            let took = before.duration(to: .now)
            #expect(
                last - first <= took.components.seconds * 1000 + took.components.attoseconds / 1_000_000_000_000_000 + 2
            )
        }
    }

    @Test(arguments: Engine.allCases)
    func `row locks are taken where there are such`(engine: Engine) async throws {
        try await engine.withDatabase { database in
            try await database.run("CREATE TABLE jobs (id BIGINT)")
            try await database.run("INSERT INTO jobs VALUES (1), (2)")
            let taken = try await database.write { connection in
                try connection.query(
                    "SELECT id FROM jobs ORDER BY id LIMIT $1\(connection.dialect.forUpdate(skippingLocked: true))",
                    [1]
                ).map { try $0.int("id") }
            }
            #expect(taken == [1])
        }
    }

    @Test func `lists of parameters and literals`() {
        #expect(SQLDialect.parameters(3) == "$1, $2, $3")
        #expect(SQLDialect.parameters(2, from: 5) == "$5, $6")
        #expect(SQLDialect.parameters(0) == "")
        #expect(SQLDialect.literal("it's") == "'it''s'")
    }
}
