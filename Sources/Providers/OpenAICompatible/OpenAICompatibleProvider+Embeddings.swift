// `POST {base}/embeddings`.

extension OpenAICompatibleProvider: EmbeddingProvider {
    package func embed(_ call: EmbeddingCall) async throws(ProviderFailure) -> EmbeddingAnswer {
        let url = exchange.configuration.baseURL + "/embeddings"
        return try await exchange.embed(call, url: url, model: call.model, presenting: bearer)
    }
}
