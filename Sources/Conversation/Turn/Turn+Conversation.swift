// A turn with a bot: the tool loop.

import Identity
import JSON
import OpenAIProtocol
import Providers
import Tools

extension Turn {
    @inline(never)
    func converse(
        with sink: any TurnSink,
        _ settlement: borrowing Settlement,
        _ tally: TurnTally
    ) async throws {
        let deadline = ContinuousClock.now + plan.limits.turnTime
        let conversation = try await environment.held.restore(
            plan.messages,
            calls: plan.assistantCalls,
            userID: plan.caller.userID,
            now: WallClock.system.now()
        )
        // What is put back stands behind a leading message.
        var messages = TurnMessages.opening(plan.systemPrompt, conversation, leading: plan.leadingSystem)
        let base = messages.count
        let clientNames = plan.clientTools.map(\.name)
        var loop = ToolLoop(limits: plan.limits, tools: plan.tools, clientTools: clientNames)
        defer { tally.tools = loop.ran }
        let gate = ApprovalGate(plan, environment.approvals)
        try await gate.resume()
        var hasText = false
        while true {
            let isFirst = tally.rounds == 0
            let isLast = tally.rounds + 1 >= plan.limits.rounds || loop.isExhausted
            // The last round is for the answer: nothing is offered in it, and no call of it counts.
            guard ContinuousClock.now < deadline else { throw timeOver }
            if !isFirst { try await settlement.goOn(tally) }
            let route = try await start(
                messages,
                tools: plan.tools,
                toolChoice: isFirst ? plan.toolChoice : relaxed(plan.toolChoice),
                isLast: isLast,
                deadline: deadline,
                tally
            )
            if isFirst { try await announce(route, messages, sink, tally) }
            let round = try await read(route, messages, deadline, isLast, sink, tally)
            if !round.content.isEmpty { hasText = true }
            let own = round.gatewayCalls
            let theirs = round.callsOfClient
            guard !round.calls.isEmpty, !isLast else {
                try await remind(gate, behindText: hasText, sink)
                try await sink.send([.finish(choice: 0, round.finish.map { $0 == .toolCalls ? .stop : $0 } ?? .stop)])
                return
            }
            messages.append(TurnMessages.calls(round.calls, content: round.content, reasoning: round.reasoning))
            messages += try await timed(tally) { try await run(own, &loop, gate, deadline, sink) }
            if !theirs.isEmpty {
                try await hand(theirs, over: Array(messages[base...]), hasOwn: tally.rounds > 1 || !own.isEmpty)
                try await gate.hold(under: theirs[0].id)
                try await remind(gate, behindText: hasText, sink)
                try await sink.send([.finish(choice: 0, .toolCalls)])
                return
            }
        }
    }

    /// Says that a target has taken the turn. When nobody listens, the round that has begun is ended and counted.
    func announce(
        _ route: RoutedRound,
        _ messages: [[UInt8]],
        _ sink: any TurnSink,
        _ tally: TurnTally
    ) async throws {
        do {
            try await sink.send([.began(route.target, attempts: route.attempts)])
        } catch {
            count(nil, written: 0, messages, tally)
            endRound(tally, route, error: error)
            route.round.cancel()
            throw error
        }
    }

    /// Reads a round to its end, passing on what is for the client.
    func read(
        _ route: RoutedRound,
        _ messages: [[UInt8]],
        _ deadline: ContinuousClock.Instant,
        _ isLast: Bool,
        _ sink: any TurnSink,
        _ tally: TurnTally
    ) async throws -> RoundReader {
        let round = route.round
        var reader = RoundReader(clientTools: isLast ? [] : Set(plan.clientTools.map(\.name)))
        var clock = RoundClock()
        do {
            while let events = try await clock.wait(
                tally,
                { () async throws(ProviderFailure) in
                    try await round.next(patience: deadline - ContinuousClock.now)
                }
            ) {
                let out = events.compactMap { reader.take($0) }
                if reader.isOverfull { throw tooMuch(route) }
                if !out.isEmpty { clock.arrived() }
                if tally.firstToken == nil, !out.isEmpty { tally.firstToken = .now }
                if !out.isEmpty { try await sink.send(out) }
                guard ContinuousClock.now < deadline else { throw timeOver }
            }
        } catch {
            count(reader.usage, written: reader.writtenBytes, messages, tally)
            if let failure = error as? ProviderFailure { route.ticket.broke(failure) }
            endRound(tally, route, error: error)
            round.cancel()
            throw error
        }
        count(reader.usage, written: reader.writtenBytes, messages, tally)
        clock.close(reader.usage, tally)
        endRound(tally, route, finishes: reader.finish.map { [$0] } ?? [])
        return reader
    }

