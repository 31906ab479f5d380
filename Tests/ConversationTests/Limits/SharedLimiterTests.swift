// Two nodes on one store: exact together, and one's death frees its slots.

import Identity
import Logging
import Storage
import Support
import Synchronization
import Testing

@testable import Conversation

@Suite struct SharedLimiterTests {
    private static let scope = LimitScope(.user, "7")

    private func claim(_ limits: LimitSet, tokens: Int = 0, micros: Int64 = 0) -> LimitClaim {
        LimitClaim(
            scopes: [LimitedScope(Self.scope, limits)],
            use: LimitUse(tokens: tokens, micros: micros),
            startedAt: WallClock.system.now()
        )
    }

    /// Nobody here says that a node lives, so its word holds for longer than any test.
    private static let lifetime = Duration.seconds(3600)

    /// Two nodes, each with connections of its own.
    private func withNodes<Found>(
        lifetime: Duration = Self.lifetime,
        _ body: (SharedLimiter, SharedLimiter, any Database) async throws -> Found
    ) async throws -> Found {
        let url = try await PostgreSQLServer.shared().makeDatabase() + "?connections=2"
        let (one, two) = (try await DatabaseURL.open(url), try await DatabaseURL.open(url))
        try await Migrator(IdentitySchema.migrations + ConversationSchema.migrations).migrate(one)
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        do {
            let found = try await body(
                SharedLimiter(database: one, logger: logger, lifetime: lifetime),
                SharedLimiter(database: two, logger: logger, lifetime: lifetime),
                one
            )
            await one.close()
            await two.close()
            return found
        } catch {
            await one.close()
            await two.close()
            throw error
        }
    }

    /// What requests and tokens count for ends after a minute: what took nearly as long says nothing, and is done again on
    /// a new store.
    private func withinAMinute<Found>(_ body: () async throws -> Found) async throws -> Found {
        for _ in 0..<5 {
            let start = ContinuousClock.now
            let found = try await body()
            if ContinuousClock.now - start < .seconds(50) { return found }
        }
        throw SupportError("not within a minute")
    }

    private func hold(_ outcome: LimitOutcome) -> LimitHold? {
        if case .granted(let hold, _) = outcome { hold } else { nil }
    }

    @Test func noMoreThanTheLimitIsAdmitted() async throws {
        let (granted, reading) = try await withinAMinute {
            try await withNodes { one, two, _ in
                let claim = claim(LimitSet(requestsPerMinute: 37))
                let granted = try await withThrowingTaskGroup(of: Bool.self) { group in
                    for number in 0..<200 {
                        group.addTask {
                            let limiter = number % 2 == 0 ? one : two
                            guard let hold = hold(try await limiter.reserve(claim)) else { return false }
                            limiter.settle(hold, as: LimitUse())
                            return true
                        }
                    }
                    return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
                }
                await one.drain()
                await two.drain()
                #expect(one.holdCount == 0 && two.holdCount == 0)
                return (granted, try await one.readings(of: [Self.scope])[Self.scope])
            }
        }
        #expect(granted == 37)
        #expect(reading?.requests == 37 && reading?.running == 0)
    }

    @Test func slotsAndMoneyHoldTogether() async throws {
        try await withNodes { one, two, _ in
            let claim = claim(LimitSet(concurrent: 5, budgetDay: 10_000), micros: 100)
            try await withThrowingTaskGroup(of: Int64.self) { group in
                for number in 0..<40 {
                    group.addTask {
                        let limiter = number % 2 == 0 ? one : two
                        var spent: Int64 = 0
                        for _ in 0..<10 {
                            guard let hold = hold(try await limiter.reserve(claim)) else { continue }
                            let running = try await limiter.readings(of: [Self.scope])[Self.scope]?.running ?? 0
                            #expect((1...5).contains(running))
                            // Twice what was reserved.
                            limiter.settle(hold, as: LimitUse(micros: 200))
                            spent += 200
                        }
                        return spent
                    }
                }
                let spent = try await group.reduce(0, +)
                await one.drain()
                await two.drain()
                let reading = try #require(try await two.readings(of: [Self.scope])[Self.scope])
                #expect(reading.day == spent && reading.month == spent && reading.running == 0)
                // Overdrawn by no more than what ran at once exceeded its estimates by.
                #expect(spent <= 10_000 + 5 * 100)
                #expect(spent > 0)
            }
        }
    }

