// The seam to whoever turns texts into vectors.

package import HTTPTransport
package import Identity
package import JSON
package import OpenAIProtocol

/// What is asked of an embedding model. Texts or tokens, as OpenAI's `input`.
package struct EmbeddingCall: Sendable {
    package var model: String
    /// The request's `input`: a string, strings, token ids, or lists of token ids.
    package var input: JSONValue
    package var dimensions: Int?
    package var user: String?
    /// Members of the request that are for upstreams of the OpenAI protocol only. Others drop them by name.
    package var vendorMembers: [ChatRequest.Parameter] = []
    /// What is configured to be said with every request to the model, likewise.
    package var extra = JSONObject()
    package var requestID: String
    package var credential: Secret?
    package var timeouts: TransferTimeouts?
    package var traceParent: String?
    package var traceState: String?

    package init(model: String, input: JSONValue, dimensions: Int? = nil, user: String? = nil, requestID: String) {
        self.model = model
        self.input = input
        self.dimensions = dimensions
        self.user = user
        self.requestID = requestID
    }
}

/// One vector for each input, in order.
package struct EmbeddingAnswer: Sendable {
    package var vectors: [[Float]]
    package var usage: Usage?
    /// Members of the request that had no effect.
    package var dropped: [String] = []

    package init(vectors: [[Float]], usage: Usage?) {
        self.vectors = vectors
        self.usage = usage
    }
}

/// A provider that can embed.
package protocol EmbeddingProvider: ModelProvider {
    func embed(_ call: EmbeddingCall) async throws(ProviderFailure) -> EmbeddingAnswer
}
