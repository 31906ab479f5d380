// Anthropic's Messages API: `POST {base}/v1/messages`.

package import HTTPTransport
package import Identity

/// An upstream that speaks Anthropic's Messages protocol.
package struct AnthropicProvider: UpstreamProvider {
    /// How a model is told how hard to think.
    package enum ThinkingStyle: String, Sendable, Hashable, CaseIterable {
        /// `thinking.budget_tokens`, the form of all models up to Claude 4.5.
        case budget
        /// `output_config.effort` with adaptive thinking, the form of later ones.
        case effort
    }

    package struct Configuration: Sendable {
        package var name: String
        /// Without `/v1/messages`; a trailing slash is cut.
        package var baseURL: String
        package var apiKey: Secret?
        /// `anthropic-version`. From `2026-10-21` on sampling parameters are refused, and so are never sent.
        package var version: String
        /// Sent with every request, e.g. `anthropic-beta`.
        package var headers: [String: String]
        package var timeouts: TransferTimeouts
        /// Bytes of one event or one whole answer at the most.
        package var answerLimit: Int
        /// `max_tokens` where the request says none: the protocol demands one.
        package var defaultMaximumTokens: Int
        package var thinkingStyle: ThinkingStyle

        package init(
            name: String,
            baseURL: String = "https://api.anthropic.com",
            apiKey: Secret?,
            version: String? = nil,
            headers: [String: String] = [:],
            timeouts: TransferTimeouts = TransferTimeouts(),
            answerLimit: Int = 16 << 20,
            defaultMaximumTokens: Int = 4096,
            thinkingStyle: ThinkingStyle = .budget
        ) {
            self.name = name
            let base = baseURL.withoutTrailingSlashes
            self.baseURL = base.hasSuffix("/v1") ? String(base.dropLast(3)).withoutTrailingSlashes : base
            self.apiKey = apiKey
            self.version = version ?? "2023-06-01"
            self.headers = headers
            self.timeouts = timeouts
            self.answerLimit = answerLimit
            self.defaultMaximumTokens = defaultMaximumTokens
            self.thinkingStyle = thinkingStyle
        }
    }

    package var name: String { configuration.name }
    private let configuration: Configuration
    var exchange: UpstreamExchange
    private let habits = UpstreamHabits()
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
        let refusesSampling =
            configuration.version >= "2026-10-21" || habits.has(.refusesSampling, model: call.model)
        do {
            return try await send(call, sampling: !refusesSampling)
        } catch {
            // Newer models take no sampling parameters in any version (`clients.md` 5.1).
            let names = ["temperature", "top_p", "top_k"]
            guard !refusesSampling, names.contains(where: { error.refuses($0) }) else { throw error }
            let round = try await send(call, sampling: false)
            habits.note(.refusesSampling, model: call.model)
            return round
        }
    }

    private func send(_ call: ModelCall, sampling: Bool) async throws(ProviderFailure) -> any ModelRound {
        let request = try AnthropicRequest(
            call,
            provider: name,
            defaultMaximumTokens: configuration.defaultMaximumTokens,
            thinkingStyle: configuration.thinkingStyle,
            sampling: sampling,
            memory: memory
        )
        let key = call.credential ?? configuration.apiKey
        var headers = UpstreamExchange.headers(for: call, extra: configuration.headers)
        headers.set("anthropic-version", configuration.version)
        if let key { headers.set("x-api-key", key.reveal()) }
        var reader = AnthropicReader(provider: name, names: request.names)
        reader.remembering = AnthropicReader.Remembering(memory: memory, prefix: request.prefix)
        return try await exchange.start(
            call,
            url: configuration.baseURL + "/v1/messages",
            headers: headers,
            body: request.body,
            reader: reader,
            secret: key,
            dropped: request.dropped
        )
    }
}
