// A catalogue in force: its adapters, its router, and what is known of its models.

package import HTTPTransport

/// What a catalogue becomes. Made anew when the configuration changes; what was learnt of targets and keys lives on in
/// the `RoutingState`.
package struct ProviderBook: Sendable {
    package let catalogue: ProviderCatalogue
    package let router: ModelRouter
    /// What cannot work of it, found once for all who ask.
    package let problems: [CatalogueProblem]
    private let providers: [String: any ModelProvider]
    private let profiles: [String: ModelProfile]

    /// - Parameters:
    ///   - catalogue: one without `problems()`; what has some is left out where it can be.
    ///   - former: the book that this one follows. Adapters whose settings have not changed go on, with what they have
    ///     learnt of their upstream and of conversations.
    package init(
        _ catalogue: ProviderCatalogue,
        client: HTTPClient,
        state: RoutingState,
        former: ProviderBook? = nil
    ) {
        var providers: [String: any ModelProvider] = [:]
        for settings in catalogue.providers where settings.isActive {
            if let former, let known = former.providers[settings.name],
                former.catalogue.provider(named: settings.name) == settings
            {
                providers[settings.name] = known
                continue
            }
            providers[settings.name] = ProviderFactory.make(settings, client: client)
        }
        if providers[ModelRouter.offlineProvider] == nil {
            providers[ModelRouter.offlineProvider] =
                former?.providers[ModelRouter.offlineProvider] ?? OfflineProvider()
        }
        let profiles = Dictionary(catalogue.models.map { ($0.name, $0) }) { _, last in last }
        let rings = Dictionary(catalogue.providers.map { ($0.name, KeyRingID($0)) }) { _, last in last }
        state.adopt(
            keys: Dictionary(catalogue.providers.map { (KeyRingID($0), $0.apiKeys) }) { _, last in last }
        )
        self.catalogue = catalogue
        self.providers = providers
        self.profiles = profiles
        problems = catalogue.problems()
        router = ModelRouter(
            providers: Array(providers.values),
            routes: catalogue.routes.map { Self.route($0, catalogue) },
            profiles: profiles,
            rings: rings,
            state: state
        )
    }

    /// What is known of `provider/model`.
    package func profile(of target: String) -> ModelProfile? { profiles[target] }

    /// The target's provider, if it can embed.
    package func embedder(for target: RouteTarget) -> (any EmbeddingProvider)? {
        providers[target.provider] as? any EmbeddingProvider
    }

    private static func route(_ settings: RouteSettings, _ catalogue: ProviderCatalogue) -> ModelRoute {
        ModelRoute(
            name: settings.name,
            targets: settings.targets.compactMap { target in
                guard let parts = target.parts else { return nil }
                let own = target.timeouts.over(settings.timeouts)
                let whole = catalogue.provider(named: parts.provider).map { own.over($0.timeouts) } ?? own
                return RouteTarget(
                    provider: parts.provider,
                    model: parts.model,
                    order: target.order,
                    weight: target.weight,
                    conditions: target.conditions,
                    timeouts: own.isEmpty ? nil : whole
                )
            },
            retries: settings.retries
        )
    }
}
