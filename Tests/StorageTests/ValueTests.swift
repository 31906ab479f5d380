// Values survive the way into the store and back, alike with both engines.

import Storage
import Testing

@Suite struct ValueTests {
    @Test(arguments: Engine.allCases)
    func `every kind of value comes back as it was`(engine: Engine) async throws {
        try await engine.withDatabase { database in
            try await database.write { connection in
                try connection.execute(
                    """
                    CREATE TABLE things (id \(connection.dialect.identityColumn), whole BIGINT, small INTEGER,
                        broken DOUBLE PRECISION, note TEXT, bytes \(connection.dialect.blobType), flag INTEGER)
                    """
                )
            }
            let texts = [
                "", "plain", "it's \"quoted\" \\ %_ $1 ; -- /*", "磁盘已满 🚨 e\u{301} \u{10FFFF}\u{FEFF}", "a\nb\tc\r\n",
                String(repeating: "长", count: 100_000),
            ]
            let blobs: [[UInt8]] = [
                [], [0], [0, 1, 255, 0x5C, 0x78], (0..<70_000).map { UInt8(truncatingIfNeeded: $0) },
            ]
            let reals = [0.0, -0.5, 0.1, 1e300, Double.leastNonzeroMagnitude, .pi, 123_456_789_012_345.6]
            let integers: [Int64] = [0, 1, -1, .min, .max, 1_763_720_000_000]
            for index in 0..<6 {
                let values: [SQLValue] = [
                    .integer(integers[index]), .integer(Int64(index)), .real(reals[index]), .text(texts[index]),
                    .blob(blobs[index % blobs.count]), .boolean(index % 2 == 0),
                ]
                let rows = try await database.write { connection in
                    try connection.query(
                        """
                        INSERT INTO things (whole, small, broken, note, bytes, flag) VALUES ($1, $2, $3, $4, $5, $6)
                        RETURNING whole, small, broken, note, bytes, flag
                        """,
                        values
                    )
                }
                let row = try #require(rows.first)
                #expect(row.columns == ["whole", "small", "broken", "note", "bytes", "flag"])
                #expect(try row.int("whole") == integers[index])
                #expect(try row.real("broken") == reals[index])
                #expect(row["note"] == .text(texts[index]))
                #expect(row["bytes"] == .blob(blobs[index % blobs.count]))
                #expect(try row.bool("flag") == (index % 2 == 0))
                #expect(row["flag"] == .integer(index % 2 == 0 ? 1 : 0))
                // What a reader sees is what RETURNING gave.
                let read = try await database.read { connection in
                    try connection.query(
                        "SELECT whole, small, broken, note, bytes, flag FROM things WHERE whole = $1 AND note = $2",
                        [.integer(integers[index]), .text(texts[index])]
                    )
                }
                #expect(read.map(\.values) == [Array(values.dropLast()) + [row["flag"]]])
            }
        }
    }

    @Test(arguments: Engine.allCases)
    func `NULL goes into every column and out of it`(engine: Engine) async throws {
        try await engine.withDatabase { database in
            try await database.write { connection in
                try connection.execute(
                    "CREATE TABLE t (a BIGINT, b DOUBLE PRECISION, c TEXT, d \(connection.dialect.blobType))"
                )
                try connection.execute("INSERT INTO t (a, b, c, d) VALUES ($1, $2, $3, $4)", [nil, nil, nil, nil])
                // The same statement with values of other kinds.
                try connection.execute("INSERT INTO t (a, b, c, d) VALUES ($1, $2, $3, $4)", [1, 2.5, "x", .blob([7])])
            }
            let rows = try await database.read { connection in try connection.query("SELECT * FROM t ORDER BY a") }
            let empty = try #require(rows.first { $0["c"].isNull })
            #expect(empty.values == [.null, .null, .null, .null])
            #expect(try empty.optionalInt("a") == nil)
            #expect(try empty.optionalReal("b") == nil)
            #expect(try empty.optionalText("c") == nil)
            #expect(try empty.optionalBlob("d") == nil)
            #expect(try empty.optionalBool("a") == nil)
            let error = #expect(throws: DatabaseError.self) { try empty.text("c") }
            #expect(error?.kind == .decoding)
            #expect(error?.message.contains("column c") == true)
            #expect(rows.contains { $0.values == [.integer(1), .real(2.5), .text("x"), .blob([7])] })
        }
    }

