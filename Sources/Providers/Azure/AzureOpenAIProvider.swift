// Azure OpenAI: the OpenAI protocol at addresses of its own, with two ways to show a key.

package import HTTPTransport

/// A resource of Azure OpenAI.
package struct AzureOpenAIProvider: UpstreamProvider {
    package enum KeyHeader: String, Sendable, Hashable, CaseIterable {
        /// `api-key: …`
        case apiKey
        /// `Authorization: Bearer …`, for tokens of Entra ID.
        case bearer
    }

    package var name: String { exchange.provider }
    var exchange: UpstreamExchange
    /// The `api-version` of the form with deployments; nil for the `v1` form.
    private let apiVersion: String?
    /// The deployment for a model, where it has another name.
    private let deployments: [String: String]
    private let keyHeader: KeyHeader
    private let habits = UpstreamHabits()

    /// - Parameter configuration: `baseURL` is `https://{resource}.openai.azure.com`, or with `/openai/v1` for the form
    ///   without versions.
    package init(
        configuration: UpstreamConfiguration,
        apiVersion: String? = nil,
        deployments: [String: String] = [:],
        keyHeader: KeyHeader = .apiKey,
        client: HTTPClient
    ) {
        var configuration = configuration
        // The two bases of Azure's portal, and what people copy from it.
        if configuration.baseURL.hasSuffix("/openai/v1") {
            configuration.baseURL.removeLast(10)
            self.apiVersion = nil
        } else {
            if configuration.baseURL.hasSuffix("/openai") { configuration.baseURL.removeLast(7) }
            self.apiVersion = apiVersion.flatMap { $0.isEmpty || $0 == "v1" ? nil : $0 }
        }
        self.deployments = deployments
        self.keyHeader = keyHeader
        exchange = UpstreamExchange(configuration: configuration, client: client)
    }

    package func start(_ call: ModelCall) async throws(ProviderFailure) -> any ModelRound {
        // API versions before 2024-09 know neither `stream_options` nor `max_completion_tokens`.
        try await habits.start(call, extra: exchange.configuration.extra, send)
    }

    @Sendable private func send(_ call: ModelCall, _ form: ChatForm) async throws(ProviderFailure) -> any ModelRound {
        var call = call
        let url = try address(of: "chat/completions", model: call.model)
        call.model = deployment(of: call.model)
        let (headers, key) = exchange.opening(of: call, present)
        return try await exchange.start(
            call,
            url: url,
            headers: headers,
            body: OpenAICompatibleProvider.body(of: call, form),
            reader: ChunkReader(provider: name, names: form.names),
            secret: key,
            dropped: form.dropped
        )
    }

    func deployment(of model: String) -> String { deployments[model] ?? model }

    func present(_ key: String) -> (name: String, value: String) {
        keyHeader == .bearer ? bearer(key) : ("api-key", key)
    }

    /// - Throws: `modelNotFound` for a name that can be no deployment's: those have no slashes either.
    func address(of operation: String, model: String) throws(ProviderFailure) -> String {
        let base = exchange.configuration.baseURL + "/openai/"
        guard let version = apiVersion else { return base + "v1/" + operation }
        let deployment = deployment(of: model)
        guard deployment.fitsPath, !deployment.contains("/") else { throw .notAModel(deployment, provider: name) }
        return "\(base)deployments/\(deployment.pathSegment)/\(operation)?api-version=\(version.pathSegment)"
    }
}
