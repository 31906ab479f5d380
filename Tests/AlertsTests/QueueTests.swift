// Many at once: bodies share transactions, one body's fault stays its own, and too much is refused.

import Alerts
import JSON
import Storage
import Synchronization
import Testing

/// A database that counts write transactions, and can hold them or refuse them.
final class WatchedDatabase: Database {
    private struct State {
        var writes = 0
        var held: [CheckedContinuation<Void, Never>]?
        var waiting = 0
        var failure: DatabaseError?
    }

    private let inner: any Database
    private let state = Mutex(State())

    init(_ inner: any Database) { self.inner = inner }

    var dialect: SQLDialect { inner.dialect }
    var writes: Int { state.withLock { $0.writes } }
    /// Writes that wait for `release`.
    var waiting: Int { state.withLock { $0.held?.count ?? 0 } }

    func hold() { state.withLock { $0.held = [] } }

    func release() {
        let held = state.withLock { state in
            defer { state.held = nil }
            return state.held ?? []
        }
        for one in held { one.resume() }
    }

    func refuse(_ failure: DatabaseError?) { state.withLock { $0.failure = failure } }

    func read<T: Sendable>(_ body: @escaping @Sendable (any SQLConnection) throws -> T) async throws -> T {
        try await inner.read(body)
    }

    func write<T: Sendable>(_ body: @escaping @Sendable (any SQLConnection) throws -> T) async throws -> T {
        await withCheckedContinuation { continuation in
            let goesOn = state.withLock { state in
                state.writes += 1
                guard state.held != nil else { return true }
                state.held?.append(continuation)
                return false
            }
            if goesOn { continuation.resume() }
        }
        if let failure = state.withLock({ $0.failure }) { throw failure }
        return try await inner.write(body)
    }

    func check() async throws { try await inner.check() }
    func close() async { await inner.close() }
}

/// Statuses in the order in which they came.
private final class Answers: Sendable {
    private let statuses = Mutex<[Int]>([])

    var all: [Int] { statuses.withLock { $0 } }
    func add(_ status: Int) { statuses.withLock { $0.append(status) } }
}

@Suite struct QueueTests {
    private static func body(_ id: String) -> [UInt8] {
        JSONValue.object(["source_id": "s1", "events": [event(id, start: 1000)]]).bytes
    }

    @Test("What waits goes together into one transaction", arguments: Engine.allCases)
    func together(_ engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            let watched = WatchedDatabase(fixture.database)
            let alerts = try AlertsService(database: watched, clock: fixture.clock.clock)
            watched.hold()
            @Sendable func post(_ number: Int) async -> Int {
                await alerts.receive(body: Self.body("e\(number)"), secrets: [Fixture.secret], query: []).status
            }
            let statuses = await withTaskGroup(of: Int.self) { group in
                group.addTask { await post(0) }
                while watched.waiting == 0 { await Task.yield() }
                for number in 1..<100 { group.addTask { await post(number) } }
                while alerts.waiting.bodies < 99 { await Task.yield() }
                watched.release()
                return await group.reduce(into: [Int]()) { $0.append($1) }
            }
            #expect(statuses.allSatisfy { $0 == 200 })
            #expect(watched.writes == 2)
            try await fixture.expect("alert", has: 100)
        }
    }

    @Test(
        "A store that refuses is 503, and good again when it is",
        arguments: [
            DatabaseError.Kind.busy, .unavailable, .overloaded, .closed,
        ]
    )
    func refused(kind: DatabaseError.Kind) async throws {
        try await Fixture.run(.sqlite) { fixture in
            let watched = WatchedDatabase(fixture.database)
            let alerts = try AlertsService(database: watched, clock: fixture.clock.clock)
            watched.refuse(DatabaseError(kind, "out of order"))
            let reply = await alerts.receive(body: Self.body("a"), secrets: [Fixture.secret], query: [])
            #expect(reply.status == 503)
            #expect(reply.body["code"] == 503)
            #expect(reply.body["message"]?.string?.contains("send again") == true)
            try await fixture.expect("alert_event", has: 0)
            watched.refuse(nil)
            let again = await alerts.receive(body: Self.body("a"), secrets: [Fixture.secret], query: [])
            #expect(again.number("created") == 1)
        }
    }

    @Test("More than the queue holds is refused at once, and what it holds is kept")
    func overload() async throws {
        try await Fixture.run(.sqlite) { fixture in
            let watched = WatchedDatabase(fixture.database)
            let alerts = try AlertsService(
                database: watched,
                clock: fixture.clock.clock,
                limits: IngestLimits(bodies: 10, events: 1000)
            )
            watched.hold()
            let answered = Answers()
            await withTaskGroup(of: Void.self) { group in
                for number in 0..<100 {
                    group.addTask {
                        let reply = await alerts.receive(
                            body: Self.body("e\(number)"),
                            secrets: [Fixture.secret],
                            query: []
                        )
                        answered.add(reply.status)
                    }
                }
                group.addTask {
                    // Ten may wait and some are under way: most of the hundred must have been refused by now.
                    while answered.all.count < 80 { await Task.yield() }
                    #expect(answered.all.allSatisfy { $0 == 503 })
                    watched.release()
                }
            }
            let statuses = answered.all
            let kept = statuses.filter { $0 == 200 }.count
            #expect(statuses.count == 100)
            #expect(kept >= 10)
            try await fixture.expect("alert", has: kept)
        }
    }
}
