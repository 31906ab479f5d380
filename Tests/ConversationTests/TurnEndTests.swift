// Every way in which a turn can end leaves exactly one usage row, and nothing runs on.

import OpenAIProtocol
import Providers
import Storage
import Support
import Testing
import Tools

@testable import Conversation

@Suite struct TurnEndTests {
    /// Checks the one row and that no slot is held.
    private func expectRow(_ stage: Stage, _ outcome: String, rounds: Int, _ tokens: (Int64, Int64)?) async throws
        -> SQLRow
    {
        let rows = try await stage.usage()
        #expect(rows.count == 1)
        let row = try #require(rows.first)
        #expect(try row.text("outcome") == outcome)
        #expect(try row.int("rounds") == Int64(rounds))
        if let tokens {
            #expect(try row.int("prompt_tokens") == tokens.0)
            #expect(try row.int("completion_tokens") == tokens.1)
        }
        #expect(stage.environment.slots.count == 0)
        return row
    }

    @Test func finished() async throws {
        try await withStage(ScriptedModel(.calls("look"), .answers("ok"))) { stage in
            _ = await stage.run(try plan("\"stream\":true", bot: bot(), tools: [tool("look")]))
            let row = try await expectRow(stage, "finished", rounds: 2, (20, 4))
            #expect(try row.text("request_id") == "req-1")
            #expect(try row.int("user_id") == 7)
            #expect(try row.text("username") == "ann")
            #expect(try row.int("team") == 3)
            #expect(try row.text("credential_kind") == "api_secret")
            #expect(try row.int("credential_id") == 11)
            #expect(try row.text("surface") == "chat")
            #expect(try row.text("requested_model") == "test-bot")
            #expect(try row.text("bot_id") == "bot-1")
            #expect(try row.text("provider") == "up")
            #expect(try row.text("model") == "model-1")
            #expect(try row.text("tools") == "look")
            #expect(try row.int("is_estimated") == 0)
            #expect(try row.int("is_stream") == 1)
            #expect(try row.optionalInt("first_token_ms") != nil)
            #expect(try row.int("started_at") > 1_700_000_000_000)
        }
    }

    @Test func withoutAReportTokensAreEstimated() async throws {
        let model = ScriptedModel(.says([[said("12345678"), .delta(ModelDelta(finish: .stop))]]))
        try await withStage(model) { stage in
            _ = await stage.run(try plan(bot: bot(), tools: [tool("look")]))
            let tools = model.calls[0].tools.reduce(0) { $0 + $1.json.count }
            let sent = model.calls[0].messages.reduce(tools) { $0 + $1.count }
            #expect(tools > 0)
            let row = try await expectRow(stage, "finished", rounds: 1, (Int64((sent + 3) / 4), 2))
            #expect(try row.int("is_estimated") == 1)
        }
    }

    /// Of an answer that is there and was never counted.
    @Test(arguments: [true, false]) func withoutAReportOfTheAnswerItIsEstimated(_ isBots: Bool) async throws {
        let model = ScriptedModel(
            .says([[counted(50, 0)], [said("twelve bytes"), .delta(ModelDelta(finish: .stop))]])
        )
        try await withStage(model) { stage in
            _ = await stage.run(try plan(bot: isBots ? bot() : nil))
            let row = try await expectRow(stage, "finished", rounds: 1, (50, 3))
            #expect(try row.int("is_estimated") == 1)
        }
    }

    @Test(arguments: [
        (ProviderFailure.Kind.connectionFailed, "upstream_error"), (.timeout, "upstream_timeout"),
        (.overloaded, "overloaded"),
        (.rateLimited, "rate_limit_exceeded"), (.badRequest, "invalid_request_error"),
        (.contextTooLong, "context_length_exceeded"), (.quotaExceeded, "insufficient_quota"),
    ]) func beforeTheFirstByte(_ kind: ProviderFailure.Kind, _ outcome: String) async throws {
        try await withStage(ScriptedModel(.refuses(kind))) { stage in
            let listener = Listener()
            let (end, _) = await stage.run(try plan(bot: bot()), listener)
            #expect(end.label == outcome)
            #expect(listener.events.isEmpty)
            // A call that was given up may have been worked on; one that was refused was not.
            let row = try await expectRow(stage, outcome, rounds: 1, nil)
            #expect(try (row.int("prompt_tokens") > 0) == (kind == .timeout))
        }
    }

    @Test func theUpstreamDiesMidway() async throws {
        let model = ScriptedModel(.breaks([[said("half of")]], .connectionLost))
        try await withStage(model) { stage in
            let listener = Listener()
            let (end, _) = await stage.run(try plan(bot: bot()), listener)
            guard case .failed(let error) = end else {
                Issue.record("ended as \(end)")
                return
            }
            #expect(error.status == 502 && error.code == "upstream_error")
            #expect(listener.text == "half of")
            #expect(listener.finishes.isEmpty)
            #expect(model.rounds[0].isCancelled)
            let row = try await expectRow(stage, "upstream_error", rounds: 1, nil)
            #expect(try row.int("completion_tokens") == 2)
            #expect(try row.int("is_estimated") == 1)
        }
    }

