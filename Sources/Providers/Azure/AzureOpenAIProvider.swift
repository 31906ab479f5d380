// Azure OpenAI: the OpenAI protocol at addresses of its own, with two ways to show a key.

package import HTTPTransport
package import Identity

/// A resource of Azure OpenAI.
package struct AzureOpenAIProvider: UpstreamProvider {
    package enum KeyHeader: String, Sendable, Hashable, CaseIterable {
        /// `api-key: …`
        case apiKey
        /// `Authorization: Bearer …`, for tokens of Entra ID.
        case bearer
    }

    package struct Configuration: Sendable {
        package var name: String
        /// `https://{resource}.openai.azure.com`, or with `/openai/v1` for the form without versions. A trailing slash
        /// is cut.
        package var endpoint: String
        /// The `api-version` of the form with deployments; nil for the `v1` form.
        package var apiVersion: String?
        /// The deployment for a model, where it has another name.
        package var deployments: [String: String]
        package var apiKey: Secret?
        package var keyHeader: KeyHeader
        /// Sent with every request.
        package var headers: [String: String]
        package var timeouts: TransferTimeouts
        /// Bytes of one event or one whole answer at the most.
        package var answerLimit: Int

        package init(
            name: String,
            endpoint: String,
            apiVersion: String? = nil,
            deployments: [String: String] = [:],
            apiKey: Secret?,
            keyHeader: KeyHeader = .apiKey,
            headers: [String: String] = [:],
            timeouts: TransferTimeouts = TransferTimeouts(),
            answerLimit: Int = 16 << 20
        ) {
            self.name = name
            var base = endpoint.withoutTrailingSlashes
            // The two bases of Azure's portal, and what people copy from it.
            if base.hasSuffix("/openai/v1") {
                base = String(base.dropLast(10))
                self.apiVersion = nil
            } else {
                if base.hasSuffix("/openai") { base = String(base.dropLast(7)) }
                self.apiVersion = apiVersion.flatMap { $0.isEmpty || $0 == "v1" ? nil : $0 }
            }
            self.endpoint = base
            self.deployments = deployments
            self.apiKey = apiKey
            self.keyHeader = keyHeader
            self.headers = headers
            self.timeouts = timeouts
            self.answerLimit = answerLimit
        }
    }

    package var name: String { configuration.name }
    let configuration: Configuration
    var exchange: UpstreamExchange
    private let habits = UpstreamHabits()

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
        // API versions before 2024-09 know neither `stream_options` nor `max_completion_tokens`.
        try await habits.start(call, send)
    }

    @Sendable private func send(_ call: ModelCall, _ reportsUsage: Bool) async throws(ProviderFailure) -> any ModelRound
    {
        var call = call
        let url = try address(of: "chat/completions", model: call.model)
        call.model = deployment(of: call.model)
        let key = call.credential ?? configuration.apiKey
        var headers = UpstreamExchange.headers(for: call, extra: configuration.headers)
        authorize(&headers, key)
        return try await exchange.start(
            call,
            url: url,
            headers: headers,
            body: OpenAICompatibleProvider.body(of: call, reportsUsage: reportsUsage),
            reader: ChunkReader(provider: name),
            secret: key
        )
    }

    func deployment(of model: String) -> String { configuration.deployments[model] ?? model }

    func authorize(_ headers: inout HTTPHeaders, _ key: Secret?) {
        guard let key else { return }
        switch configuration.keyHeader {
        case .apiKey: headers.set("api-key", key.reveal())
        case .bearer: headers.set("Authorization", "Bearer \(key.reveal())")
        }
    }

    /// - Throws: `modelNotFound` for a name that can be no deployment's: those have no slashes either.
    func address(of operation: String, model: String) throws(ProviderFailure) -> String {
        let base = configuration.endpoint + "/openai/"
        guard let version = configuration.apiVersion else { return base + "v1/" + operation }
        let deployment = deployment(of: model)
        guard deployment.fitsPath, !deployment.contains("/") else { throw .notAModel(deployment, provider: name) }
        return "\(base)deployments/\(deployment.pathSegment)/\(operation)?api-version=\(version.pathSegment)"
    }
}
