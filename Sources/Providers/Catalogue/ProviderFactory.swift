// From a provider's settings to the adapter of its kind.

package import HTTPTransport

/// Makes adapters. One line for each kind.
package enum ProviderFactory {
    package static func make(_ settings: ProviderSettings, client: HTTPClient) -> any ModelProvider {
        guard var provider = upstream(settings, client) else { return OfflineProvider(name: settings.name) }
        // Who has the configuration's files has the machine; who may store providers need not.
        provider.exchange.refusesLinkLocal = settings.origin == .store
        return provider
    }

    private static func upstream(_ settings: ProviderSettings, _ client: HTTPClient) -> (any UpstreamProvider)? {
        let configuration = UpstreamConfiguration(
            name: settings.name,
            baseURL: settings.baseURL,
            apiKey: settings.apiKeys.first,
            headers: settings.headers,
            extra: settings.extra,
            dialect: settings.dialect,
            timeouts: settings.timeouts.resolved,
            sendsTrace: settings.sendsTrace
        )
        return switch settings.kind {
        case .offline: nil
        case .openAICompatible: OpenAICompatibleProvider(configuration: configuration, client: client)
        case .azureOpenAI:
            AzureOpenAIProvider(
                configuration: configuration,
                apiVersion: settings.apiVersion,
                deployments: settings.deployments,
                keyHeader: settings.keyPresentation == .bearer ? .bearer : .apiKey,
                client: client
            )
        case .anthropic:
            AnthropicProvider(configuration: configuration, version: settings.apiVersion, client: client)
        case .gemini: GeminiProvider(configuration: configuration, client: client)
        }
    }
}
