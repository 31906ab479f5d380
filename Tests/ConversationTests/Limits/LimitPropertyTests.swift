// Random requests, ends, restarts and clocks: sums never exceed, nothing leaks, every hold settles once.

import Testing

@testable import Conversation

/// A generator that a seed repeats (SplitMix64).
struct Dice: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

@Suite struct LimitPropertyTests {
    /// What is known of each request from outside.
    private struct Ledger {
        struct Paid { var scopes: [LimitScope], startedAt: Int64, micros: Int64 }
        var open: [(hold: LimitHold, estimate: LimitUse)] = []
        var paid: [Paid] = []
        /// Moments of grants by subject.
        var grants: [LimitScope: [Int64]] = [:]

        func spent(_ scope: LimitScope, _ matches: (Int64) -> Bool) -> Int64 {
            paid.filter { $0.scopes.contains(scope) && matches($0.startedAt) }.reduce(0) { $0 + $1.micros }
                + open.filter { $0.hold.scopes.contains { $0.scope == scope } && matches($0.hold.startedAt) }
                .reduce(0) { $0 + $1.hold.charged.micros }
        }
    }

    @Test(arguments: [1, 2, 3, 4, 5, 6, 7, 8] as [UInt64]) func sumsHold(seed: UInt64) throws {
        var dice = Dice(state: seed)
        let all = [
            LimitedScope(
                LimitScope(.user, "7"),
                LimitSet(requestsPerMinute: 12, tokensPerMinute: 3000, concurrent: 4, budgetDay: 40_000)
            ),
            LimitedScope(
                LimitScope(.secret, "1"),
                LimitSet(requestsPerMinute: 7, concurrent: 3, budgetDay: 30_000, budgetMonth: 90_000)
            ),
            LimitedScope(LimitScope(.bot, "b"), LimitSet(tokensPerMinute: 2000, budgetMonth: 100_000)),
            LimitedScope(LimitScope(.route, "r"), LimitSet(concurrent: 5)),
        ]
        var (table, ledger) = (LimitTable(), Ledger())
        var (moment, wall): (Int64, Int64) = (1_000_000, 1_700_000_000_000)
        var (granted, refused) = (0, 0)
        for step in 0..<3000 {
            let pause = Int64.random(in: 0...4000, using: &dice)
            moment += pause
            wall += pause
            switch Int.random(in: 0..<1000, using: &dice) {
            case 0..<550:
                let scopes = all.filter { _ in Bool.random(using: &dice) }
                let use = LimitUse(
                    tokens: Int.random(in: 0...600, using: &dice),
                    micros: Int64.random(in: 0...3000, using: &dice)
                )
                let before = table
                switch table.reserve(
                    LimitClaim(scopes: scopes, use: use, startedAt: wall),
                    holder: "n",
                    at: moment
                ) {
                case .granted(let hold, _):
                    granted += 1
                    ledger.open.append((hold, use))
                    for limited in scopes {
                        ledger.grants[limited.scope, default: []].append(moment)
                        let meter = try #require(table.meters[limited.scope])
                        if let limit = limited.limits.tokensPerMinute { #expect(meter.tokens.sum <= limit) }
                        let (day, month) = (BudgetPeriod.day(wall), BudgetPeriod.month(wall))
                        if let budget = limited.limits.budgetDay {
                            #expect(ledger.spent(limited.scope) { BudgetPeriod.day($0) == day } <= budget)
                        }
                        if let budget = limited.limits.budgetMonth {
                            #expect(ledger.spent(limited.scope) { BudgetPeriod.month($0) == month } <= budget)
                        }
                    }
                case .refused(let refusal, _):
                    refused += 1
                    // All or nothing: nobody has taken anything.
                    for limited in scopes {
                        #expect(
                            table.meters[limited.scope]?.running ?? [:] == before.meters[limited.scope]?.running ?? [:]
                        )
                    }
                    #expect(scopes.contains { $0.scope == refusal.scope })
                }
            case 550..<970:
                guard !ledger.open.isEmpty else { continue }
                let (hold, estimate) = ledger.open.remove(at: Int.random(in: ledger.open.indices, using: &dice))
                // Mostly less than was reserved, now and then more, now and then nobody knows.
                let isUnknown = Int.random(in: 0..<10, using: &dice) == 0
                let use = LimitUse(
                    tokens: Int.random(in: 0...max(1, estimate.tokens * 5 / 4), using: &dice),
                    micros: Int64.random(in: 0...max(1, estimate.micros * 5 / 4), using: &dice)
                )
                table.settle(hold, as: isUnknown ? nil : use, at: moment)
                ledger.paid.append(
                    .init(
                        scopes: hold.scopes.map(\.scope),
                        startedAt: hold.startedAt,
                        micros: isUnknown ? estimate.micros : use.micros
                    )
                )
            case 970..<980:  // hours pass
                let jump = Int64.random(in: 0...30_000_000, using: &dice)
                moment += jump
                wall += jump
            case 980..<990:  // the clock of the minutes is set back
                let jump = Int64.random(in: 0...600_000, using: &dice)
                moment -= jump
                for scope in ledger.grants.keys { ledger.grants[scope] = ledger.grants[scope]?.map { $0 - jump } }
            default:  // a restart: turns that ran are gone, money comes from the books, minutes begin anew
                table = LimitTable()
                table.history.day = BudgetPeriod.day(wall)
                table.history.month = BudgetPeriod.month(wall)
                ledger.open = []
                for limited in all {
                    table.history.spent[limited.scope] = .init(
                        day: ledger.spent(limited.scope) { BudgetPeriod.day($0) == table.history.day },
                        month: ledger.spent(limited.scope) { BudgetPeriod.month($0) == table.history.month }
                    )
                }
                ledger.grants = [:]
            }
            for limited in all {
                guard let meter = table.meters[limited.scope] else { continue }
                let open = ledger.open.count { $0.hold.scopes.contains { $0.scope == limited.scope } }
                #expect(meter.runningCount == open, "seed \(seed), step \(step)")
                if let limit = limited.limits.concurrent { #expect(open <= limit) }
                if limited.limits.hasBudget {
                    let day = BudgetPeriod.day(wall)
                    #expect(
                        meter.days[day] == ledger.spent(limited.scope) { BudgetPeriod.day($0) == day },
                        "seed \(seed), step \(step)"
                    )
                }
                if let limit = limited.limits.requestsPerMinute {
                    // Setting a clock back rounds to a tick.
                    let recent = (ledger.grants[limited.scope] ?? []).suffix(limit + 1)
                    if recent.count > limit, let first = recent.first, let last = recent.last {
                        #expect(last - first > 59_500, "seed \(seed), step \(step)")
                    }
                }
                // What lies in the store says the same.
                #expect(try LimitMeter(text: meter.text) == meter)
            }
        }
        #expect(granted > 100 && refused > 100, "seed \(seed): \(granted) granted, \(refused) refused")
        for (hold, _) in ledger.open { table.settle(hold, as: LimitUse(), at: moment) }
        #expect(table.meters.values.allSatisfy { $0.running.isEmpty })
    }