    @Test func theUpstreamDiesInALaterRound() async throws {
        let model = ScriptedModel(.calls("look"), .refuses(.connectionFailed))
        try await withStage(model) { stage in
            let (end, _) = await stage.run(try plan(bot: bot(), tools: [tool("look")]))
            #expect(end.label == "upstream_error")
            let row = try await expectRow(stage, "upstream_error", rounds: 2, (10, 2))
            #expect(try row.text("tools") == "look")
        }
    }

    // MARK: Cancelled

    /// Starts a turn, waits until `isThere`, cancels it, and returns its end.
    private func cancel(
        _ stage: Stage,
        _ plan: TurnPlan,
        cause: TurnEnd.CancellationCause = .clientGone,
        when isThere: @Sendable () -> Bool
    ) async throws -> TurnEnd {
        let control = TurnControl()
        let running = Task { await stage.run(plan, control: control).end }
        try await eventually("the turn is there") { isThere() ? true : nil }
        control.cause = cause
        running.cancel()
        return await running.value
    }

    @Test(.timeLimit(.minutes(10))) func whileTheUpstreamIsAsked() async throws {
        let model = ScriptedModel(.neverStarts)
        try await withStage(model) { stage in
            let end = try await cancel(stage, try plan(bot: bot())) { model.calls.count == 1 }
            #expect(end.label == "client_gone")
            let row = try await expectRow(stage, "client_gone", rounds: 1, nil)
            #expect(try row.int("prompt_tokens") > 0)
            #expect(try row.text("provider") == "up")
        }
    }

    @Test(.timeLimit(.minutes(10))) func whileItSpeaks() async throws {
        let model = ScriptedModel(.hangs([[said("12345678")]]))
        try await withStage(model) { stage in
            let end = try await cancel(stage, try plan(bot: bot())) { model.rounds.count == 1 }
            #expect(end.label == "client_gone")
            #expect(model.rounds[0].isCancelled)
            let row = try await expectRow(stage, "client_gone", rounds: 1, nil)
            #expect(try row.int("prompt_tokens") > 0)
        }
    }

    @Test(.timeLimit(.minutes(10))) func whileToolsRun() async throws {
        let model = ScriptedModel(
            .says([[called(0, "a", "obedient"), called(1, "b", "stuck"), counted(10, 2)]]),
            .answers("never said")
        )
        let stubborn = Stubborn()
        defer { stubborn.release() }
        let (started, cancelled) = (Counter(), Counter())
        let obedient = tool("obedient") { _, _ in
            started.up()
            do { try await Task.sleep(for: .seconds(600)) } catch { cancelled.up() }
            return ToolResult()
        }
        let stuck = tool("stuck") { _, _ in
            await stubborn.work()
            return ToolResult()
        }
        try await withStage(model) { stage in
            let end = try await cancel(stage, try plan(bot: bot(), tools: [obedient, stuck])) {
                started.value == 1 && stubborn.started.value == 1
            }
            #expect(end.label == "client_gone")
            try await eventually("the tool hears of it") { cancelled.value == 1 ? true : nil }
            #expect(model.calls.count == 1)
            let row = try await expectRow(stage, "client_gone", rounds: 1, (10, 2))
            #expect(try row.text("tools") == "obedient,stuck")
        }
    }

    @Test(.timeLimit(.minutes(10))) func whenTheServerShutsDown() async throws {
        let model = ScriptedModel(.hangs([[said("x")]]))
        try await withStage(model) { stage in
            let end = try await cancel(stage, try plan(bot: bot()), cause: .shutDown) { model.rounds.count == 1 }
            #expect(end.label == "shut_down")
            _ = try await expectRow(stage, "shut_down", rounds: 1, nil)
        }
    }

    @Test func nobodyListensFromTheBeginning() async throws {
        let model = ScriptedModel(.hangs([]))
        try await withStage(model) { stage in
            let end = await stage.run(try plan(bot: bot()), Listener { if case .began = $0 { true } else { false } })
                .end
            #expect(end.label == "client_gone")
            #expect(model.rounds[0].isCancelled)
            let row = try await expectRow(stage, "client_gone", rounds: 1, nil)
            #expect(try row.int("prompt_tokens") > 0)
        }
    }

    @Test func nobodyListensAnyMore() async throws {
        let model = ScriptedModel(.hangs([[said("a")], [said("b")]]))
        try await withStage(model) { stage in
            let end = await stage.run(try plan(bot: bot()), Listener { if case .delta = $0 { true } else { false } })
                .end
            #expect(end.label == "client_gone")
            #expect(model.rounds[0].isCancelled)
            _ = try await expectRow(stage, "client_gone", rounds: 1, nil)
        }
    }

    @Test func manyTurnsManyRows() async throws {
        let model = ScriptedModel(.answers("ok"))
        try await withStage(model) { stage in
            let one = try plan(bot: bot())
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<200 { group.addTask { _ = await stage.run(one) } }
            }
            #expect(try await stage.usage().count == 200)
            #expect(stage.environment.slots.count == 0)
        }
    }
}
