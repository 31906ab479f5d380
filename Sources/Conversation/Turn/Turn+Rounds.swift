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

    func tooMuch(_ route: RoutedRound) -> ProviderFailure {
        ProviderFailure(
            .malformed,
            "The provider \(route.target.provider) sent more than an answer can hold.",
            provider: route.target.provider
        )
    }

    /// Adds a round's tokens; without a report they are estimated from the bytes, four to a token.
    func count(_ usage: Usage?, written: Int, _ messages: [[UInt8]], _ tally: inout TurnTally) {
        if let usage {
            tally.usage += usage
        } else {
            let prompt = messages.reduce(0) { $0 + $1.count }
            tally.usage += Usage(promptTokens: (prompt + 3) / 4, completionTokens: (written + 3) / 4, isEstimated: true)
        }
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
