// Anthropic's Messages API: `POST {base}/v1/messages`.

package import HTTPTransport

/// An upstream that speaks Anthropic's Messages protocol.
package struct AnthropicProvider: UpstreamProvider {
    package var name: String { exchange.provider }
    var exchange: UpstreamExchange
    private let version: String
    private let habits = UpstreamHabits()
    private let memory = ReplayMemory()

    /// - Parameters:
    ///   - configuration: `baseURL` without `/v1/messages`.
    ///   - version: `anthropic-version`. From `2026-10-21` on sampling parameters are refused, and so are never sent.
    package init(configuration: UpstreamConfiguration, version: String? = nil, client: HTTPClient) {
        var configuration = configuration
        if configuration.baseURL.hasSuffix("/v1") {
            configuration.baseURL = String(configuration.baseURL.dropLast(3)).withoutTrailingSlashes
        }
        self.version = version ?? "2023-06-01"
        exchange = UpstreamExchange(configuration: configuration, client: client)
    }

    /// Newer models take neither sampling parameters, in any version, nor a budget of thoughts (`clients.md` 5.1); older ones
    /// do not think. Which they are is learned from their refusals.
    package func start(_ call: ModelCall) async throws(ProviderFailure) -> any ModelRound {
        var sampling = version < "2026-10-21" && !habits.has(.refusesSampling, model: call.model)
        var style = habits.has(.thinksByEffort, model: call.model) ? AnthropicThinking.Style.effort : .budget
        if habits.has(.refusesThinking, model: call.model) { style = .none }
        var learnt: [UpstreamHabits.Habit] = []
        while true {
            let request = try AnthropicRequest(
                call,
                provider: name,
                thinkingStyle: style,
                sampling: sampling,
                memory: memory
            )
            do {
                let round = try await send(call, request)
                for habit in learnt { habits.note(habit, model: call.model) }
                return round
            } catch {
                if sampling, ["temperature", "top_p", "top_k"].contains(where: { error.refuses($0) }) {
                    learnt.append(.refusesSampling)
                    sampling = false
                } else if style == .budget, request.thinks, error.refuses("thinking.type.enabled") {
                    learnt.append(.thinksByEffort)
                    style = .effort
                } else if style != .none, request.asksForThoughts, error.refusesThinking {
                    learnt.append(.refusesThinking)
                    style = .none
                } else {
                    throw error
                }
            }
        }
    }

    private func send(_ call: ModelCall, _ request: AnthropicRequest) async throws(ProviderFailure) -> any ModelRound {
        let (headers, key) = exchange.opening(of: call, with: ("anthropic-version", version)) { ("x-api-key", $0) }
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
