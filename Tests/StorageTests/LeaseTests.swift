// One holder at a time, and a paused one cannot write after another has taken over.

import Storage
import Support
import Testing

@Suite struct LeaseTests {
    @Test(arguments: Engine.allCases)
    func `one of many gets it, and the next after release`(engine: Engine) async throws {
        try await engine.withDatabase { database in
            try await Migrator(StorageSchema.migrations).migrate(database)
            let winners = try await withThrowingTaskGroup(of: Lease?.self) { group in
                for number in 0..<16 {
                    group.addTask {
                        try await Lease.acquire("outbox", holder: "node-\(number)", for: .seconds(60), in: database)
                    }
                }
                return try await group.reduce(into: [Lease]()) { if let lease = $1 { $0.append(lease) } }
            }
            #expect(winners.count == 1)
            let lease = try #require(winners.first)
            #expect(lease.token == 1)
            // Another name is another lease.
            #expect(try await Lease.acquire("other", holder: "x", for: .seconds(60), in: database)?.token == 1)
            let renewed = try #require(try await lease.renew(for: .seconds(120), in: database))
            #expect(renewed.token == lease.token)
            #expect(renewed.expiresAt > lease.expiresAt)
            try await database.write { connection in try lease.confirm(on: connection) }
            try await lease.release(in: database)
            #expect(try await lease.renew(for: .seconds(60), in: database) == nil)
            let next = try #require(try await Lease.acquire("outbox", holder: "y", for: .seconds(60), in: database))
            #expect(next.token == 2)
            // Releasing what one no longer has takes it from nobody.
            try await lease.release(in: database)
            #expect(try await Lease.acquire("outbox", holder: "z", for: .seconds(60), in: database) == nil)
            // The holder may take it anew, after a restart for instance.
            #expect(try await Lease.acquire("outbox", holder: "y", for: .seconds(60), in: database)?.token == 3)
        }
    }

    @Test(arguments: Engine.allCases)
    func `it runs out, and its late holder is fenced off`(engine: Engine) async throws {
        try await engine.withDatabase { database in
            try await Migrator(StorageSchema.migrations).migrate(database)
            try await database.run("CREATE TABLE t (n BIGINT)")
            let old = try #require(try await Lease.acquire("job", holder: "a", for: .milliseconds(50), in: database))
            let new = try await eventually("the lease runs out") {
                try await Lease.acquire("job", holder: "b", for: .seconds(60), in: database)
            }
            #expect(new.token == old.token + 1)
            #expect(try await old.renew(for: .seconds(60), in: database) == nil)
            let error = await databaseError {
                try await database.write { connection in
                    try old.confirm(on: connection)
                    try connection.execute("INSERT INTO t VALUES (1)")
                }
            }
            #expect(error?.kind == .busy)
            try await database.write { connection in
                try new.confirm(on: connection)
                try connection.execute("INSERT INTO t VALUES (2)")
            }
            #expect(try await database.number("SELECT sum(n) AS value FROM t") == 2)
        }
    }
}
