// What every round needs: its call, its bounds, its tokens.

import JSON
import OpenAIProtocol
import Providers
import Tools

extension Turn {
    func start(
        _ messages: [[UInt8]],
        tools: [Tool],
        toolChoice: JSONValue?,
        isLast: Bool,
        deadline: ContinuousClock.Instant?,
        _ tally: TurnTally
    ) async throws -> RoutedRound {
        try Task.checkCancellation()
        let offered =
            isLast
            ? []
            : plan.clientTools.map { ModelTool(name: $0.name, json: $0.json) }
                + tools.map { ModelTool(name: $0.name, json: $0.definition) }
        // Upstreams refuse this one without tools.
        let parameters = plan.parameters.filter { !offered.isEmpty || $0.name != "parallel_tool_calls" }
        tally.offered = offered.reduce(0) { $0 + $1.json.count }
        let span = RoundSpan(plan.trace)
        tally.openRound = span
        var call = ModelCall(
            model: "",
            messages: messages,
            tools: offered,
            toolChoice: offered.isEmpty ? nil : toolChoice,
            parameters: joined(parameters),
            stream: plan.stream,
            deadline: deadline,
            requestID: plan.requestID,
            traceParent: plan.trace.isFollowed ? plan.trace.header(span: span.span.id) : nil
        )
        call.traceState = plan.trace.state
        call.vendorMembers = plan.vendorMembers
        call.failedResults = plan.failedResults
        tally.rounds += 1
        let routed: RoutedRound
        var clock = RoundClock()
        do {
            routed = try await clock.wait(tally) { () async throws(ProviderFailure) in
                try await self.route(call, along: tally.route ?? plan.route)
            }
        } catch {
            tally.attempts += error.attempts
            if let asked = error.target { control.asked(asked, attempts: tally.attempts) }
            tally.openRound?.attempts = error.attempts
            // A call that was given up has been sent, as far as anybody knows.
            if Task.isCancelled || error.kind == .timeout {
                tally.target = error.target ?? (tally.route ?? plan.route).targets.first
                count(nil, written: 0, messages, tally)
            }
            endRound(tally, nil, error: error)
            if let deadline, ContinuousClock.now >= deadline { throw timeOver }
            throw error
        }
        for failure in routed.passedOver { log(failure) }
        tally.attempts += routed.attempts
        tally.target = routed.target
        tally.openRound?.target = routed.target
        tally.openRound?.attempts = routed.attempts
        control.asked(
            routed.target,
            attempts: tally.attempts,
            dropping: tally.rounds == 1 ? routed.round.droppedParameters : nil
        )
        return routed
    }

    /// Has the router start a round.
    private func route(_ call: ModelCall, along route: ModelRoute) async throws(ProviderFailure) -> RoutedRound {
        let router = environment.router()
        let isBots = plan.botID != nil
        guard call.stream else { return try await router.start(call, on: route, standIn: isBots) }
        // By a task of its own, whose memory goes with it: the way to an upstream is deep, and a running stream, of which
        // there are thousands, would hold all of it.
        let outcome = await withTaskGroup(of: Result<RoutedRound, ProviderFailure>.self) { group in
            group.addImmediateTask { await router.outcome(of: call, on: route, standIn: isBots) }
            return await group.next()
        }
        return try (outcome ?? .failure(.givenUp(route.name))).get()
    }

    func joined(_ parameters: [ChatRequest.Parameter]) -> [UInt8] {
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
    func relaxed(_ choice: JSONValue?) -> JSONValue? {
        guard var choice, case .object(var object) = choice else { return choice == "none" ? choice : nil }
        // Which tools are allowed holds on; that one must be called does not.
        guard object["type"] == "allowed_tools", var allowed = object["allowed_tools"]?.object else { return nil }
        allowed["mode"] = "auto"
        object["allowed_tools"] = .object(allowed)
        choice = .object(object)
        return choice
    }

    /// Long answers can be asked for, so it says nothing against the target.
    func tooMuch(_ route: RoutedRound) -> ProviderFailure {
        ProviderFailure(
            .malformed,
            "The provider \(route.target.provider) sent more than an answer can hold.",
            provider: route.target.provider
        )
        .sparingTarget
    }

    /// Adds a round's tokens; without a report they are estimated from the bytes, four to a token.
    ///
    /// Some upstreams report the prompt first and the answer at its end, or never: what was read of an answer is then
    /// estimated all the same.
    func count(_ usage: Usage?, written: Int, _ messages: [[UInt8]], _ tally: TurnTally) {
        let read = TokenEstimate.tokens(bytes: written)
        guard var usage else {
            let prompt = TokenEstimate.tokens(
                bytes: messages.reduce(tally.offered) { $0 + TokenEstimate.textBytes(ofMessages: $1) }
            )
            tally.add(Usage(promptTokens: prompt, completionTokens: read, isEstimated: true))
            return
        }
        if usage.completionTokens == 0, read > 0 {
            usage.completionTokens = read
            usage.isEstimated = true
        }
        tally.add(usage)
    }

    var timeOver: OpenAIError {
        OpenAIError(
            status: 504,
            message: "The turn took longer than \(plan.limits.turnTime.components.seconds) s.",
            type: "timeout_error",
            code: "turn_timeout",
            shouldRetry: false
        )
    }
}
