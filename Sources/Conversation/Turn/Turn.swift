// A turn: one request to a bot or a model, round by round, until the model is done; settled once whatever way it ends.

import Logging
package import OpenAIProtocol
import Providers

/// Runs a plan. Cancelling the task that runs it ends the upstream's work and the tools at once.
package final class Turn: Sendable {
    package let plan: TurnPlan
    package let environment: TurnEnvironment
    package let control: TurnControl
    private let accounted: AccountedRequest

    package init(
        plan: consuming TurnPlan,
        environment: TurnEnvironment,
        control: TurnControl = TurnControl()
    ) {
        accounted = AccountedRequest(plan)
        self.plan = plan
        self.environment = environment
        self.control = control
    }

    /// Reserves, runs to the end and settles.
    ///
    /// - Returns: how it ended and what it used. Never throws: every end is a value.
    package func run(_ sink: any TurnSink) async -> (end: TurnEnd, usage: Usage) {
        // The request's span waits for what is said at the end, though the client may have left by then.
        plan.trace.recorder?.hold()
        defer { plan.trace.recorder?.release() }
        let settlement: Settlement
        do {
            settlement = try await Settlement.begin(accounted, environment: environment)
        } catch {
            return (.failed(error), Usage())
        }
        control.standing = settlement.standing
        let tally = TurnTally()
        tally.route = settlement.route
        var failure: (any Error)?
        do {
            try await answer(sink, settlement, tally)
        } catch {
            failure = error
        }
        tally.readerWait = sink.waited
        return conclude(settlement, tally, failure)
    }

    private func answer(
        _ sink: any TurnSink,
        _ settlement: borrowing Settlement,
        _ tally: TurnTally
    ) async throws {
        if plan.botID == nil {
            try await relay(to: sink, tally)
        } else if let command = plan.command {
            try await decide(command, sink, tally)
        } else {
            try await converse(with: sink, settlement, tally)
        }
    }

    /// Enters the end in the books. By itself, since what it needs would lie in the frame that a running turn holds, of which
    /// there are thousands.
    @inline(never)
    private func conclude(
        _ settlement: consuming Settlement,
        _ tally: TurnTally,
        _ error: (any Error)?
    ) -> (end: TurnEnd, usage: Usage) {
        let end = error.map { self.end(for: $0) } ?? .finished
        // What a client is told of an upstream's failure says less than the failure.
        if case .failed = end, let failure = error as? ProviderFailure {
            tally.errorType = ErrorType(failure, isNamedByCaller: isNamedByCaller)
            control.failure = failure
        }
        if !tally.tools.isEmpty { control.hasActed = true }
        accounted.tellTrace(tally, error: tally.errorType ?? ErrorType(end))
        let usage = tally.usage
        settlement.settle(tally, as: end)
        return (end, usage)
    }

    private func end(for error: any Error) -> TurnEnd {
        if let failure = error as? ProviderFailure, failure.kind != .cancelled, !Task.isCancelled { log(failure) }
        if Task.isCancelled || error is CancellationError || error is SinkClosed { return .cancelled(control.cause) }
        switch error {
        case let failure as ProviderFailure:
            if failure.kind == .cancelled { return .cancelled(control.cause) }
            // Whoever named the model himself has named one that is not there.
            if failure.kind == .modelNotFound, isNamedByCaller { return .failed(.modelNotFound(plan.requestedModel)) }
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

    /// Whether the caller alone says that there is such a model. One that is configured and not there is our fault.
    var isNamedByCaller: Bool { plan.botID == nil && environment.router().isCallersOwn(plan.route.name) }

    func log(_ failure: ProviderFailure) {
        environment.log(failure, requestID: plan.requestID, trace: plan.trace)
    }
}

extension TurnEnvironment {
    /// A line for an upstream that failed.
    func log(_ failure: ProviderFailure, requestID: String, trace: TraceContext) {
        logger.warning(
            "upstream failed",
            metadata: [
                "request_id": "\(requestID)", "trace_id": "\(trace.traceID)",
                "provider": "\(failure.provider)",
                "kind": "\(failure.kind.rawValue)",
                "status": "\(failure.status.map(String.init) ?? "-")", "reason": "\(failure.detail ?? failure.message)",
            ]
        )
    }
}

/// Thrown by a sink that nobody listens to any more.
package struct SinkClosed: Error {
    package init() {}
}
