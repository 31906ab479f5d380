// The seam between a turn and whoever answers for the model: one call in, a round of events out.

package import HTTPTransport
package import Identity
package import JSON
package import OpenAIProtocol

/// Somebody who can run a model: an upstream service, or the offline model.
package protocol ModelProvider: Sendable {
    /// The provider's name as configured, e.g. `openai`; the first part of `provider/model`.
    var name: String { get }

    /// Starts one round. Returns when the upstream has accepted it (its first event is known to be no error), so that
    /// a refusal is still an HTTP status for the client.
    func start(_ call: ModelCall) async throws(ProviderFailure) -> any ModelRound
}

/// One running answer of a model.
package protocol ModelRound: AnyObject, Sendable {
    /// All events that are there; `nil` after a clean end; empty when `patience` ran out first.
    func next(patience: Duration?) async throws(ProviderFailure) -> [ModelEvent]?

    /// Ends the upstream's work at once. Idempotent.
    func cancel()

    /// The request's parameters that the provider has no word for and that were left out, by their OpenAI names. Only
    /// hints are: what would change the meaning of the answer is refused by `start`.
    var droppedParameters: [String] { get }

    /// The model as the upstream names it, once it has; often more exact than the name that was asked for.
    var answeredModel: String? { get }
}

extension ModelRound {
    package var droppedParameters: [String] { [] }
    package var answeredModel: String? { nil }
}

/// What is asked of a model in one round.
package struct ModelCall: Sendable {
    /// The model's name as its provider knows it.
    package var model: String
    /// JSON texts of message objects; each element is one object or several joined by commas. Bytes of the client's
    /// conversation are here as they came.
    package var messages: [[UInt8]]
    /// The results of tools that tell of a failure, by the ids of their calls, with what was put before their text: for
    /// protocols that have a word of their own.
    package var failedResults: [String: String] = [:]
    /// Tools that the model may ask for.
    package var tools: [ModelTool]
    /// The request's `tool_choice` (JSON), nil when the model decides.
    package var toolChoice: JSONValue?
    /// Raw JSON members to pass through, comma-joined: `"temperature":0.2,"seed":1`. May be empty.
    package var parameters: [UInt8]
    /// How many tokens the model can write at most, where that is known.
    package var outputLimit: Int?
    /// Members of the request that are for upstreams of the OpenAI protocol only. Others drop them by name.
    package var vendorMembers: [ChatRequest.Parameter] = []
    /// What is configured to be said with every request to the model, likewise.
    package var extra = JSONObject()
    /// Whether the answer should come in pieces.
    package var stream: Bool
    /// When the answer must be complete; nil when only the provider's own limits count.
    package var deadline: ContinuousClock.Instant?
    /// The turn's request id, for logs and the upstream's `x-request-id`.
    package var requestID: String
    /// The key that the router has picked among several; nil: the provider's only one.
    package var credential: Secret?
    /// The target's own bounds; nil: the provider's.
    package var timeouts: TransferTimeouts?
    /// W3C trace context for the upstream.
    package var traceParent: String?
    /// The `tracestate` that belongs to it.
    package var traceState: String?

    package init(
        model: String,
        messages: [[UInt8]],
        tools: [ModelTool] = [],
        toolChoice: JSONValue? = nil,
        parameters: [UInt8] = [],
        stream: Bool,
        deadline: ContinuousClock.Instant? = nil,
        requestID: String,
        credential: Secret? = nil,
        timeouts: TransferTimeouts? = nil,
        traceParent: String? = nil
    ) {
        self.model = model
        self.messages = messages
        self.tools = tools
        self.toolChoice = toolChoice
        self.parameters = parameters
        self.stream = stream
        self.deadline = deadline
        self.requestID = requestID
        self.credential = credential
        self.timeouts = timeouts
        self.traceParent = traceParent
    }
}

/// A tool as the model is told of it.
package struct ModelTool: Sendable {
    package var name: String
    /// `{"type":"function","function":{…}}`, byte for byte as a client sent it where it came from a client.
    package var json: [UInt8]

    package init(name: String, json: [UInt8]) {
        self.name = name
        self.json = json
    }
}
