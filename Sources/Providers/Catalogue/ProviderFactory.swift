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
        switch settings.kind {
        case .offline: nil
        case .openAICompatible:
            OpenAICompatibleProvider(
                configuration: .init(
                    name: settings.name,
                    baseURL: settings.baseURL,
                    apiKey: settings.apiKeys.first,
                    headers: settings.headers,
                    timeouts: settings.timeouts.resolved
                ),
                client: client
            )
        case .azureOpenAI:
            AzureOpenAIProvider(
                configuration: .init(
                    name: settings.name,
                    endpoint: settings.baseURL,
                    apiVersion: settings.apiVersion,
                    deployments: settings.deployments,
                    apiKey: settings.apiKeys.first,
                    keyHeader: settings.keyPresentation == .bearer ? .bearer : .apiKey,
                    headers: settings.headers,
                    timeouts: settings.timeouts.resolved
                ),
                client: client
            )
        case .anthropic:
            AnthropicProvider(
                configuration: .init(
                    name: settings.name,
                    baseURL: settings.baseURL,
                    apiKey: settings.apiKeys.first,
                    version: settings.apiVersion,
                    headers: settings.headers,
                    timeouts: settings.timeouts.resolved
                ),
                client: client
            )
        case .gemini:
            GeminiProvider(
                configuration: .init(
                    name: settings.name,
                    baseURL: settings.baseURL,
                    apiKey: settings.apiKeys.first,
                    headers: settings.headers,
                    timeouts: settings.timeouts.resolved
                ),
                client: client
            )
        }
    }
}
