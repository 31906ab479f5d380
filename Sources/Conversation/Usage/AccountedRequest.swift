// What the books know of a request before it runs: who asks for what, by which way.

package import Identity
import OpenAIProtocol
package import Providers
import Tools

/// The part of a request that its settlement needs; a turn's, or that of a call that is no turn. Made once, then shared.
package final class AccountedRequest: Sendable {
    package let operation: TurnMetrics.Operation
    package let requestID: String
    package let trace: TraceContext
    package let caller: Caller
    /// The way the request came: `chat`, `lobe_chat`, `skill_execute`, …
    package let surface: String
    /// The model as the client named it.
    package let requestedModel: String
    /// nil when an upstream is addressed directly.
    package let botID: String?
    /// The model route's name.
    package let route: String
    package let isStream: Bool
    /// What limits reserve for it.
    package let estimate: LimitEstimate
    /// Where it leads; nil where no model is asked.
    package let asks: ModelRoute?

    package init(
        operation: TurnMetrics.Operation,
        requestID: String,
        trace: TraceContext = TraceContext(),
        caller: Caller,
        surface: String,
        requestedModel: String,
        botID: String? = nil,
        route: String,
        isStream: Bool = false,
        estimate: LimitEstimate = LimitEstimate(),
        asks: ModelRoute? = nil
    ) {
        self.operation = operation
        self.requestID = requestID
        self.trace = trace
        self.caller = caller
        self.surface = surface
        self.requestedModel = requestedModel
        self.botID = botID
        self.route = route
        self.isStream = isStream
        self.estimate = estimate
        self.asks = asks
    }

    /// A turn's.
    package convenience init(_ plan: borrowing TurnPlan) {
        self.init(
            operation: .chat,
            requestID: plan.requestID,
            trace: plan.trace,
            caller: plan.caller,
            surface: plan.surface,
            requestedModel: plan.requestedModel,
            botID: plan.botID,
            route: plan.route.name,
            isStream: plan.stream,
            estimate: LimitEstimate(plan),
            asks: plan.command == nil ? plan.route : nil
        )
    }
}

extension LimitEstimate {
    /// A turn's first round: the conversation, the system prompt and the tools, and the answer that the request allows.
    fileprivate init(_ plan: borrowing TurnPlan) {
        // No model is asked to decide an approval.
        guard plan.command == nil else {
            self.init(isCompletion: false)
            return
        }
        // Of two bounds nobody knows which one a model heeds.
        let bounds = plan.parameters.filter { $0.name == "max_completion_tokens" || $0.name == "max_tokens" }
        let most = bounds.compactMap { Int(String(decoding: $0.json, as: UTF8.self)) }.filter { $0 > 0 }.max()
        let (tokens, isTooMany) = (most ?? 0).multipliedReportingOverflow(by: max(1, plan.choices))
        self.init(
            promptBytes: TokenEstimate.textBytes(ofMessages: plan.messages) + (plan.systemPrompt?.utf8.count ?? 0)
                + plan.clientTools.reduce(0) { $0 + $1.json.count } + plan.tools.reduce(0) { $0 + $1.definition.count },
            mostCompletionTokens: most.map { _ in isTooMany ? .max : tokens },
            model: plan.route.targets.first?.name ?? ""
        )
    }
}
