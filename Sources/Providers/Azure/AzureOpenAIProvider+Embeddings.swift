// `POST …/embeddings` of a deployment.

extension AzureOpenAIProvider: EmbeddingProvider {
    package func embed(_ call: EmbeddingCall) async throws(ProviderFailure) -> EmbeddingAnswer {
        let (headers, key) = exchange.opening(of: call.frame, present)
        let body = try await exchange.embed(
            call,
            url: try address(of: "embeddings", model: call.model),
            headers: headers,
            body: OpenAIEmbeddings.body(of: call, model: deployment(of: call.model)),
            secret: key
        )
        return try OpenAIEmbeddings.read(body, count: call.count, provider: name)
    }
}
