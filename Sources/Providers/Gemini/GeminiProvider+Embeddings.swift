// `POST …:batchEmbedContents`.

import HTTPTransport
import JSON
import OpenAIProtocol

extension GeminiProvider: EmbeddingProvider {
    /// Gemini embeds texts only and counts no tokens: the answer has no usage.
    package func embed(_ call: EmbeddingCall) async throws(ProviderFailure) -> EmbeddingAnswer {
        let texts = call.input.array ?? [call.input]
        let path = call.model.contains("/") ? call.model : "models/" + call.model
        var requests: [JSONValue] = []
        for text in texts {
            guard text.kind == .string else {
                throw .unsupported(
                    "The provider \(name) embeds texts, not tokens.",
                    provider: name,
                    parameter: "input"
                )
            }
            var request: JSONObject = ["model": .string(path), "content": ["parts": [["text": text]]]]
            if let dimensions = call.dimensions { request["outputDimensionality"] = .integer(dimensions) }
            requests.append(.object(request))
        }
        var vectors: [[Float]] = []
        // One after the other: whoever asks for thousands has no quota for all at once.
        let total = (call.timeouts ?? exchange.configuration.timeouts).total
        let end = ContinuousClock.now + total
        while vectors.count < requests.count {
            let piece = Array(requests[vectors.count...].prefix(Self.largestBatch))
            do {
                vectors += try await embed(piece, of: call, within: vectors.isEmpty ? total : end - .now)
            } catch {
                var failure = error
                failure.spentInputs = vectors.count
                throw failure
            }
        }
        var answer = EmbeddingAnswer(vectors: vectors, usage: nil)
        answer.dropped = call.vendorMembers.map(\.name)
        return answer
    }

    /// Requests that the service takes at once.
    private static var largestBatch: Int { 100 }

    private func embed(
        _ requests: [JSONValue],
        of call: EmbeddingCall,
        within time: Duration
    ) async throws(ProviderFailure) -> [[Float]] {
        var call = call
        var timeouts = call.timeouts ?? exchange.configuration.timeouts
        timeouts.total = max(time, .milliseconds(1))
        call.timeouts = timeouts
        let (headers, key) = exchange.opening(of: call.frame, Self.present)
        let bytes = try await exchange.embed(
            call,
            url: try address(of: call.model, "batchEmbedContents"),
            headers: headers,
            body: JSONValue.object(["requests": .array(requests)]).bytes,
            secret: key
        )
        let body = EmbeddingBody(provider: name)
        guard let embeddings = try body.root(bytes)["embeddings"], embeddings.count == requests.count else {
            throw body.malformed
        }
        var vectors: [[Float]] = []
        for embedding in embeddings.elements { vectors.append(try body.vector(embedding["values"])) }
        return vectors
    }
}
