// `POST {base}/embeddings`.

import HTTPTransport
import Identity

extension OpenAICompatibleProvider: EmbeddingProvider {
    package func embed(_ call: EmbeddingCall) async throws(ProviderFailure) -> EmbeddingAnswer {
        let key = call.credential ?? configuration.apiKey
        var headers = UpstreamExchange.headers(for: call.frame, extra: configuration.headers)
        if let key { headers.set("Authorization", "Bearer \(key.reveal())") }
        let body = try await exchange.embed(
            call,
            url: configuration.baseURL + "/embeddings",
            headers: headers,
            body: OpenAIEmbeddings.body(of: call, model: call.model),
            secret: key
        )
        return try OpenAIEmbeddings.read(body, count: call.count, provider: name)
    }
}
