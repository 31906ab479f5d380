// Google's Gemini API: `POST {base}/v1beta/models/{model}:generateContent`.

package import HTTPTransport
package import Identity

/// An upstream that speaks Gemini's `generateContent`.
package struct GeminiProvider: UpstreamProvider {
    package struct Configuration: Sendable {
        package var name: String
        /// With or without the version; a trailing slash is cut. Without one, `/v1beta` is appended.
        package var baseURL: String
        /// Sent as `x-goog-api-key`, never in the URL, which is logged everywhere.
        package var apiKey: Secret?
        /// Sent with every request.
        package var headers: [String: String]
        package var timeouts: TransferTimeouts
        /// Bytes of one event or one whole answer at the most.
        package var answerLimit: Int

        package init(
            name: String,
            baseURL: String = "https://generativelanguage.googleapis.com",
            apiKey: Secret?,
            headers: [String: String] = [:],
            timeouts: TransferTimeouts = TransferTimeouts(),
            answerLimit: Int = 16 << 20
        ) {
            self.name = name
            let base = baseURL.withoutTrailingSlashes
            let last = base.split(separator: "/").last ?? ""
            let hasVersion = last == "v1" || last.hasPrefix("v1beta") || last.hasPrefix("v1alpha")
            self.baseURL = hasVersion ? base : base + "/v1beta"
            self.apiKey = apiKey
            self.headers = headers
            self.timeouts = timeouts
            self.answerLimit = answerLimit
        }
    }

    package var name: String { configuration.name }
    let configuration: Configuration
    var exchange: UpstreamExchange
    private let memory = ReplayMemory()

    package init(configuration: Configuration, client: HTTPClient) {
        self.configuration = configuration
        exchange = UpstreamExchange(
            provider: configuration.name,
            client: client,
            timeouts: configuration.timeouts,
            answerLimit: configuration.answerLimit
        )
    }

    package func start(_ call: ModelCall) async throws(ProviderFailure) -> any ModelRound {
        let request = try GeminiRequest(call, provider: name, memory: memory)
        let key = call.credential ?? configuration.apiKey
        var headers = UpstreamExchange.headers(for: call, extra: configuration.headers)
        if let key { headers.set("x-goog-api-key", key.reveal()) }
        var reader = GeminiReader(provider: name, names: request.names)
        reader.takesOneCall = request.takesOneCall
        reader.remembering = GeminiReader.Remembering(memory: memory, prefix: request.prefix)
        return try await exchange.start(
            call,
            url: try address(of: call.model, call.stream ? "streamGenerateContent?alt=sse" : "generateContent"),
            headers: headers,
            body: request.body,
            reader: reader,
            secret: key,
            dropped: request.dropped
        )
    }

    /// `…/models/{model}:{method}`; a model may bring its collection, as in `tunedModels/mine`.
    ///
    /// - Throws: `modelNotFound` for a name that cannot stand in an address.
    func address(of model: String, _ method: String) throws(ProviderFailure) -> String {
        let parts = (model.contains("/") ? model : "models/" + model)
            .split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.allSatisfy(\.fitsPath) else { throw .notAModel(model, provider: name) }
        return "\(configuration.baseURL)/\(parts.map(\.pathSegment).joined(separator: "/")):\(method)"
    }
}