    @Test(arguments: Engine.allCases)
    func `U+0000 in text is replaced, not refused`(engine: Engine) async throws {
        try await engine.withDatabase { database in
            try await database.run("CREATE TABLE t (note TEXT)")
            try await database.run("INSERT INTO t (note) VALUES ($1)", ["a\0b"])
            let rows = try await database.read { connection in
                try connection.query("SELECT note, length(note) AS size FROM t WHERE note = $1", ["a\0b"])
            }
            #expect(rows.map(\.values) == [[.text("a\u{FFFD}b"), .integer(3)]])
        }
    }

    @Test(arguments: Engine.allCases)
    func `computed columns have the same kinds`(engine: Engine) async throws {
        try await engine.withDatabase { database in
            try await database.run("CREATE TABLE t (n BIGINT NOT NULL, name TEXT)")
            for number in 1...4 { try await database.run("INSERT INTO t (n) VALUES ($1)", [.int(number)]) }
            let rows = try await database.read { connection in
                try connection.query(
                    """
                    SELECT count(*) AS total, sum(n) AS whole, avg(n) AS middle, max(n) > 3 AS large,
                        EXISTS (SELECT 1 FROM t WHERE n = 9) AS nine, n.missing AS missing, 7 / 2 AS half,
                        $1 - 1000 AS earlier, CAST(max(n) AS TEXT) AS text, COALESCE($2, 0) AS stamp
                    FROM t LEFT JOIN (SELECT 1 AS one, 2 AS missing) n ON n.one = t.n - 100
                    GROUP BY n.missing
                    """,
                    [1_763_720_000_000, 1_763_720_000_001]
                )
            }
            #expect(
                rows.map(\.values) == [
                    [
                        4, 10, 2.5, 1, 0, nil, 3, 1_763_719_999_000, "4", 1_763_720_000_001,
                    ]
                ]
            )
        }
    }

    @Test(arguments: Engine.allCases)
    func `execute counts the rows it changed`(engine: Engine) async throws {
        try await engine.withDatabase { database in
            let counts = try await database.write { connection in
                var counts = [try connection.execute("CREATE TABLE t (n BIGINT PRIMARY KEY, m BIGINT)")]
                counts.append(try connection.execute("INSERT INTO t (n) VALUES (1), (2), (3)"))
                counts.append(try connection.execute("CREATE INDEX t_m ON t (m)"))
                counts.append(try connection.execute("INSERT INTO t (n) VALUES (3) ON CONFLICT DO NOTHING"))
                counts.append(try connection.execute("UPDATE t SET m = 1 WHERE n < $1", [3]))
                counts.append(try connection.execute("UPDATE t SET m = 1 WHERE n > 100"))
                counts.append(try connection.execute("SELECT n FROM t"))
                counts.append(try connection.execute("INSERT INTO t (n) VALUES (4) RETURNING n"))
                counts.append(try connection.execute("DELETE FROM t"))
                return counts
            }
            #expect(counts == [0, 3, 0, 0, 2, 0, 0, 1, 4])
        }
    }

    @Test func `typed getters name the column and what they found`() throws {
        let row = SQLRow(columns: ["a", "b", "a"], values: [.text("x"), .integer(2), .integer(3)])
        #expect(try row.text("a") == "x")
        #expect(row["missing"] == .null)
        #expect(try row.real("b") == 2)
        for (wanted, get) in [
            ("column a: an integer was expected, found text", { _ = try row.int("a") }),
            ("column b: 0 or 1 was expected, found an integer", { _ = try row.bool("b") }),
            ("column b: text was expected, found an integer", { _ = try row.text("b") }),
            ("the result has no column missing", { _ = try row.optionalText("missing") }),
        ] as [(String, () throws -> Void)] {
            let error = #expect(throws: DatabaseError.self) { try get() }
            #expect(error?.kind == .decoding)
            #expect(error?.message == wanted)
        }
    }
}