    @Test func aTurnIsPaidByTheDayOnWhichItBegan() {
        let scope = LimitScope(.user, "7")
        let limited = [LimitedScope(scope, LimitSet(budgetDay: 100))]
        var table = LimitTable()
        let midnight = BudgetPeriod.dayLength * 20_000
        let claim = LimitClaim(scopes: limited, use: LimitUse(micros: 90), startedAt: midnight - 1)
        guard case .granted(let hold, _) = table.reserve(claim, holder: "", at: 0) else {
            Issue.record("refused")
            return
        }
        table.settle(hold, as: LimitUse(micros: 70), at: 10)
        #expect(table.meters[scope]?.days[19_999] == 70)
        #expect(table.meters[scope]?.days[20_000] == 0)
        let next = LimitClaim(scopes: limited, use: LimitUse(micros: 90), startedAt: midnight)
        guard case .granted = table.reserve(next, holder: "", at: 20) else {
            Issue.record("the new day is not fresh")
            return
        }
        // Set back over midnight, the day before has not been forgotten.
        guard case .refused(let refusal, _) = table.reserve(claim, holder: "", at: 20) else {
            Issue.record("forgotten")
            return
        }
        #expect(refusal.kind == .budgetDay && refusal.used == 70 && refusal.limit == 100)
    }

