// Anthropic's Messages API: `POST {base}/v1/messages`.

package import HTTPTransport

/// An upstream that speaks Anthropic's Messages protocol.
package struct AnthropicProvider: UpstreamProvider {
    /// How a model is told how hard to think.
    package enum ThinkingStyle: String, Sendable, Hashable, CaseIterable {
        /// `thinking.budget_tokens`, the form of all models up to Claude 4.5.
        case budget
        /// `output_config.effort` with adaptive thinking, the form of later ones.
        case effort
    }

    package var name: String { exchange.provider }
    var exchange: UpstreamExchange
    private let version: String
    private let defaultMaximumTokens: Int
    private let thinkingStyle: ThinkingStyle
    private let habits = UpstreamHabits()
    private let memory = ReplayMemory()

    /// - Parameters:
    ///   - configuration: `baseURL` without `/v1/messages`.
    ///   - version: `anthropic-version`. From `2026-10-21` on sampling parameters are refused, and so are never sent.
    ///   - defaultMaximumTokens: `max_tokens` where the request says none: the protocol demands one.
    package init(
        configuration: UpstreamConfiguration,
        version: String? = nil,
        defaultMaximumTokens: Int = 4096,
        thinkingStyle: ThinkingStyle = .budget,
        client: HTTPClient
    ) {
        var configuration = configuration
        if configuration.baseURL.hasSuffix("/v1") {
            configuration.baseURL = String(configuration.baseURL.dropLast(3)).withoutTrailingSlashes
        }
        self.version = version ?? "2023-06-01"
        self.defaultMaximumTokens = defaultMaximumTokens
        self.thinkingStyle = thinkingStyle
        exchange = UpstreamExchange(configuration: configuration, client: client)
    }

    package func start(_ call: ModelCall) async throws(ProviderFailure) -> any ModelRound {
        let refusesSampling =
            version >= "2026-10-21" || habits.has(.refusesSampling, model: call.model)
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
            defaultMaximumTokens: defaultMaximumTokens,
            thinkingStyle: thinkingStyle,
            sampling: sampling,
            memory: memory
        )
        var (headers, key) = exchange.opening(of: call) { ("x-api-key", $0) }
        headers.set("anthropic-version", version)
        var reader = AnthropicReader(provider: name, names: request.names)
        reader.remembering = AnthropicReader.Remembering(memory: memory, prefix: request.prefix)
        return try await exchange.start(
            call,
            url: exchange.configuration.baseURL + "/v1/messages",
            headers: headers,
            body: request.body,
            reader: reader,
            secret: key,
            dropped: request.dropped
        )
    }
}
