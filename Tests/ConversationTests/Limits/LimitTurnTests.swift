// Limits around whole turns: every end gives back what it held, and a refusal is in the books.

import Identity
import OpenAIProtocol
import Providers
import Storage
import Support
import Synchronization
import Testing
import Tools

@testable import Conversation

@Suite struct LimitTurnTests {
    private static let user = LimitScope(.user, "7")

    private func book(_ limits: LimitSet, _ scope: LimitScope = Self.user) -> LimitBook {
        var book = LimitBook()
        book.add(limits, to: scope)
        return book
    }

    private static let prices = PriceBook(
        currency: "USD",
        // A token costs a millionth of a dollar.
        prices: ["up/model-1": ModelPrice(input: 1_000_000, output: 1_000_000)]
    )

    /// A chat with a prompt of four bytes; `tokens`: what its answer may have.
    private static func request(
        to route: String = "default",
        bot: String? = nil,
        of tokens: Int? = nil
    ) -> AccountedRequest {
        AccountedRequest(
            operation: .chat,
            requestID: "r",
            caller: Stage.caller,
            surface: "chat",
            requestedModel: "m",
            botID: bot,
            route: route,
            estimate: LimitEstimate(promptBytes: 4, mostCompletionTokens: tokens, model: "up/model-1")
        )
    }

    private func reading(_ stage: Stage, _ scope: LimitScope = Self.user) async throws -> LimitReading {
        try await stage.environment.limits.limiter.readings(of: [scope])[scope] ?? LimitReading()
    }

    /// Nothing is held; so much is charged.
    private func expectSettled(_ stage: Stage, requests: Int, tokens: Int) async throws {
        #expect(stage.environment.limits.limiter.holdCount == 0)
        #expect(stage.environment.slots.count == 0)
        try await eventually("it is settled: \(requests) requests, \(tokens) tokens") {
            let reading = try await reading(stage)
            return reading.running == 0 && reading.requests == requests && reading.tokens == tokens
                && reading.day == Int64(tokens) && reading.month == Int64(tokens)
        }
        let rows = try await stage.usage()
        let sum = try rows.reduce(0) { try $0 + Int($1.int("prompt_tokens")) + Int($1.int("completion_tokens")) }
        #expect(sum == tokens)
    }

    private static let wide = LimitSet(
        requestsPerMinute: 100,
        tokensPerMinute: 100_000,
        concurrent: 10,
        budgetDay: 1_000_000,
        budgetMonth: 1_000_000
    )

    /// A photo is some tokens, not its bytes, of which there are more than a minute's.
    @Test func aPhotoPasses() async throws {
        let photo = String(repeating: "iVBO/+w0", count: 250_000)
        let content = #"[{"type":"image_url","image_url":{"url":"data:image/png;base64,\#(photo)"}}]"#
        let model = ScriptedModel(.says([[said("a cat"), .delta(ModelDelta(finish: .stop))]]))
        try await withStage(model, limits: book(Self.wide), prices: Self.prices) { stage in
            let plan = try plan(messages: "{\"role\":\"user\",\"content\":\(content)}", bot: nil)
            guard case .finished = await stage.run(plan).end else {
                Issue.record("refused")
                return
            }
            // Nor is it, when the upstream counts nothing.
            let prompt = try await stage.usage().first?.int("prompt_tokens")
            #expect(prompt.map { (1_600..<1_700).contains($0) } == true)
        }
    }

