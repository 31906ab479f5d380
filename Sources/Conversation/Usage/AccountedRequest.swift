// What the books know of a request before it runs: who asks for what, by which way.

package import Identity
import Providers

/// The part of a request that its settlement needs; a turn's, or that of a call that is no turn.
package struct AccountedRequest: Sendable {
    package var operation: TurnMetrics.Operation
    package var requestID: String
    package var trace: TraceContext
    package var caller: Caller
    /// The way the request came: `chat`, `lobe_chat`, `skill_execute`, …
    package var surface: String
    /// The model as the client named it.
    package var requestedModel: String
    /// nil when an upstream is addressed directly.
    package var botID: String?
    /// The model route's name.
    package var route: String
    package var isStream: Bool

    package init(
        operation: TurnMetrics.Operation,
        requestID: String,
        trace: TraceContext = TraceContext(),
        caller: Caller,
        surface: String,
        requestedModel: String,
        botID: String? = nil,
        route: String,
        isStream: Bool = false
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
    }

    /// A turn's.
    package init(_ plan: TurnPlan) {
        self.init(
            operation: .chat,
            requestID: plan.requestID,
            trace: plan.trace,
            caller: plan.caller,
            surface: plan.surface,
            requestedModel: plan.requestedModel,
            botID: plan.bot?.id,
            route: plan.route.name,
            isStream: plan.stream
        )
    }
}
