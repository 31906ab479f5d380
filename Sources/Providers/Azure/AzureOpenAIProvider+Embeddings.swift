// `POST …/embeddings` of a deployment.

extension AzureOpenAIProvider: EmbeddingProvider {
    package func embed(_ call: EmbeddingCall) async throws(ProviderFailure) -> EmbeddingAnswer {
        let url = try address(of: "embeddings", model: call.model)
        return try await exchange.embed(call, url: url, model: deployment(of: call.model), presenting: present)
    }
}
