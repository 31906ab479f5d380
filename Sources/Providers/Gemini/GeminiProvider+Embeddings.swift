// `POST …:batchEmbedContents`.

import JSON

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
        let (headers, key) = exchange.opening(of: call.frame, Self.present)
        let bytes = try await exchange.embed(
            call,
            url: try address(of: call.model, "batchEmbedContents"),
            headers: headers,
            body: JSONValue.object(["requests": .array(requests)]).bytes,
            secret: key
        )
        let body = EmbeddingBody(provider: name)
        guard let embeddings = try body.root(bytes)["embeddings"], embeddings.count == texts.count else {
            throw body.malformed
        }
        var vectors: [[Float]] = []
        for embedding in embeddings.elements { vectors.append(try body.vector(embedding["values"])) }
        return EmbeddingAnswer(vectors: vectors, usage: nil)
    }
}
