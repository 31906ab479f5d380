// From a provider's settings to the adapter of its kind.

package import HTTPTransport

/// Makes adapters. One line for each kind.
package enum ProviderFactory {
    /// - Throws: what is wrong with the settings of a kind, or that the kind has no adapter.
    package static func make(
        _ settings: ProviderSettings,
        client: HTTPClient
    ) throws(CatalogueProblem) -> any ModelProvider {
        switch settings.kind {
        case .offline: OfflineProvider(name: settings.name)
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
