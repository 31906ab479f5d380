// What only the embedded store promises: its file, its group commit, and what survives a kill or a failing disk.

import Foundation
import Glibc
import Storage
import Support
import Testing

@Suite struct SQLiteTests {
    @Test func `the file is private and opened the safe way`() async throws {
        let folder = try TemporaryFolder("storage")
        let database = try await SQLiteDatabase.open(path: folder.file("store.db"))
        try await database.run("CREATE TABLE t (n BIGINT)")
        for name in ["store.db", "store.db-wal", "store.db-shm"] {
            let attributes = try FileManager.default.attributesOfItem(atPath: folder.file(name))
            #expect(attributes[.posixPermissions] as? Int == 0o600, "\(name)")
        }
        let settings: @Sendable (any SQLConnection) throws -> [SQLValue] = { connection in
            let sql = """
                SELECT (SELECT journal_mode FROM pragma_journal_mode) AS a,
                    (SELECT synchronous FROM pragma_synchronous) AS b,
                    (SELECT foreign_keys FROM pragma_foreign_keys) AS c
                """
            return try connection.query(sql)[0].values
        }
        #expect(try await database.write(settings) == ["wal", 2, 1])
        #expect(try await database.read(settings) == ["wal", 2, 1])
        await database.close()
    }

    @Test func `waiting writes share one commit, and their failures stay their own`() async throws {
        let folder = try TemporaryFolder("storage")
        let database = try await SQLiteDatabase.open(path: folder.file("store.db"))
        try await database.run("CREATE TABLE parents (id INTEGER PRIMARY KEY)")
        try await database.run(
            """
            CREATE TABLE t (n INTEGER PRIMARY KEY,
                parent INTEGER REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED)
            """
        )
        let gate = Gate()
        let held = Task { try await database.write { _ in gate.pass() } }
        try await gate.occupied()
        let commits = try commitCount(folder)
        let handedIn = Counter()
        @Sendable func job(_ body: @escaping @Sendable (any SQLConnection) throws -> Void) -> Task<Void, any Error> {
            Task {
                handedIn.add()
                try await database.write(body)
            }
        }
        let good = (1...50).map { number in
            job { connection in try connection.execute("INSERT INTO t (n) VALUES ($1)", [.int(number)]) }
        }
        let bad = [
            job { connection in
                try connection.execute("INSERT INTO t (n) VALUES (1001)")
                throw Refusal()
            },
            job { connection in
                try connection.execute("INSERT INTO t (n) VALUES (1002)")
                try connection.execute("INSERT INTO t (n) VALUES (1002)")
            },
            job { connection in
                try connection.execute("INSERT INTO t (n) VALUES (1003)")
                _ = try? connection.execute("INSERT INTO t (n) VALUES (1003)")
            },
            // Would be noticed by SQLite at COMMIT only, and then undo all.
            job { connection in try connection.execute("INSERT INTO t (n, parent) VALUES (1004, 7)") },
        ]
        try await eventually("all are handed in", holds: { handedIn.count == 54 })
        gate.open()
        try await held.value
        for task in good { try await task.value }
        var errors: [any Error] = []
        for task in bad { if let error = await failure(of: { try await task.value }) { errors.append(error) } }
        try #require(errors.count == 4)
        #expect(errors[0] is Refusal)
        #expect((errors[1] as? DatabaseError)?.kind == .constraint(.unique))
        #expect((errors[2] as? DatabaseError)?.kind == .constraint(.unique))
        #expect((errors[3] as? DatabaseError)?.kind == .constraint(.foreignKey))
        #expect(try await database.number("SELECT count(*) AS value FROM t") == 50)
        #expect(try await database.number("SELECT max(n) AS value FROM t") == 50)
        // The tasks were started, but a few may have been late for the first batch.
        #expect(try commitCount(folder) - commits <= 5)
        await database.close()
    }

    @Test func `a job that makes SQLite undo everything harms no other`() async throws {
        let folder = try TemporaryFolder("storage")
        let database = try await SQLiteDatabase.open(path: folder.file("store.db"))
        try await database.run("CREATE TABLE t (n INTEGER PRIMARY KEY)")
        let gate = Gate()
        let held = Task { try await database.write { _ in gate.pass() } }
        try await gate.occupied()
        let handedIn = Counter()
        let tasks = (1...20).map { number in
            Task {
                handedIn.add()
                try await database.run("INSERT OR ROLLBACK INTO t VALUES ($1)", [.int(number == 10 ? 9 : number)])
            }
        }
        try await eventually("all are handed in", holds: { handedIn.count == 20 })
        gate.open()
        try await held.value
        var failures = 0
        for task in tasks {
            if let error = await databaseError(of: { try await task.value }) {
                #expect(error.kind == .constraint(.unique))
                failures += 1
            }
        }
        #expect(failures == 1)
        #expect(try await database.number("SELECT count(*) AS value FROM t") == 19)
        await database.close()
    }

    @Test func `a lock held by another process is busy, after the set patience`() async throws {
        let folder = try TemporaryFolder("storage")
        var options = DatabaseOptions()
        options.busyTimeout = .milliseconds(50)
        let ours = try await SQLiteDatabase.open(path: folder.file("store.db"), options: options)
        let other = try await SQLiteDatabase.open(path: folder.file("store.db"), options: options)
        try await ours.run("CREATE TABLE t (n BIGINT)")
        let gate = Gate()
        let held = Task { try await other.write { _ in gate.pass() } }
        try await gate.occupied()
        #expect(await databaseError { try await ours.run("INSERT INTO t VALUES (1)") }?.kind == .busy)
        gate.open()
        try await held.value
        try await ours.run("INSERT INTO t VALUES (2)")
        #expect(try await other.number("SELECT sum(n) AS value FROM t") == 2)
        await ours.close()
        await other.close()
    }

