// One request for embeddings: a call of the router, settled once whatever way it ends.

package import Identity
package import OpenAIProtocol
package import Providers

/// What a call that is no turn is given. Cancelling the task that runs it ends the upstream's work at once.
package struct EmbeddingRun: Sendable {
    package let request: EmbeddingRequest
    package let route: ModelRoute
    package let accounted: AccountedRequest
    package let environment: TurnEnvironment
    package let control = TurnControl()

    /// Vectors, and how they came about.
    package struct Answer: Sendable {
        package let list: EmbeddingList
        package let target: RouteTarget
        package let attempts: Int
        /// Members of the request that the target has no word for.
        package let dropped: [String]
    }

    /// - Parameter surface: the way the request came, for the usage row.
    package init(
        _ request: EmbeddingRequest,
        on route: ModelRoute,
        caller: Caller,
        requestID: String,
        trace: TraceContext,
        surface: String,
        environment: TurnEnvironment
    ) {
        self.request = request
        self.route = route
        self.environment = environment
        accounted = AccountedRequest(
            operation: .embeddings,
            requestID: requestID,
            trace: trace,
            caller: caller,
            surface: surface,
            requestedModel: request.model,
            route: route.name,
            estimate: LimitEstimate(
                promptBytes: request.estimatedTokens * 4,
                isCompletion: false,
                model: route.targets.first?.name ?? ""
            ),
            asks: route
        )
    }

    /// Runs to the end and settles.
    ///
    /// - Returns: how it ended; with the answer exactly when it finished. Never throws: every end is a value.
    package func run() async -> (end: TurnEnd, answer: Answer?) {
        accounted.trace.recorder?.hold()
        defer { accounted.trace.recorder?.release() }
        let settlement: Settlement
        do {
            settlement = try await Settlement.begin(accounted, environment: environment)
        } catch {
            return (.failed(error), nil)
        }
        control.standing = settlement.standing
        let tally = TurnTally()
        tally.route = settlement.route
        let outcome = await embed(tally)
        accounted.tellTrace(tally, error: tally.errorType ?? ErrorType(outcome.end))
        settlement.settle(tally, as: outcome.end)
        return outcome
    }

    private func embed(_ tally: TurnTally) async -> (end: TurnEnd, answer: Answer?) {
        guard !Task.isCancelled else { return (.cancelled(control.cause), nil) }
        let route = tally.route ?? route
        var call = EmbeddingCall(
            model: "",
            input: request.input,
            dimensions: request.dimensions,
            user: request.user,
            requestID: accounted.requestID
        )
        call.vendorMembers = request.vendorMembers
        var span = RoundSpan(accounted.trace, operation: .embeddings)
        if accounted.trace.isFollowed { call.traceParent = accounted.trace.header(span: span.span.id) }
        call.traceState = accounted.trace.state
        tally.rounds = 1
        let estimate = Usage(promptTokens: request.estimatedTokens, isEstimated: true)
        var clock = RoundClock()
        do throws(ProviderFailure) {
            let (answer, target, attempts) = try await clock.wait(tally) { () async throws(ProviderFailure) in
                try await environment.router().embed(call, on: route)
            }
            tally.attempts = attempts
            control.asked(target, attempts: attempts)
            span.attempts = attempts
            span.target = target
            tally.target = target
            tally.firstToken = .now
            // Some report zeros, Gemini reports nothing.
            let usage = answer.usage.flatMap { $0.promptTokens > 0 ? $0 : nil } ?? estimate
            tally.add(usage)
            span.usage = usage
            span.end(finishes: [], answeredModel: nil, error: nil)
            // It has been paid for, but nobody has been answered.
            guard !Task.isCancelled else { return (.cancelled(control.cause), nil) }
            let list = EmbeddingList(vectors: answer.vectors, model: request.model, usage: usage)
            return (.finished, Answer(list: list, target: target, attempts: attempts, dropped: answer.dropped))
        } catch {
            tally.attempts = error.attempts
            if let asked = error.target { control.asked(asked, attempts: error.attempts) }
            span.attempts = error.attempts
            let fault = ErrorType(error, isNamedByCaller: isNamedByCaller)
            span.end(finishes: [], answeredModel: nil, error: Task.isCancelled ? .callerCancelled : fault)
            // A call that was given up has been sent, as far as anybody knows.
            if Task.isCancelled || error.kind == .timeout {
                tally.target = error.target ?? route.targets.first
                tally.add(estimate)
            } else if error.spentInputs > 0 {
                var spent = estimate
                spent.promptTokens = estimate.promptTokens * error.spentInputs / max(1, request.count)
                tally.target = error.target ?? route.targets.first
                tally.add(spent)
            }
            if Task.isCancelled || error.kind == .cancelled { return (.cancelled(control.cause), nil) }
            environment.log(error, requestID: accounted.requestID, trace: accounted.trace)
            tally.errorType = fault
            control.failure = error
            return (.failed(told(error)), nil)
        }
    }

    /// Whether the caller alone says that there is such a model.
    private var isNamedByCaller: Bool { environment.router().isCallersOwn(route.name) }

    /// What the client is told: of its input, not of a conversation.
    private func told(_ failure: ProviderFailure) -> OpenAIError {
        switch failure.kind {
        case .modelNotFound where isNamedByCaller: return .modelNotFound(request.model)
        case .contextTooLong:
            return .invalid(
                "The input exceeds the model's maximum context length. \(failure.message)",
                param: "input",
                code: "context_length_exceeded"
            )
        default: return OpenAIError(failure)
        }
    }
}