    @Test func whatIsGivenBackIsOnesOwnWhateverTheClockDoes() {
        let scope = LimitScope(.user, "7")
        let limited = [LimitedScope(scope, LimitSet(tokensPerMinute: 1000))]
        var table = LimitTable()
        func reserve(_ tokens: Int, at moment: Int64) -> LimitHold? {
            let claim = LimitClaim(scopes: limited, use: LimitUse(tokens: tokens), startedAt: 0)
            if case .granted(let hold, _) = table.reserve(claim, holder: "", at: moment) {
                return hold
            } else {
                return nil
            }
        }
        guard let first = reserve(100, at: 1_000_000), let second = reserve(50, at: 990_000),
            let third = reserve(30, at: 1_000_000)
        else {
            Issue.record("refused")
            return
        }
        // Set back by ten seconds, the clock shows a second time when the first was taken.
        table.settle(first, as: LimitUse(tokens: 20), at: 1_000_000)
        #expect(table.meters[scope]?.tokens.sum == 100)
        table.settle(second, as: LimitUse(), at: 1_000_000)
        #expect(table.meters[scope]?.tokens.sum == 50)
        table.settle(third, as: LimitUse(), at: 900_000)
        #expect(table.meters[scope]?.tokens.sum == 20)
        // What lay ten seconds behind does so still.
        #expect(reserve(0, at: 900_000 + 50_000) != nil)
        #expect(table.meters[scope]?.tokens.sum == 20)
        #expect(reserve(0, at: 900_000 + 50_250) != nil)
        #expect(table.meters[scope]?.tokens.sum == 0)
    }

    @Test func aTurnThatOverdrawsEndsBeforeItsNextRound() {
        let scope = LimitScope(.bot, "b")
        let limited = [LimitedScope(scope, LimitSet(tokensPerMinute: 100, budgetDay: 1000))]
        var table = LimitTable()
        let claim = LimitClaim(scopes: limited, use: LimitUse(tokens: 50, micros: 100), startedAt: 0)
        guard case .granted(let hold, let standing) = table.reserve(claim, holder: "", at: 0) else {
            Issue.record("refused")
            return
        }
        #expect(standing.tokens?.remaining == 50)
        let (same, nothing) = table.extend(hold, to: LimitUse(tokens: 30, micros: 90), at: 1)
        #expect(nothing == nil && same.charged == claim.use)
        let (more, tokens) = table.extend(same, to: LimitUse(tokens: 130, micros: 90), at: 2)
        #expect(tokens?.kind == .tokens && more.charged.tokens == 130)
        let (most, money) = table.extend(more, to: LimitUse(tokens: 130, micros: 1001), at: 3)
        #expect(money?.kind == .budgetDay && money?.used == 1001)
        table.settle(most, as: LimitUse(tokens: 130, micros: 1001), at: 4)
        #expect(table.meters[scope]?.tokens.sum == 130)
        #expect(table.meters[scope]?.days[0] == 1001)
    }

    @Test func theTightestIsTold() {
        var table = LimitTable()
        let claim = LimitClaim(
            scopes: [
                LimitedScope(LimitScope(.user, "1"), LimitSet(requestsPerMinute: 10, tokensPerMinute: 900)),
                LimitedScope(LimitScope(.secret, "1"), LimitSet(requestsPerMinute: 5)),
            ],
            use: LimitUse(tokens: 100),
            startedAt: 0
        )
        guard case .granted(_, let standing) = table.reserve(claim, holder: "", at: 0) else {
            Issue.record("refused")
            return
        }
        #expect(
            standing.headers == [
                "x-ratelimit-limit-requests": "5", "x-ratelimit-remaining-requests": "4",
                "x-ratelimit-reset-requests": "1m0.25s", "x-ratelimit-limit-tokens": "900",
                "x-ratelimit-remaining-tokens": "800", "x-ratelimit-reset-tokens": "1m0.25s",
            ]
        )
    }
}
