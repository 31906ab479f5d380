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
                    timeouts: settings.timeouts.resolved
                ),
                client: client
            )
        case .azureOpenAI, .anthropic, .gemini:
            throw CatalogueProblem("providers.\(settings.name).kind", "\(settings.kind.rawValue) is not supported yet")
        }
    }
}