    /// Where a budget is gone for a while, what was spent under it is not, whatever a request claims to need.
    @Test func aHugeClaimForgetsNothing() throws {
        var table = LimitTable()
        func run(_ estimate: LimitEstimate, _ limits: LimitSet, micros: Int64) throws {
            let claim = estimate.claim(on: [LimitedScope(Self.user, limits)], Self.prices, at: 0)
            guard case .granted(let hold, _) = table.reserve(claim, holder: "", at: 0) else { throw SinkClosed() }
            table.settle(hold, as: LimitUse(tokens: 1, micros: micros), at: 0)
        }
        try run(LimitEstimate(mostCompletionTokens: 5, model: "up/model-1"), LimitSet(budgetDay: 100), micros: 5)
        let most = LimitEstimate(mostCompletionTokens: .max, model: "up/model-1")
        try run(most, LimitSet(concurrent: 1), micros: 1)
        #expect(table.meters[Self.user]?.days[0] == 6)
        var spent = SpentMoney()
        for _ in 0..<2 { spent.add(.max - 1, to: 0) }
        #expect(spent[0] == .max)
        // Any budget is too small for it.
        #expect(throws: SinkClosed.self) {
            try run(most, LimitSet(budgetDay: LimitSet.micros(LimitSet.largestBudget)), micros: 1)
        }
    }

    @Test func aBotsToolsAreReserved() throws {
        let tools = [tool("look"), tool("see")]
        let size = tools.reduce(0) { $0 + $1.definition.count }
        let bytes = try [[], tools].map { AccountedRequest(try plan(bot: bot(), tools: $0)).estimate.promptBytes }
        #expect(size > 100 && bytes[1] == bytes[0] + size)
    }

    @Test func ofTwoBoundsTheLargerIsReserved() throws {
        let plan = try plan(#""max_tokens":1,"max_completion_tokens":5000"#, bot: nil)
        #expect(AccountedRequest(plan).estimate.mostCompletionTokens == 5000)
    }

    @Test(arguments: Engine.allCases) func finished(engine: Engine) async throws {
        let model = ScriptedModel(.calls("look"), .answers("ok"))
        try await withStage(model, on: engine, limits: book(Self.wide), prices: Self.prices) { stage in
            let control = TurnControl()
            _ = await stage.run(try plan(bot: bot(), tools: [tool("look")]), control: control)
            #expect(control.standing.requests?.remaining == 99)
            try await expectSettled(stage, requests: 1, tokens: 24)
        }
    }

    @Test("25, 28. A turn whose upstream died gives back its slot and what it did not use", arguments: Engine.allCases)
    func upstreamDied(engine: Engine) async throws {
        let model = ScriptedModel(.breaks([[said("half of"), counted(10, 2)]], .connectionLost))
        try await withStage(model, on: engine, limits: book(Self.wide), prices: Self.prices) { stage in
            _ = await stage.run(try plan(bot: bot()))
            try await expectSettled(stage, requests: 1, tokens: 12)
        }
    }

    @Test(
        "25, 28. A turn that is cancelled gives back its slot and what it did not use",
        arguments: Engine.allCases,
        [TurnEnd.CancellationCause.clientGone, .shutDown]
    )
    func cancelled(engine: Engine, cause: TurnEnd.CancellationCause) async throws {
        let model = ScriptedModel(.hangs([[said("12345678"), counted(10, 2)]]))
        try await withStage(model, on: engine, limits: book(Self.wide), prices: Self.prices) { stage in
            let control = TurnControl()
            let plan = try plan(bot: bot())
            let running = Task { await stage.run(plan, control: control).end }
            try await eventually("it runs") { model.rounds.count == 1 }
            try await eventually("it holds a slot") { try await reading(stage).running == 1 }
            control.cause = cause
            running.cancel()
            #expect(await running.value.label == cause.rawValue)
            // It may have been cancelled before it had read anything, which is then estimated.
            let rows = try await stage.usage()
            let tokens = try rows.reduce(0) { try $0 + Int($1.int("prompt_tokens")) + Int($1.int("completion_tokens")) }
            try await expectSettled(stage, requests: 1, tokens: tokens)
        }
    }

    @Test(arguments: Engine.allCases) func goneWhileItWaitsForItsReservation(engine: Engine) async throws {
        try await withStage(ScriptedModel(.answers("x")), on: engine, limits: book(Self.wide)) { stage in
            let plan = try plan(bot: bot())
            for _ in 0..<20 {
                let running = Task { await stage.run(plan).end }
                running.cancel()
                _ = await running.value
            }
            #expect(stage.environment.limits.limiter.holdCount == 0)
            try await eventually("no slot is left") { try await reading(stage).running == 0 }
            #expect(try await stage.usage().count == 20)
        }
    }

    @Test(arguments: Engine.allCases) func aRefusalIsInTheBooksAndHoldsNothing(engine: Engine) async throws {
        let limits = book(LimitSet(requestsPerMinute: 2))
        try await withStage(ScriptedModel(.answers("x")), on: engine, limits: limits) { stage in
            for _ in 0..<2 { #expect(try await stage.run(plan(bot: bot())).end.label == "finished") }
            guard case .failed(let error) = await stage.run(try plan(bot: bot())).end else {
                Issue.record("not refused")
                return
            }
            #expect(error.status == 429 && error.code == "rate_limit_exceeded" && error.type == "rate_limit_error")
            let wait = try #require(error.retryAfter)
            #expect(wait > .zero && wait <= .milliseconds(60_250))
            #expect(error.headers["x-ratelimit-limit-requests"] == "2")
            #expect(error.headers["x-ratelimit-remaining-requests"] == "0")
            #expect(error.message.contains("Limit 2, Used 2, Requested 1"))
            let rows = try await stage.usage()
            #expect(try rows.map { try $0.optionalText("error_type") } == [nil, nil, "policy_rate_limited"])
            #expect(stage.environment.slots.count == 0)
            #expect(try await reading(stage).requests == 2)
            let text = stage.environment.limits.families[0].samples.filter { $0.value > 0 }
            #expect(text.count == 1 && text[0].labels == [.init("scope", "user"), .init("kind", "requests")])
        }
    }

    @Test func everyKindHasItsForm() async throws {
        // A prompt of about ten tokens and 256 for an answer of which nothing is said.
        try await withStage(
            ScriptedModel(.hangs([[said("x")]])),
            limits: book(LimitSet(concurrent: 1), LimitScope(.secret, "11"))
        ) { stage in
            let plan = try plan(bot: bot())
            let running = Task { await stage.run(plan).end }
            try await eventually("it runs") {
                stage.environment.limits.limiter.holdCount == 1
            }
            guard case .failed(let error) = await stage.run(plan).end else { return }
            #expect(error.status == 429 && error.code == "rate_limit_exceeded" && error.retryAfter == .seconds(1))
            #expect(error.message.hasPrefix("Concurrency limit reached for this secret"))
            running.cancel()
            _ = await running.value
            let types = try await stage.usage().compactMap { try $0.optionalText("error_type") }
            #expect(types.sorted() == ["caller_cancelled", "policy_concurrency"])
        }
        try await withStage(
            ScriptedModel(.answers("x")),
            limits: book(LimitSet(budgetMonth: 100), LimitScope(.bot, "bot-1")),
            prices: Self.prices
        ) { stage in
            guard case .failed(let error) = await stage.run(try plan(bot: bot())).end else {
                Issue.record("not refused")
                return
            }
            #expect(error.status == 429 && error.code == "insufficient_quota" && error.shouldRetry == false)
            #expect(error.retryAfter == nil)
            #expect(error.message.contains("0.0001 USD a month"))
            let types = try await stage.usage().map { try $0.optionalText("error_type") }
            #expect(types == ["policy_budget_exceeded"])
        }
        try await withStage(
            ScriptedModel(.answers("x")),
            limits: book(LimitSet(tokensPerMinute: 100), LimitScope(.route, "default"))
        ) { stage in
            guard case .failed(let error) = await stage.run(try plan("\"max_tokens\":200", bot: bot())).end else {
                Issue.record("not refused")
                return
            }
            #expect(error.shouldRetry == false && error.retryAfter == nil)
            #expect(error.message.contains("too large"))
            // Without a word about the answer it is only a guess, and passes.
            #expect(try await stage.run(plan(bot: bot())).end.label == "finished")
        }
    }

    @Test(arguments: Engine.allCases) func aTurnEndsWhenItHasOverdrawn(engine: Engine) async throws {
        let model = ScriptedModel(
            .says([[called(0, "a", "look"), counted(2000, 10)]]),
            .answers("never said")
        )
        try await withStage(model, on: engine, limits: book(LimitSet(tokensPerMinute: 1000))) { stage in
            let (end, usage) = await stage.run(try plan(bot: bot(), tools: [tool("look")]))
            #expect(end.label == "rate_limit_exceeded")
            #expect(usage.promptTokens == 2000)
            #expect(model.calls.count == 1)
            let row = try #require(try await stage.usage().first)
            #expect(try row.text("error_type") == "policy_rate_limited")
            // The debt is not forgotten.
            try await eventually("all is charged") { try await reading(stage).tokens == 2010 }
            // Longer than what is used in a minute counts.
            #expect(try await reading(stage).tokensReset > 60_250)
        }
    }

    @Test(arguments: Engine.allCases) func aRestartKeepsBudgets(engine: Engine) async throws {
        let limits = book(LimitSet(budgetDay: 500, budgetMonth: 600))
        let model = ScriptedModel(.says([[said("ok"), counted(300, 100), .delta(ModelDelta(finish: .stop))]]))
        try await withStage(model, on: engine, prices: Self.prices) { stage in
            // Spent before there was any limit.
            _ = await stage.run(try plan(bot: bot()))
            _ = try await stage.usage()
            let logger = stage.environment.logger
            let after = Limits(
                limiter: Stage.limiter(for: stage.database, logger: logger),
                database: stage.database,
                logger: logger
            )
            try await after.use(limits)
            let before = try await after.limiter.readings(of: [Self.user])[Self.user]
            #expect(before?.day == 400 && before?.month == 400)
            await #expect(throws: LimitsFailure.self) {
                _ = try await after.begin(Self.request(of: 150), Self.prices, at: WallClock.system.now())
            }
            let granted = try await after.begin(Self.request(of: 50), Self.prices, at: WallClock.system.now())
            #expect(granted?.hold.charged == LimitUse(tokens: 51, micros: 51))
        }
    }

    /// Rows that were on their way when a limit began to count are counted a little later.
    @Test(arguments: Engine.allCases) func whatWasOnItsWayIsCounted(engine: Engine) async throws {
        let model = ScriptedModel(.says([[said("ok"), counted(300, 100), .delta(ModelDelta(finish: .stop))]]))
        try await withStage(model, on: engine, prices: Self.prices) { stage in
            let clock = Mutex(WallClock.system.now())
            let logger = stage.environment.logger
            let limits = Limits(
                limiter: Stage.limiter(for: stage.database, logger: logger),
                database: stage.database,
                sources: LimitSources(bots: { [("bot-1", LimitSet(budgetMonth: 500))] }),
                logger: logger,
                clock: WallClock { clock.withLock { $0 } }
            )
            try await limits.reload()
            let request = Self.request(bot: "bot-1", of: 150)
            func passes() async throws -> Bool {
                guard let held = try? await limits.begin(request, Self.prices, at: WallClock.system.now()) else {
                    return false
                }
                limits.limiter.settle(held.hold, as: LimitUse())
                return true
            }
            #expect(try await passes())
            // Its own settlement is not this desk's.
            _ = await stage.run(try plan(bot: bot()))
            _ = try await stage.usage()
            try await limits.reload()
            #expect(try await passes())
            clock.withLock { $0 += Limits.settling }
            try await limits.reload()
            #expect(try await passes() == false)
        }
    }

    @Test func withoutLimitsNothingIsHeld() async throws {
        try await withStage(
            ScriptedModel(.answers("x")),
            limits: book(LimitSet(requestsPerMinute: 1), LimitScope(.user, "8"))
        ) { stage in
            for _ in 0..<3 {
                let control = TurnControl()
                let end = await stage.run(try plan(bot: bot()), control: control).end
                #expect(end.label == "finished")
                #expect(control.standing == LimitStanding())
            }
            let known = try await stage.environment.limits.limiter.knownScopes()
            #expect(known.isEmpty)
        }
    }

    /// Names that callers make up share what `*` allows and leave nothing in memory.
    @Test(arguments: Engine.allCases) func madeUpNamesShareOneAllowance(engine: Engine) async throws {
        try await withStage(ScriptedModel(.answers("x")), on: engine) { stage in
            let limits = Limits(
                limiter: Stage.limiter(for: stage.database, logger: stage.environment.logger),
                database: stage.database,
                sources: LimitSources(routeSubject: { $0.hasPrefix("up/") ? "up/*" : $0 }),
                logger: stage.environment.logger
            )
            var book = LimitBook()
            book.add(LimitSet(requestsPerMinute: 3), to: LimitScope(.route, "*"))
            book.add(LimitSet(requestsPerMinute: 1), to: LimitScope(.route, "up/named"))
            try await limits.use(book)
            func passes(_ route: String) async throws -> Bool {
                let request = Self.request(to: route)
                guard let hold = try? await limits.begin(request, Self.prices, at: 0)?.hold else { return false }
                limits.limiter.settle(hold, as: LimitUse())
                return true
            }
            var passed: [Bool] = []
            for name in ["up/a", "up/b", "up/named", "up/named", "up/c", "up/d", "default"] {
                passed.append(try await passes(name))
            }
            #expect(passed == [true, true, true, false, true, false, true])
            let known = try await limits.limiter.knownScopes().map(\.subject).sorted()
            #expect(known == ["default", "up/*", "up/named"])
        }
    }

    @Test func metersThatSayNothingAreForgotten() async throws {
        let clock = Mutex<Int64>(0)
        let limiter = MemoryLimiter(steady: { clock.withLock { $0 } })
        func reserve(_ subject: String, _ limits: LimitSet) async throws -> LimitHold? {
            let scopes = [LimitedScope(LimitScope(.user, subject), limits)]
            let outcome = try await limiter.reserve(LimitClaim(scopes: scopes, use: LimitUse(), startedAt: 0))
            if case .granted(let hold, _) = outcome { return hold } else { return nil }
        }
        let held = try await reserve("held", LimitSet(concurrent: 1))
        limiter.settle(try #require(try await reserve("seeded", LimitSet(budgetDay: 1))), as: LimitUse(micros: 1))
        for number in 0..<5000 {
            let hold = try #require(try await reserve("\(number)", LimitSet(requestsPerMinute: 1, concurrent: 1)))
            limiter.settle(hold, as: LimitUse())
            clock.withLock { $0 += 1000 }
        }
        let known = Set(try await limiter.knownScopes().map(\.subject))
        #expect(known.count < 1000)
        #expect(known.isSuperset(of: ["held", "seeded", "4999"]))
        #expect(try await reserve("held", LimitSet(concurrent: 1)) == nil)
        #expect(try await reserve("4999", LimitSet(requestsPerMinute: 1)) == nil)
        limiter.settle(try #require(held), as: nil)
    }

    @Test func theStricterOfTwoSourcesHoldsAndOneNumberOfItsOwnGoesBeforeEveryones() {
        var book = LimitBook()
        book.add(LimitSet(requestsPerMinute: 10, concurrent: 5), to: LimitScope(.bot, "b"))
        book.add(LimitSet(requestsPerMinute: 20, budgetDay: 7), to: LimitScope(.bot, "b"))
        book.add(LimitSet(requestsPerMinute: 3, tokensPerMinute: 4), to: LimitScope(.bot, "*"))
        #expect(
            book.limits(of: LimitScope(.bot, "b"))
                == LimitSet(requestsPerMinute: 10, tokensPerMinute: 4, concurrent: 5, budgetDay: 7)
        )
        #expect(book.limits(of: LimitScope(.bot, "other")) == LimitSet(requestsPerMinute: 3, tokensPerMinute: 4))
        #expect(book.limits(of: LimitScope(.user, "b")) == nil)
    }
}
