// The configuration in force, put together from its layers and made anew when one of them changes.

package import HTTPTransport
import Synchronization

/// Holds a layer for each origin and the book that they give together. Whoever has a router keeps it for his call; the
/// next call gets the new one.
package final class ProviderStore: Sendable {
    private struct State {
        var layers: [ConfigurationOrigin: ProviderCatalogue]
        var book: ProviderBook
    }

    private let client: HTTPClient
    private let routing: RoutingState
    private let state: Mutex<State>

    package init(environment: ProviderCatalogue, client: HTTPClient, routing: RoutingState = RoutingState()) {
        self.client = client
        self.routing = routing
        state = Mutex(
            State(
                layers: [.environment: environment],
                book: ProviderBook(environment, client: client, state: routing)
            )
        )
    }

    /// What is in force.
    package var book: ProviderBook { state.withLock { $0.book } }

    /// What one origin says.
    package func layer(_ origin: ConfigurationOrigin) -> ProviderCatalogue {
        state.withLock { $0.layers[origin] ?? ProviderCatalogue() }
    }

    /// A router for a trial: over what is in force, but with a memory of its own, so that no open breaker and no
    /// resting key stands in the way, and nothing that comes of it is held against anybody.
    ///
    /// - Parameter activating: a provider that is tried although it is not active.
    package func trialRouter(activating name: String? = nil) -> ModelRouter {
        var catalogue = book.catalogue
        for index in catalogue.providers.indices where catalogue.providers[index].name == name {
            catalogue.providers[index].isActive = true
        }
        return ProviderBook(catalogue, client: client, state: RoutingState()).router
    }

    /// For `TurnEnvironment`.
    package var router: @Sendable () -> ModelRouter { { self.book.router } }

    /// Loads and breakers of the targets.
    package var health: [RoutingState.Health] { routing.health }

    /// How many of a provider's keys are not retired.
    package func usableKeys(of provider: String) -> Int? { book.router.usableKeys(of: provider) }

    /// What all layers would be together with another one in place of `origin`'s. For checks before a change.
    package func catalogue(
        replacing origin: ConfigurationOrigin,
        with layer: ProviderCatalogue
    ) -> ProviderCatalogue {
        state.withLock { Self.merged($0.layers.merging([origin: layer]) { $1 }) }
    }

    /// Puts a layer in force. Whether it makes sense is for the caller to find out before.
    package func replace(_ origin: ConfigurationOrigin, with layer: ProviderCatalogue) {
        state.withLock { state in
            state.layers[origin] = layer
            state.book = ProviderBook(
                Self.merged(state.layers),
                client: client,
                state: routing,
                former: state.book
            )
        }
    }

    private static func merged(_ layers: [ConfigurationOrigin: ProviderCatalogue]) -> ProviderCatalogue {
        ConfigurationOrigin.allCases.reduce(ProviderCatalogue()) { all, origin in
            layers[origin].map { all.merging($0) } ?? all
        }
    }
}
