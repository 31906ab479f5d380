// What only the server's driver promises: what becomes of jobs when connections and servers go.

import Storage
import Support
import Synchronization
import Testing

@Suite struct PostgreSQLTests {
    /// A database reached through a proxy, by one connection.
    private func withProxy(_ body: (any Database, CuttingProxy) async throws -> Void) async throws {
        let server = try await PostgreSQLServer.shared()
        let proxy = try CuttingProxy(to: server.port)
        let url = try await server.makeDatabase().replacing(":\(server.port)/", with: ":\(proxy.port)/")
        let database = try await DatabaseURL.open(url + "?connections=1&gssencmode=disable")
        try await database.run("CREATE TABLE t (n BIGINT PRIMARY KEY)")
        try await body(database, proxy)
        await database.close()
        proxy.stop()
    }

    @Test func `a connection lost before COMMIT is made again and the job repeated`() async throws {
        try await withProxy { database, proxy in
            let runs = Counter()
            proxy.cut(at: "INSERT INTO t", .before)
            try await database.write { connection in
                runs.add()
                try connection.execute("INSERT INTO t VALUES (1)")
            }
            #expect(runs.count == 2)
            // The second time the answer is lost, and the server must have undone it.
            proxy.cut(at: "BEGIN", .afterwards)
            try await database.run("INSERT INTO t VALUES (2)")
            #expect(proxy.cuts == 2)
            #expect(try await database.number("SELECT sum(n) AS value FROM t") == 3)
            // Reads may be repeated to the end.
            proxy.cut(at: "COMMIT", .afterwards)
            #expect(try await database.number("SELECT sum(n) AS value FROM t") == 3)
            #expect(proxy.cuts == 3)
        }
    }

    @Test(arguments: [CuttingProxy.Moment.before, .afterwards])
    func `a connection lost during COMMIT leaves the outcome unknown, and says so`(moment: CuttingProxy.Moment)
        async throws
    {
        try await withProxy { database, proxy in
            let runs = Counter()
            proxy.cut(at: "COMMIT", moment)
            let error = await databaseError {
                try await database.write { connection in
                    runs.add()
                    try connection.execute("INSERT INTO t VALUES (1)")
                }
            }
            #expect(error?.kind == .unavailable)
            #expect(error?.isOutcomeUnknown == true)
            #expect(error?.message.contains("unknown") == true)
            #expect(runs.count == 1, "a job that may have been committed is not repeated")
            try await eventually(
                "the server has dealt with it",
                holds: {
                    try await database.number("SELECT count(*) AS value FROM t") == (moment == .before ? 0 : 1)
                }
            )
        }
    }

    @Test func `a connection that is lost again and again is given up`() async throws {
        try await withProxy { database, proxy in
            let runs = Counter()
            proxy.cut(at: "INSERT INTO t", .before, times: .max)
            let error = await databaseError {
                try await database.write { connection in
                    runs.add()
                    try connection.execute("INSERT INTO t VALUES (1)")
                }
            }
            #expect(error?.kind == .unavailable)
            #expect(error?.isOutcomeUnknown == false)
            #expect(runs.count == 4)
            proxy.cut(at: "", .before, times: 0)
            try await database.run("INSERT INTO t VALUES (2)")
            #expect(try await database.number("SELECT sum(n) AS value FROM t") == 2)
        }
    }

    @Test func `a lost connection is not mended in a savepoint`() async throws {
        try await withProxy { database, proxy in
            proxy.cut(at: "VALUES (5)", .before)
            try await database.write { connection in
                try connection.execute("INSERT INTO t VALUES (4)")
                try? connection.savepoint { _ = try connection.execute("INSERT INTO t VALUES (5)") }
            }
            #expect(proxy.cuts == 1)
            #expect(try await database.number("SELECT sum(n) AS value FROM t") == 9)
        }
    }