    @Test func `several openers of a new file all succeed`() async throws {
        let folder = try TemporaryFolder("storage")
        let path = folder.file("store.db")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<8 {
                group.addTask {
                    let database = try await SQLiteDatabase.open(path: path)
                    try await database.run("CREATE TABLE IF NOT EXISTS t (n BIGINT)")
                    try await database.run("INSERT INTO t VALUES ($1)", [.int(number)])
                    await database.close()
                }
            }
            try await group.waitForAll()
        }
        let database = try await SQLiteDatabase.open(path: path)
        #expect(try await database.number("SELECT count(*) AS value FROM t") == 8)
        await database.close()
    }

    @Test func `something else than a database is unavailable and stays as it was`() async throws {
        let folder = try TemporaryFolder("storage")
        let path = try folder.write(String(repeating: "not a database\n", count: 1000), to: "store.db")
        let error = await databaseError { await (try SQLiteDatabase.open(path: path)).close() }
        #expect(error?.kind == .unavailable)
        #expect(try folder.read("store.db").hasPrefix("not a database"))
    }

    @Test func `what was acknowledged survives kill -9, and no half transaction does`() async throws {
        let folder = try TemporaryFolder("storage")
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = folder.path as String] in
            let database = try await SQLiteDatabase.open(path: path + "/store.db")
            try await database.run("CREATE TABLE t (n INTEGER PRIMARY KEY)")
            let log = open(path + "/acknowledged", O_WRONLY | O_CREAT | O_APPEND, 0o600)
            let acknowledged = Counter()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for lane in 0..<16 {
                    group.addTask {
                        for step in 1...1_000_000 {
                            let number = Int64(step * 16 + lane)
                            try await database.write { connection in
                                try connection.execute("INSERT INTO t VALUES ($1)", [.integer(number)])
                                try connection.execute("INSERT INTO t VALUES ($1)", [.integer(-number)])
                            }
                            let line = Array("\(number)\n".utf8)
                            _ = write(log, line, line.count)
                            acknowledged.add()
                            // The others are in the midst of theirs.
                            if acknowledged.count >= 2000 { kill(getpid(), SIGKILL) }
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
        let acknowledged = try folder.read("acknowledged").split(separator: "\n").compactMap { Int64($0) }
        #expect(acknowledged.count >= 2000)
        let database = try await SQLiteDatabase.open(path: folder.file("store.db"))
        let stored = try await database.read { connection in
            try connection.query("SELECT n FROM t").map { try $0.int("n") }
        }
        #expect(Set(acknowledged).subtracting(stored).isEmpty)
        #expect(stored.reduce(0, +) == 0)
        let state = try await database.read { connection in
            try connection.query("SELECT integrity_check AS state FROM pragma_integrity_check").map {
                try $0.text("state")
            }
        }
        #expect(state == ["ok"])
        await database.close()
    }

    @Test func `when COMMIT fails, all of its jobs fail and nothing is kept`() async throws {
        let folder = try TemporaryFolder("storage")
        // In a process of its own, since the limit of a file's size, which stands for a full disk, is one of processes.
        await #expect(processExitsWith: .success) { [path = folder.path as String] in
            signal(SIGXFSZ, SIG_IGN)
            let database = try await SQLiteDatabase.open(path: path + "/store.db")
            try await database.run("CREATE TABLE t (n INTEGER PRIMARY KEY, note TEXT)")
            let gate = Gate()
            let held = Task { try await database.write { _ in gate.pass() } }
            try await gate.occupied()
            let handedIn = Counter()
            let tasks = (0..<5).map { number in
                Task {
                    handedIn.add()
                    try await database.run("INSERT INTO t VALUES ($1, 'lost')", [.int(number)])
                }
            }
            try await eventually("all are handed in", holds: { handedIn.count == 5 })
            var status = stat()
            #expect(stat(path + "/store.db-wal", &status) == 0)
            var limit = rlimit()
            getrlimit(Int32(RLIMIT_FSIZE.rawValue), &limit)
            let whole = limit.rlim_cur
            limit.rlim_cur = rlim_t(status.st_size)
            #expect(setrlimit(Int32(RLIMIT_FSIZE.rawValue), &limit) == 0)
            gate.open()
            try await held.value
            for task in tasks {
                #expect(await databaseError(of: { try await task.value })?.kind == .unavailable)
            }
            #expect(try await database.number("SELECT count(*) AS value FROM t") == 0)
            limit.rlim_cur = whole
            #expect(setrlimit(Int32(RLIMIT_FSIZE.rawValue), &limit) == 0)
            try await database.run("INSERT INTO t VALUES (1, 'kept')")
            #expect(try await database.number("SELECT count(*) AS value FROM t") == 1)
            await database.close()
        }
    }

    /// How many commits the write-ahead log holds: frames that tell the size of the database
    /// (https://www.sqlite.org/fileformat2.html#the_write_ahead_log).
    private func commitCount(_ folder: TemporaryFolder) throws -> Int {
        let log = [UInt8](try Data(contentsOf: URL(fileURLWithPath: folder.file("store.db-wal"))))
        func number(_ offset: Int) -> Int { log[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) } }
        let frame = 24 + number(8)
        return stride(from: 32, through: log.count - frame, by: frame).count { number($0 + 4) != 0 }
    }
}