    /// Runs our calls and returns their messages in the order of the calls.
    func run(
        _ calls: [ToolCall],
        _ loop: inout ToolLoop,
        _ gate: ApprovalGate,
        _ deadline: ContinuousClock.Instant,
        _ sink: any TurnSink
    ) async throws -> [[UInt8]] {
        guard !calls.isEmpty else { return [] }
        let runner = ToolRunner(
            caller: plan.caller,
            now: WallClock.system.now(),
            logger: environment.logger,
            requestID: plan.requestID
        )
        let verdicts = loop.judge(calls)
        let running = verdicts.count { if case .run = $0 { true } else { false } }
        var results: [String: [UInt8]] = [:]
        var jobs: [ToolRunner.Job] = []
        for (call, verdict) in zip(calls, verdicts) {
            switch verdict {
            case .refuse(let result):
                let json = result.json(limit: plan.limits.resultBytes)
                loop.count(resultBytes: json.count)
                results[call.id] = json
                await gate.journal(refused: call, bytes: json.count)
                try await sink.send([.step(call.step(.refused(result.message ?? "")))])
            case .run(let tool, let arguments):
                try await sink.send([.step(call.step(.started))])
                let remaining = deadline - ContinuousClock.now
                let time = min(plan.limits.toolTime, tool.budget.time, max(remaining, .zero))
                let bytes = loop.budget(for: tool, sharing: running)
                jobs.append(
                    .init(
                        call: call,
                        tool: tool,
                        arguments: arguments,
                        bytes: bytes,
                        time: time,
                        instead: gate.guardian(of: tool, arguments)
                    )
                )
            }
        }
        let recorder = plan.trace.recorder
        await withTaskGroup(of: (ToolRunner.Job, ToolRunner.Outcome).self) { group in
            for job in jobs {
                group.addTask {
                    let span = OpenSpan(recorder)
                    let outcome = await runner.run(job)
                    outcome.end(span)
                    return (job, outcome)
                }
            }
            for await (job, outcome) in group {
                loop.count(resultBytes: outcome.json.count)
                results[outcome.call.id] = outcome.json
                await gate.journal(job, outcome)
                let phase = ToolStep.Phase.ended(outcome.status, extent: outcome.extent, outcome.duration)
                // A client that has gone is noticed below, once every tool has been told to stop.
                try? await sink.send([.step(outcome.call.step(phase))])
            }
        }
        try Task.checkCancellation()
        return calls.map { TurnMessages.result(of: $0.id, json: results[$0.id] ?? []) }
    }

    private func timed<Value>(_ tally: TurnTally, _ body: () async throws -> Value) async throws -> Value {
        let begin = ContinuousClock.now
        defer { tally.toolWait += ContinuousClock.now - begin }
        return try await body()
    }

    /// Keeps what the client cannot know until it returns with its results.
    func hand(_ calls: [ToolCall], over messages: [[UInt8]], hasOwn: Bool) async throws {
        guard hasOwn else { return }
        try await environment.held.hold(
            Array(messages.joined(separator: [0x2C])),
            for: calls.map(\.id),
            userID: plan.caller.userID,
            team: plan.caller.teams.first ?? 0,
            now: WallClock.system.now()
        )
    }
}

extension ToolCall {
    fileprivate func step(_ phase: ToolStep.Phase) -> ToolStep {
        ToolStep(callID: id, name: name, arguments: arguments.decoded, phase: phase)
    }
}