    @Test func `after the server was away the pool recovers, and every answer was true`() async throws {
        let server = try await PostgreSQLServer.start()
        var options = DatabaseOptions()
        options.connections = 4
        options.reconnectPatience = .milliseconds(300)
        let database = try await DatabaseURL.open(try await server.makeDatabase(), options: options)
        try await database.run("CREATE TABLE t (n BIGINT PRIMARY KEY)")
        let answers = Answers()
        await withTaskGroup(of: Void.self) { group in
            for lane in 0..<8 {
                group.addTask {
                    var number = Int64(lane)
                    while !answers.areComplete {
                        number += 8
                        let error = await databaseError { [number] in
                            try await database.run("INSERT INTO t VALUES ($1)", [.integer(number)])
                        }
                        answers.add(number, error)
                        if error != nil { try? await Task.sleep(for: .milliseconds(2)) }
                    }
                }
            }
            group.addTask {
                do {
                    for isCrash in [true, false] { try await interrupt(server, isCrash: isCrash, database, answers) }
                    try await answers.grow()
                } catch {
                    Issue.record(error)
                }
                answers.complete()
            }
        }
        let stored = Set(
            try await database.read { connection in try connection.query("SELECT n FROM t").map { try $0.int("n") } }
        )
        for (number, error) in answers.all {
            if let error {
                #expect(error.kind == .unavailable)
                if !error.isOutcomeUnknown { #expect(!stored.contains(number), "\(error)") }
            } else {
                #expect(stored.contains(number))
            }
        }
        await database.close()
    }

    /// Stops the server while writes go on, and starts it again once that was noticed.
    private func interrupt(
        _ server: PostgreSQLServer,
        isCrash: Bool,
        _ database: any Database,
        _ answers: Answers
    ) async throws {
        try await answers.grow()
        if isCrash { try await server.crash() } else { try await server.stop() }
        try await eventually(
            "it is noticed",
            holds: {
                await databaseError { try await database.check() }?.kind == .unavailable
            }
        )
        #expect(await databaseError { try await database.run("DELETE FROM t") }?.kind == .unavailable)
        try await server.startAgain()
        try await eventually(
            "it is back",
            holds: {
                try await database.check()
                return true
            }
        )
    }

    /// What each write was told; `nil` is success.
    private final class Answers: Sendable {
        private struct State {
            var all: [Int64: DatabaseError?] = [:]
            var successes = 0
            var areComplete = false
        }

        private let state = Mutex(State())
        var all: [Int64: DatabaseError?] { state.withLock { $0.all } }
        var areComplete: Bool { state.withLock { $0.areComplete } }

        func add(_ number: Int64, _ error: DatabaseError?) {
            state.withLock { state in
                state.all[number] = .some(error)
                if error == nil { state.successes += 1 }
            }
        }

        func complete() { state.withLock { $0.areComplete = true } }

        /// Returns when fifty more have succeeded.
        func grow() async throws {
            let before = state.withLock { $0.successes }
            try await eventually("writes go on", holds: { state.withLock { $0.successes } > before + 50 })
        }
    }

    @Test func `parameters are found where PostgreSQL finds them`() async throws {
        try await Engine.postgresql.withDatabase { database in
            let rows = try await database.read { connection in
                try connection.query(
                    #"""
                    SELECT '$3' AS a, E'\'$4' AS b, $tag$ $5 '$6 $$ $tag$ AS c, "x$7".y$8 AS d, -- $9 '
                        /* $10 /* $11 */ ' $12 */ $1 IS NULL AS e, $2 AS f, 'it''s $13' AS g, $$ $14 $$ AS h
                    FROM (SELECT 1 AS y$8) AS "x$7"
                    """#,
                    [nil, "x"]
                )
            }
            #expect(
                rows.map(\.values) == [["$3", "'$4", " $5 '$6 $$ ", 1, 1, "x", "it's $13", " $14 "]]
            )
        }
    }
}
