// The providers that environment variables make, and the route `default` of the first of them.

import Identity
import Providers

/// From the customary variables to a catalogue (DESIGN.md section 3). Each provider is there under its own name; the
/// route `default` leads to the first one whose model is known, with the offline model behind it.
struct EnvironmentProviders {
    let catalogue: ProviderCatalogue

    /// - Throws: `SettingsFault` naming the variable.
    init(_ source: SettingsSource, openAI: Settings.OpenAI?) throws {
        var providers: [ProviderSettings] = []
        var models: [String] = []
        func add(_ name: String, _ kind: ProviderKind, url: String? = nil, key: String?, model: String?) {
            providers.append(
                ProviderSettings(
                    name: name,
                    kind: kind,
                    baseURL: url,
                    apiKeys: key.map { [Secret($0)] } ?? [],
                    origin: .environment
                )
            )
            if let model { models.append("\(name)/\(model)") }
        }
        func value(_ variable: String) -> String? { source.text(variable.lowercased(), variable: variable) }

        if let openAI {
            add("openai", .openAICompatible, url: openAI.baseURL, key: openAI.apiKey?.reveal(), model: openAI.model)
        }
        if let key = value("ANTHROPIC_API_KEY") {
            let url = try Self.address(value("ANTHROPIC_BASE_URL"), "ANTHROPIC_BASE_URL")
            add("anthropic", .anthropic, url: url, key: key, model: value("ANTHROPIC_MODEL") ?? "claude-haiku-4-5")
        }
        if let key = value("GEMINI_API_KEY") {
            let url = try Self.address(value("GEMINI_BASE_URL"), "GEMINI_BASE_URL")
            add("gemini", .gemini, url: url, key: key, model: value("GEMINI_MODEL") ?? "gemini-2.5-flash")
        }
        if let key = value("AZURE_OPENAI_API_KEY") {
            guard let url = try Self.address(value("AZURE_OPENAI_ENDPOINT"), "AZURE_OPENAI_ENDPOINT") else {
                throw SettingsFault("AZURE_OPENAI_API_KEY needs AZURE_OPENAI_ENDPOINT beside it")
            }
            add("azure", .azureOpenAI, url: url, key: key, model: value("AZURE_OPENAI_DEPLOYMENT"))
            providers[providers.count - 1].apiVersion =
                value("AZURE_OPENAI_API_VERSION") ?? value("OPENAI_API_VERSION")
        }
        if let host = value("OLLAMA_HOST") {
            add("ollama", .openAICompatible, url: try Self.ollama(host), key: nil, model: value("OLLAMA_MODEL"))
            providers[providers.count - 1].dialect = "ollama"
        }
        let offline = TargetSettings(model: "\(ModelRouter.offlineProvider)/ops", order: 9)
        catalogue = ProviderCatalogue(
            providers: providers,
            routes: [
                RouteSettings(
                    name: ModelRouter.defaultRoute,
                    targets: models.prefix(1).map { TargetSettings(model: $0) } + [offline],
                    origin: .environment
                )
            ]
        )
    }

    private static func address(_ text: String?, _ variable: String) throws -> String? {
        guard let url = text?.withoutTrailingSlashes else { return nil }
        guard url.hasPrefix("http://") || url.hasPrefix("https://") else {
            throw SettingsFault("\(variable) must begin with http:// or https://")
        }
        return url
    }

    /// Ollama's own variable: an address, a host with or without port, or `:port`. What a server listens on is also
    /// what its clients read from it, so "all addresses" means this machine.
    private static func ollama(_ host: String) throws -> String {
        let url = host.withoutTrailingSlashes
        let scheme = ["http://", "https://"].first(where: url.hasPrefix)
        var rest = scheme.map { String(url.dropFirst($0.count)) } ?? url
        if rest.hasPrefix(":") { rest = "127.0.0.1" + rest }
        if rest.hasPrefix("0.0.0.0") { rest = "127.0.0.1" + rest.dropFirst("0.0.0.0".count) }
        guard !rest.isEmpty, rest.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw SettingsFault("OLLAMA_HOST must be a host, host:port or an address")
        }
        if scheme == nil, !rest.contains(":"), !rest.contains("/") { rest += ":11434" }
        return (scheme ?? "http://") + rest + (rest.hasSuffix("/v1") ? "" : "/v1")
    }
}