    /// A node whose book has no budget spends from that of the others, and never makes them forget what was spent.
    @Test func nodesThatDisagreeForgetNoMoney() async throws {
        try await withNodes { one, two, _ in
            let (withBudget, without) = (
                claim(LimitSet(budgetDay: 1000, budgetMonth: 1000), micros: 100),
                claim(LimitSet(tokensPerMinute: 1000), micros: 100)
            )
            // It began when nobody counted money.
            let early = try #require(hold(try await two.reserve(without)))
            for _ in 0..<4 {
                one.settle(try #require(hold(try await one.reserve(withBudget))), as: LimitUse(micros: 100))
                await one.settled()
                two.settle(try #require(hold(try await two.reserve(without))), as: LimitUse(micros: 110))
                await two.settled()
            }
            two.settle(early, as: LimitUse(micros: 120))
            await two.settled()
            let reading = try #require(try await one.readings(of: [Self.scope])[Self.scope])
            #expect(reading.day == 960 && reading.month == 960)
            #expect(hold(try await one.reserve(withBudget)) == nil)
        }
    }

    @Test func whatTheBooksSayIsALowerBound() {
        var (table, limited) = (LimitTable(), [LimitedScope(Self.scope, LimitSet(budgetDay: 1000))])
        func reserve(_ limited: [LimitedScope]) -> LimitHold? {
            hold(
                table.reserve(LimitClaim(scopes: limited, use: LimitUse(micros: 100), startedAt: 0), holder: "", at: 0)
            )
        }
        #expect(reserve(limited) != nil)
        // The limit is taken away, money is spent that nobody counts here, and the limit is set again.
        table.history.spent[Self.scope] = .init(day: 850, month: 850)
        #expect(reserve(limited) != nil)
        #expect(table.meters[Self.scope]?.days[0] == 950)
        #expect(reserve(limited) == nil)
        table.history.spent[Self.scope] = .init(day: 100, month: 100)
        limited[0].limits.budgetDay = 2000
        #expect(reserve(limited) != nil)
        #expect(table.meters[Self.scope]?.days[0] == 1050)
    }

    /// A subject that the store refuses fails its own request, not those that go with it.
    @Test func whatTheStoreRefusesFailsAlone() async throws {
        try await withNodes { one, _, _ in
            func claim(on subject: String) -> LimitClaim {
                LimitClaim(
                    scopes: [LimitedScope(LimitScope(.route, subject), LimitSet(requestsPerMinute: 100))],
                    use: LimitUse(),
                    startedAt: 0
                )
            }
            // The store reads no names while it has no meters.
            one.settle(try #require(hold(try await one.reserve(claim(on: "a/b")))), as: LimitUse())
            let granted = try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<60 {
                    group.addTask {
                        let isWrong = number % 3 == 1
                        guard let outcome = try? await one.reserve(claim(on: isWrong ? "a/\0" : "a/b")) else {
                            #expect(isWrong)
                            return false
                        }
                        #expect(!isWrong)
                        if let hold = hold(outcome) { one.settle(hold, as: LimitUse()) }
                        return true
                    }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(granted == 40)
            await one.drain()
            #expect(one.holdCount == 0)
        }
    }

    @Test func whatNobodyTouchesForTwoMonthsIsDeleted() async throws {
        try await withNodes(lifetime: .milliseconds(400)) { one, _, database in
            let hold = try #require(hold(try await one.reserve(claim(LimitSet(requestsPerMinute: 5)))))
            one.settle(hold, as: LimitUse())
            let long = WallClock.system.now() - 63 * BudgetPeriod.dayLength
            try await database.write { connection in
                try connection.execute(
                    "INSERT INTO limit_meter (scope, state, updated_at) VALUES ('user:8', '{}', $1)",
                    [.integer(long)]
                )
            }
            #expect(try await one.knownScopes().count == 2)
            let running = Task { await one.run() }
            try await eventually("it is deleted") { try await one.knownScopes() == [Self.scope] }
            running.cancel()
            await running.value
        }
    }

    /// Nobody heard how a transaction ended: what it did is found out, whether it was kept or not, and nothing that
    /// runs loses its slot.
    @Test(arguments: [true, false]) func anUnheardEndLosesNothing(isKept: Bool) async throws {
        let start = ContinuousClock.now
        try await withNodes { honest, two, database in
            let doubtful = DoubtfulDatabase(database)
            let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            let one = SharedLimiter(database: doubtful, logger: logger, lifetime: Self.lifetime)
            let claim = claim(
                LimitSet(tokensPerMinute: 1000, concurrent: 3, budgetDay: 10_000),
                tokens: 10,
                micros: 100
            )
            let (first, second) = (
                try #require(hold(try await one.reserve(claim))), try #require(hold(try await one.reserve(claim)))
            )
            func expect(running: Int, tokens: Int, micros: Int64) async throws {
                await one.settled()
                let reading = try #require(try await two.readings(of: [Self.scope])[Self.scope])
                #expect(reading.running == running && reading.day == micros)
                // Tokens count for a minute.
                if ContinuousClock.now - start < .seconds(50) { #expect(reading.tokens == tokens) }
            }
            doubtful.doubtNext(kept: isKept)
            await #expect(throws: DatabaseError.self) { _ = try await one.reserve(claim) }
            // It holds nothing, and the others still do.
            try await expect(running: 2, tokens: 20, micros: 200)
            let third = try #require(hold(try await two.reserve(claim)))
            #expect(hold(try await two.reserve(claim)) == nil)
            two.settle(third, as: LimitUse())
            await two.settled()
            doubtful.doubtNext(kept: isKept)
            await #expect(throws: DatabaseError.self) {
                _ = try await one.extend(second, to: LimitUse(tokens: 15, micros: 150))
            }
            try await expect(running: 2, tokens: 20, micros: 200)
            // Two in a row.
            doubtful.doubtNext(kept: isKept)
            one.settle(first, as: LimitUse(tokens: 4, micros: 40))
            try await eventually("the first is in doubt") { doubtful.isHonest }
            doubtful.doubtNext(kept: !isKept)
            one.settle(second, as: LimitUse(tokens: 5, micros: 50))
            try await eventually("the second is in doubt") { doubtful.isHonest }
            try await expect(running: 0, tokens: 9, micros: 90)
            #expect(one.holdCount == 0)
            let nodes = try await database.read { try $0.query("SELECT node FROM limit_node").count }
            #expect(nodes == 2, "it goes on under the same name")
            await honest.drain()
        }
    }

    @Test func whoDiesGivesItsSlotsBack() async throws {
        try await withNodes { one, two, database in
            let claim = claim(LimitSet(concurrent: 2, budgetDay: 1000), micros: 300)
            let (first, second) = (hold(try await one.reserve(claim)), hold(try await one.reserve(claim)))
            #expect(first != nil && second != nil)
            #expect(hold(try await two.reserve(claim)) == nil)
            // The first node says nothing any more, for as long as it takes.
            try await database.write { connection in
                _ = try connection.execute("UPDATE limit_node SET expires_at = 1", [])
            }
            let third = try await eventually("its slots are free") { hold(try await two.reserve(claim)) }
            // What it had reserved stays charged; nobody knows what it has used.
            let day = try await two.readings(of: [Self.scope])[Self.scope]?.day
            #expect(day == 900)
            // It was only slow: its turns end under the old name, which frees nobody else's slot.
            one.settle(try #require(first), as: LimitUse(micros: 100))
            one.settle(try #require(second), as: LimitUse(micros: 100))
            try await eventually("both are settled") {
                try await two.readings(of: [Self.scope])[Self.scope]?.day == 500
            }
            _ = try await eventually("it goes on under a new name") { hold(try await one.reserve(claim)) }
            two.settle(third, as: LimitUse())
            await two.drain()
            let nodes = try await database.read { try $0.query("SELECT node FROM limit_node").count }
            #expect(nodes >= 1)
        }
    }

    @Test func aStoreThatIsGoneRefusesAndSettlesLater() async throws {
        let server = try await PostgreSQLServer.start()
        let url = try await server.makeDatabase() + "?connections=2"
        let database = try await DatabaseURL.open(url)
        try await Migrator(IdentitySchema.migrations + ConversationSchema.migrations).migrate(database)
        let limiter = SharedLimiter(
            database: database,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            lifetime: Self.lifetime
        )
        let claim = claim(LimitSet(concurrent: 1))
        let held = try #require(hold(try await limiter.reserve(claim)))
        try await server.stop()
        await #expect(throws: (any Error).self) { _ = try await limiter.reserve(claim) }
        limiter.settle(held, as: LimitUse())
        try await server.startAgain()
        try await eventually("the slot is free again") {
            guard let next = hold(try await limiter.reserve(claim)) else { return false }
            limiter.settle(next, as: LimitUse())
            return true
        }
        #expect(limiter.holdCount == 0)
        await database.close()
    }
}

extension SharedLimiter {
    /// Returns when what was settled is counted: jobs are done in their order.
    fileprivate func settled() async { _ = try? await extend(.nothing, to: LimitUse()) }
}

extension LimitHold {
    fileprivate static let nothing = LimitHold(
        scopes: [],
        holder: "",
        takenAt: [:],
        startedAt: 0,
        charged: LimitUse(),
        unpaid: []
    )
}

/// A store that says nothing of how some transactions ended.
private final class DoubtfulDatabase: Database {
    private struct Undone: Error {}

    private let store: any Database
    /// Whether the next one is kept; nil when all is well.
    private let next = Mutex<Bool?>(nil)

    init(_ store: any Database) { self.store = store }

    var isHonest: Bool { next.withLock { $0 } == nil }

    func doubtNext(kept: Bool) { next.withLock { $0 = kept } }

    func write<T: Sendable>(_ body: @escaping @Sendable (any SQLConnection) throws -> T) async throws -> T {
        let kept = next.withLock { next in
            defer { next = nil }
            return next
        }
        guard let kept else { return try await store.write(body) }
        do {
            _ = try await store.write { connection in
                let result = try body(connection)
                if !kept { throw Undone() }
                return result
            }
        } catch is Undone {}
        throw DatabaseError(.unavailable, "lost", isOutcomeUnknown: true)
    }

    var dialect: SQLDialect { store.dialect }
    var load: DatabaseLoad { store.load }
    func read<T: Sendable>(_ body: @escaping @Sendable (any SQLConnection) throws -> T) async throws -> T {
        try await store.read(body)
    }
    func check() async throws { try await store.check() }
    func close() async { await store.close() }
}
