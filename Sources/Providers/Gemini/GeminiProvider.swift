// Google's Gemini API: `POST {base}/v1beta/models/{model}:generateContent`.

package import HTTPTransport

/// An upstream that speaks Gemini's `generateContent`.
package struct GeminiProvider: UpstreamProvider {
    package var name: String { exchange.provider }
    var exchange: UpstreamExchange
    private let habits = UpstreamHabits()
    private let memory = ReplayMemory()

    /// - Parameter configuration: `baseURL` with or without the version; without one, `/v1beta` is appended.
    package init(configuration: UpstreamConfiguration, client: HTTPClient) {
        var configuration = configuration
        let last = configuration.baseURL.split(separator: "/").last ?? ""
        let hasVersion = last == "v1" || last.hasPrefix("v1beta") || last.hasPrefix("v1alpha")
        if !hasVersion { configuration.baseURL += "/v1beta" }
        exchange = UpstreamExchange(configuration: configuration, client: client)
    }

    /// Which models do not think, and refuse to be told of it, is learned from their refusals.
    package func start(_ call: ModelCall) async throws(ProviderFailure) -> any ModelRound {
        let thinks = !habits.has(.refusesThinking, model: call.model)
        let request = try GeminiRequest(call, provider: name, thinks: thinks, memory: memory)
        do {
            return try await send(call, request)
        } catch {
            guard request.asksForThoughts, error.refusesThinking else { throw error }
        }
        let other = try GeminiRequest(call, provider: name, thinks: false, memory: memory)
        let round = try await send(call, other)
        habits.note(.refusesThinking, model: call.model)
        return round
    }

    private func send(_ call: ModelCall, _ request: GeminiRequest) async throws(ProviderFailure) -> any ModelRound {
        let (headers, key) = exchange.opening(of: call, Self.present)
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

    /// Never in the URL, which is logged everywhere.
    static func present(_ key: String) -> (name: String, value: String) { ("x-goog-api-key", key) }

    /// `…/models/{model}:{method}`; a model may bring its collection, as in `tunedModels/mine`.
    ///
    /// - Throws: `modelNotFound` for a name that cannot stand in an address.
    func address(of model: String, _ method: String) throws(ProviderFailure) -> String {
        let parts = (model.contains("/") ? model : "models/" + model)
            .split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.allSatisfy(\.fitsPath) else { throw .notAModel(model, provider: name) }
        return "\(exchange.configuration.baseURL)/\(parts.map(\.pathSegment).joined(separator: "/")):\(method)"
    }
}
