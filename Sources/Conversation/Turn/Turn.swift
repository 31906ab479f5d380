// A turn: one request to a bot, round by round, until the model is done.

import Identity
import JSON
package import Logging
package import OpenAIProtocol
package import Providers
import Synchronization
import Tools

/// What all turns share.
package struct TurnEnvironment: Sendable {
    package let router: @Sendable () -> ModelRouter
    package let recorder: UsageRecorder
    package let held: HeldRounds
    package let slots: TurnSlots
    package let logger: Logger

    package init(
        router: @escaping @Sendable () -> ModelRouter,
        recorder: UsageRecorder,
        held: HeldRounds,
        slots: TurnSlots = TurnSlots(),
        logger: Logger
    ) {
        self.router = router
        self.recorder = recorder
        self.held = held
        self.slots = slots
        self.logger = logger
    }
}

/// Says from outside why a running turn was cancelled.
package final class TurnControl: Sendable {
    private let stored = Mutex(TurnEnd.CancellationCause.clientGone)

    package init() {}

    package var cause: TurnEnd.CancellationCause {
        get { stored.withLock { $0 } }
        set { stored.withLock { $0 = newValue } }
    }
}

/// Runs a plan. Cancelling the task that runs it ends the upstream's work and the tools at once.
package struct Turn: Sendable {
    package let plan: TurnPlan
    package let environment: TurnEnvironment
    package let control: TurnControl

    package init(plan: TurnPlan, environment: TurnEnvironment, control: TurnControl = TurnControl()) {
        self.plan = plan
        self.environment = environment
        self.control = control
    }

    /// Runs to the end and settles.
    ///
    /// - Returns: how it ended and what it used. Never throws: every end is a value.
    package func run(_ sink: any TurnSink) async -> (end: TurnEnd, usage: Usage) {
        let settlement = Settlement(plan: plan, recorder: environment.recorder, slots: environment.slots)
        var tally = TurnTally()
        let end: TurnEnd
        do {
            if plan.bot == nil {
                try await relay(to: sink, &tally)
            } else {
                try await converse(with: sink, &tally)
            }
            end = .finished
        } catch {
            end = self.end(for: error)
        }
        settlement.settle(tally, as: end)
        return (end, tally.usage)
    }

    private func end(for error: any Error) -> TurnEnd {
        if let failure = error as? ProviderFailure, failure.kind != .cancelled, !Task.isCancelled { log(failure) }
        if Task.isCancelled || error is CancellationError || error is SinkClosed { return .cancelled(control.cause) }
        switch error {
        case let failure as ProviderFailure:
            if failure.kind == .cancelled { return .cancelled(control.cause) }
            // Whoever named the model himself has named one that is not there.
            if failure.kind == .modelNotFound, plan.bot == nil { return .failed(.modelNotFound(plan.requestedModel)) }
            return .failed(OpenAIError(failure))
        case let failure as OpenAIError: return .failed(failure)
        default:
            environment.logger.error(
                "turn failed",
                metadata: ["request_id": "\(plan.requestID)", "reason": "\(error)"]
            )
            return .failed(.internal())
        }
    }

    private func log(_ failure: ProviderFailure) {
        environment.logger.warning(
            "upstream failed",
            metadata: [
                "request_id": "\(plan.requestID)", "provider": "\(failure.provider)",
                "kind": "\(failure.kind.rawValue)",
                "status": "\(failure.status.map(String.init) ?? "-")", "reason": "\(failure.message)",
            ]
        )
    }

    // MARK: Without a bot

    /// One round, everything passed on: the caller addresses the upstream itself.
    private func relay(to sink: any TurnSink, _ tally: inout TurnTally) async throws {
        let route = try await start(
            [plan.messages],
            tools: [],
            toolChoice: plan.toolChoice,
            isLast: false,
            deadline: nil,
            &tally
        )
        try await announce(route, [plan.messages], sink, &tally)
        var finishes: [Int: FinishReason] = [:]
        var assemblers: [Int: ToolCallAssembler] = [:]
        var begun: Set<Int> = []
        var usage: Usage?
        var written = 0
        do {
            while let events = try await route.round.next(patience: nil) {
                var out: [TurnEvent] = []
                for event in events {
                    switch event {
                    case .usage(let counted): usage = counted
                    case .metadata(let members): out.append(.metadata(members))
                    case .delta(var delta):
                        guard delta.choice < plan.choices else { continue }
                        begun.insert(delta.choice)
                        if let reason = delta.finish, finishes[delta.choice] == nil { finishes[delta.choice] = reason }
                        delta.finish = nil
                        if !delta.toolCalls.isEmpty {
                            delta.toolCalls = delta.toolCalls.map { piece in
                                assemblers[delta.choice, default: ToolCallAssembler()].take(piece)
                            }
                        }
                        if assemblers.values.contains(where: \.isOverfull) { throw tooMuch(route) }
                        written += (delta.content?.count ?? 0) + (delta.reasoning?.count ?? 0)
                        written += delta.toolCalls.reduce(0) { $0 + $1.arguments.count }
                        if !delta.isEmpty || out.isEmpty { out.append(.delta(delta)) }
                    }
                }
                if tally.firstToken == nil, !out.isEmpty { tally.firstToken = .now }
                if !out.isEmpty { try await sink.send(out) }
            }
        } catch {
            count(usage, written: written, [plan.messages], &tally)
            route.round.cancel()
            throw error
        }
        count(usage, written: written, [plan.messages], &tally)
        if finishes.isEmpty { finishes[0] = .stop }
        guard begun.allSatisfy({ finishes[$0] != nil }) else {
            throw ProviderFailure(
                .connectionLost,
                "The provider \(route.target.provider) ended its answer before every choice was complete.",
                provider: route.target.provider
            )
        }
        let ends = finishes.sorted { $0.key < $1.key }.map { choice, reason -> TurnEvent in
            // Some upstreams say "stop" although they called tools (`gateways.md` (c) 21).
            let hasCalls = !(assemblers[choice]?.isEmpty ?? true)
            return .finish(choice: choice, hasCalls && reason == .stop ? .toolCalls : reason)
        }
        try await sink.send(ends)
    }

    // MARK: With a bot

    private func converse(with sink: any TurnSink, _ tally: inout TurnTally) async throws {
        let deadline = ContinuousClock.now + plan.limits.turnTime
        let conversation = try await environment.held.restore(
            plan.messages,
            calls: plan.assistantCalls,
            userID: plan.caller.userID,
            now: WallClock.system.now()
        )
        var messages = plan.systemPrompt.map { [TurnMessages.system($0)] } ?? []
        messages.append(conversation)
        let base = messages.count
        let clientNames = plan.clientTools.map(\.name)
        var loop = ToolLoop(limits: plan.limits, tools: plan.tools, clientTools: clientNames)
        defer { tally.tools = loop.ran }
        while true {
            let isFirst = tally.rounds == 0
            let isLast = tally.rounds + 1 >= plan.limits.rounds || loop.isExhausted
            // The last round is for the answer: nothing is offered in it, and no call of it counts.
            guard ContinuousClock.now < deadline else { throw timeOver }
            let route = try await start(
                messages,
                tools: plan.tools,
                toolChoice: isFirst ? plan.toolChoice : relaxed(plan.toolChoice),
                isLast: isLast,
                deadline: deadline,
                &tally
            )
            if isFirst { try await announce(route, messages, sink, &tally) }
            let round = try await read(route, messages, deadline, isLast, sink, &tally)
            let own = round.gatewayCalls
            let theirs = round.callsOfClient
            guard !round.calls.isEmpty, !isLast else {
                try await sink.send([.finish(choice: 0, round.finish.map { $0 == .toolCalls ? .stop : $0 } ?? .stop)])
                return
            }
            messages.append(TurnMessages.calls(round.calls, content: round.content, reasoning: round.reasoning))
            messages += try await run(own, &loop, deadline, sink)
            if !theirs.isEmpty {
                try await hand(theirs, over: Array(messages[base...]), hasOwn: tally.rounds > 1 || !own.isEmpty)
                try await sink.send([.finish(choice: 0, .toolCalls)])
                return
            }
        }
    }

    /// Says that a target has taken the turn. When nobody listens, the round that has begun is ended and counted.
    private func announce(
        _ route: RoutedRound,
        _ messages: [[UInt8]],
        _ sink: any TurnSink,
        _ tally: inout TurnTally
    ) async throws {
        do {
            try await sink.send([.began(route.target, attempts: route.attempts)])
        } catch {
            count(nil, written: 0, messages, &tally)
            route.round.cancel()
            throw error
        }
    }

    /// Reads a round to its end, passing on what is for the client.
    private func read(
        _ route: RoutedRound,
        _ messages: [[UInt8]],
        _ deadline: ContinuousClock.Instant,
        _ isLast: Bool,
        _ sink: any TurnSink,
        _ tally: inout TurnTally
    ) async throws -> RoundReader {
        let round = route.round
        var reader = RoundReader(clientTools: isLast ? [] : Set(plan.clientTools.map(\.name)))
        do {
            while let events = try await round.next(patience: deadline - ContinuousClock.now) {
                let out = events.compactMap { reader.take($0) }
                if reader.isOverfull { throw tooMuch(route) }
                if tally.firstToken == nil, !out.isEmpty { tally.firstToken = .now }
                if !out.isEmpty { try await sink.send(out) }
                guard ContinuousClock.now < deadline else { throw timeOver }
            }
        } catch {
            count(reader.usage, written: reader.writtenBytes, messages, &tally)
            round.cancel()
            throw error
        }
        count(reader.usage, written: reader.writtenBytes, messages, &tally)
        return reader
    }

    /// Runs our calls and returns their messages in the order of the calls.
    private func run(
        _ calls: [ToolCall],
        _ loop: inout ToolLoop,
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
                try await sink.send([.step(call.step(.refused(result.message ?? "")))])
            case .run(let tool, let arguments):
                try await sink.send([.step(call.step(.started))])
                let remaining = deadline - ContinuousClock.now
                let time = min(plan.limits.toolTime, tool.budget.time, max(remaining, .zero))
                let bytes = loop.budget(for: tool, sharing: running)
                jobs.append(.init(call: call, tool: tool, arguments: arguments, bytes: bytes, time: time))
            }
        }
        await withTaskGroup(of: ToolRunner.Outcome.self) { group in
            for job in jobs { group.addTask { await runner.run(job) } }
            for await outcome in group {
                loop.count(resultBytes: outcome.json.count)
                results[outcome.call.id] = outcome.json
                let phase = ToolStep.Phase.ended(outcome.status, extent: outcome.extent, outcome.duration)
                // A client that has gone is noticed below, once every tool has been told to stop.
                try? await sink.send([.step(outcome.call.step(phase))])
            }
        }
        try Task.checkCancellation()
        return calls.map { TurnMessages.result(of: $0.id, json: results[$0.id] ?? []) }
    }

    /// Keeps what the client cannot know until it returns with its results.
    private func hand(_ calls: [ToolCall], over messages: [[UInt8]], hasOwn: Bool) async throws {
        guard hasOwn else { return }
        try await environment.held.hold(
            Array(messages.joined(separator: [0x2C])),
            for: calls.map(\.id),
            userID: plan.caller.userID,
            team: plan.caller.teams.first ?? 0,
            now: WallClock.system.now()
        )
    }

    // MARK: Rounds

    private func start(
        _ messages: [[UInt8]],
        tools: [Tool],
        toolChoice: JSONValue?,
        isLast: Bool,
        deadline: ContinuousClock.Instant?,
        _ tally: inout TurnTally
    ) async throws -> RoutedRound {
        try Task.checkCancellation()
        let offered =
            isLast
            ? []
            : plan.clientTools.map { ModelTool(name: $0.name, json: $0.json) }
                + tools.map { ModelTool(name: $0.name, json: $0.definition.bytes) }
        // Upstreams refuse this one without tools.
        let parameters = plan.parameters.filter { !offered.isEmpty || $0.name != "parallel_tool_calls" }
        let call = ModelCall(
            model: "",
            messages: messages,
            tools: offered,
            toolChoice: offered.isEmpty ? nil : toolChoice,
            parameters: joined(parameters),
            stream: plan.stream,
            deadline: deadline,
            requestID: plan.requestID
        )
        tally.rounds += 1
        let routed: RoutedRound
        do {
            routed = try await environment.router().start(call, on: plan.route, standIn: plan.bot != nil)
        } catch {
            // A call that was given up has been sent, as far as anybody knows.
            if Task.isCancelled || error.kind == .timeout {
                count(nil, written: 0, messages, &tally)
                tally.provider = plan.route.targets.first?.provider
                tally.model = plan.route.targets.first?.model
            }
            if let deadline, ContinuousClock.now >= deadline { throw timeOver }
            throw error
        }
        for failure in routed.passedOver { log(failure) }
        tally.provider = routed.target.provider
        tally.model = routed.target.model
        return routed
    }

    private func joined(_ parameters: [ChatRequest.Parameter]) -> [UInt8] {
        var bytes: [UInt8] = []
        for parameter in parameters {
            if !bytes.isEmpty { bytes.append(0x2C) }
            bytes.append(0x22)
            bytes.append(contentsOf: parameter.name.utf8)
            bytes.append(0x22)
            bytes.append(0x3A)
            bytes.append(contentsOf: parameter.json)
        }
        return bytes
    }

    /// "required" held on to would forbid the model ever to answer (`gateways.md` (c) 34).
    private func relaxed(_ choice: JSONValue?) -> JSONValue? {
        guard var choice, case .object(var object) = choice else { return choice == "none" ? choice : nil }
        // Which tools are allowed holds on; that one must be called does not.
        guard object["type"] == "allowed_tools", var allowed = object["allowed_tools"]?.object else { return nil }
        allowed["mode"] = "auto"
        object["allowed_tools"] = .object(allowed)
        choice = .object(object)
        return choice
    }

    private func tooMuch(_ route: RoutedRound) -> ProviderFailure {
        ProviderFailure(
            .malformed,
            "The provider \(route.target.provider) sent more than an answer can hold.",
            provider: route.target.provider
        )
    }

    /// Adds a round's tokens; without a report they are estimated from the bytes, four to a token.
    private func count(_ usage: Usage?, written: Int, _ messages: [[UInt8]], _ tally: inout TurnTally) {
        if let usage {
            tally.usage += usage
        } else {
            let prompt = messages.reduce(0) { $0 + $1.count }
            tally.usage += Usage(promptTokens: (prompt + 3) / 4, completionTokens: (written + 3) / 4, isEstimated: true)
        }
    }

    private var timeOver: OpenAIError {
        OpenAIError(
            status: 504,
            message: "The turn took longer than \(plan.limits.turnTime.components.seconds) s.",
            type: "timeout_error",
            code: "turn_timeout",
            shouldRetry: false
        )
    }
}

extension ToolCall {
    fileprivate func step(_ phase: ToolStep.Phase) -> ToolStep {
        ToolStep(callID: id, name: name, arguments: arguments.decoded, phase: phase)
    }
}

/// Thrown by a sink that nobody listens to any more.
package struct SinkClosed: Error {
    package init() {}
}
