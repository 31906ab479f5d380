// Two nodes on one store: exact together, and one's death frees its slots.

import Identity
import Logging
import Storage
import Support
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

    /// Two nodes, each with connections of its own.
    private func withNodes(
        lifetime: Duration = SharedLimiter.lifetime,
        _ body: (SharedLimiter, SharedLimiter, any Database) async throws -> Void
    ) async throws {
        let url = try await PostgreSQLServer.shared().makeDatabase() + "?connections=2"
        let (one, two) = (try await DatabaseURL.open(url), try await DatabaseURL.open(url))
        try await Migrator(IdentitySchema.migrations + ConversationSchema.migrations).migrate(one)
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        do {
            try await body(
                SharedLimiter(database: one, logger: logger, lifetime: lifetime),
                SharedLimiter(database: two, logger: logger, lifetime: lifetime),
                one
            )
        } catch {
            await one.close()
            await two.close()
            throw error
        }
        await one.close()
        await two.close()
    }

    private func hold(_ outcome: LimitOutcome) -> LimitHold? {
        if case .granted(let hold, _) = outcome { hold } else { nil }
    }

    @Test func noMoreThanTheLimitIsAdmitted() async throws {
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
            #expect(granted == 37)
            await one.drain()
            await two.drain()
            let reading = try await one.readings(of: [Self.scope])[Self.scope]
            #expect(reading?.requests == 37 && reading?.running == 0)
            #expect(one.holdCount == 0 && two.holdCount == 0)
        }
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

    @Test func whoDiesGivesItsSlotsBack() async throws {
        try await withNodes(lifetime: .milliseconds(400)) { one, two, database in
            let claim = claim(LimitSet(concurrent: 2, budgetDay: 1000), micros: 300)
            let (first, second) = (hold(try await one.reserve(claim)), hold(try await one.reserve(claim)))
            #expect(first != nil && second != nil)
            #expect(hold(try await two.reserve(claim)) == nil)
            // The first node says nothing any more.
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
        let limiter = SharedLimiter(database: database, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
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
        takenAt: 0,
        startedAt: 0,
        charged: LimitUse(),
        unpaid: []
    )
}
