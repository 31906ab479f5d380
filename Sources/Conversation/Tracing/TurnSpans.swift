// What the spans of requests, rounds and tools say, by OpenTelemetry's conventions for generative AI (`gateways.md` a3).

import OpenAIProtocol
import Providers
import Tools

extension AccountedRequest {
    /// Completes the request's span with what its books say. Nothing happens for requests that are not sampled.
    ///
    /// - Parameter error: nil when it finished.
    package func tellTrace(_ tally: TurnTally, error: ErrorType?) {
        guard let recorder = trace.recorder else { return }
        var said: [SpanAttribute] = [
            SpanAttribute("gen_ai.operation.name", botID == nil ? operation.rawValue : "invoke_agent"),
            SpanAttribute("gen_ai.request.model", requestedModel),
            SpanAttribute("gen_ai.usage.input_tokens", tally.usage.promptTokens),
            SpanAttribute("gen_ai.usage.output_tokens", tally.usage.completionTokens),
            SpanAttribute("opsgate.request_id", requestID), SpanAttribute("opsgate.surface", surface),
            SpanAttribute("opsgate.route", route), SpanAttribute("opsgate.rounds", tally.rounds),
            SpanAttribute("opsgate.attempts", tally.attempts),
        ]
        if let botID { said.append(SpanAttribute("gen_ai.agent.id", botID)) }
        if let target = tally.target {
            said.append(SpanAttribute("gen_ai.provider.name", target.provider))
            said.append(SpanAttribute("gen_ai.response.model", target.model))
        }
        recorder.say(said, error: error)
    }
}

/// A round that is under way.
struct RoundSpan: Sendable {
    let span: OpenSpan
    var target: RouteTarget?
    /// How often somebody was asked for it.
    var attempts = 0
    /// Its tokens, once they are counted.
    var usage: Usage?
    private let operation: TurnMetrics.Operation

    init(_ trace: TraceContext, operation: TurnMetrics.Operation = .chat) {
        span = OpenSpan(trace.recorder)
        self.operation = operation
    }

    /// - Parameter answeredModel: the model as the upstream names it.
    func end(finishes: [FinishReason], answeredModel: String?, error: ErrorType?) {
        span.end(
            "\(operation.rawValue)\(target.map { " \($0.model)" } ?? "")",
            .client,
            isError: error != nil,
            said(finishes, answeredModel, error)
        )
    }

    private func said(_ finishes: [FinishReason], _ answeredModel: String?, _ error: ErrorType?) -> [SpanAttribute] {
        var said: [SpanAttribute] = [
            SpanAttribute("gen_ai.operation.name", operation.rawValue), SpanAttribute("opsgate.attempts", attempts),
        ]
        if let target {
            said.append(SpanAttribute("gen_ai.provider.name", target.provider))
            said.append(SpanAttribute("gen_ai.request.model", target.model))
        }
        if let answeredModel { said.append(SpanAttribute("gen_ai.response.model", answeredModel)) }
        if let usage {
            said.append(SpanAttribute("gen_ai.usage.input_tokens", usage.promptTokens))
            said.append(SpanAttribute("gen_ai.usage.output_tokens", usage.completionTokens))
        }
        if !finishes.isEmpty { said.append(SpanAttribute("gen_ai.response.finish_reasons", finishes.map(\.rawValue))) }
        if let error { said.append(.error(error)) }
        return said
    }
}

extension Turn {
    /// Ends the span of the round that is under way, if there is one.
    func endRound(
        _ tally: TurnTally,
        _ routed: RoutedRound?,
        finishes: [FinishReason] = [],
        error: (any Error)? = nil
    ) {
        guard let round = tally.openRound.take(), plan.trace.recorder != nil else { return }
        round.end(
            finishes: finishes,
            answeredModel: routed?.round.answeredModel,
            error: error.map(errorType(of:))
        )
    }

    private func errorType(of error: any Error) -> ErrorType {
        if Task.isCancelled || error is CancellationError || error is SinkClosed {
            return control.cause == .shutDown ? .oursShutdown : .callerCancelled
        }
        return switch error {
        case let failure as ProviderFailure: ErrorType(failure, isNamedByCaller: isNamedByCaller)
        case let failure as OpenAIError: ErrorType(failure)
        default: .oursInternal
        }
    }
}

extension ToolRunner.Outcome {
    /// Ends a tool's span.
    func end(_ span: OpenSpan) {
        Self.end(span, tool: call.name, callID: call.id, status, isKnown: isKnown)
    }

    /// - Parameter isKnown: false when it was not waited for to its end.
    static func end(_ span: OpenSpan, tool: String, callID: String, _ status: ToolStatus, isKnown: Bool = true) {
        let isError = status == .error || !isKnown
        span.end(
            "execute_tool \(tool)",
            .internal,
            isError: isError,
            [
                SpanAttribute("gen_ai.operation.name", "execute_tool"), SpanAttribute("gen_ai.tool.name", tool),
                SpanAttribute("gen_ai.tool.type", "function"), SpanAttribute("gen_ai.tool.call.id", callID),
                SpanAttribute("opsgate.tool.status", isKnown ? status.rawValue : "unknown"),
            ] + (isError ? [SpanAttribute("error.type", isKnown ? "tool_error" : "timeout")] : [])
        )
    }
}
