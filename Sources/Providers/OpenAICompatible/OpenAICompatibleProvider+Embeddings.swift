// `POST {base}/embeddings`.

extension OpenAICompatibleProvider: EmbeddingProvider {
    package func embed(_ call: EmbeddingCall) async throws(ProviderFailure) -> EmbeddingAnswer {
        let (headers, key) = exchange.opening(of: call.frame, bearer)
        let body = try await exchange.embed(
            call,
            url: exchange.configuration.baseURL + "/embeddings",
            headers: headers,
            body: OpenAIEmbeddings.body(of: call, model: call.model),
            secret: key
        )
        return try OpenAIEmbeddings.read(body, count: call.count, provider: name)
    }
}
