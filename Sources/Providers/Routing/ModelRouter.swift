// From the name of a model to somebody who answers for it, and on to the next when that one is down.

/// Where a route leads: a model of a provider.
package struct RouteTarget: Sendable, Hashable {
    package let provider: String
    package let model: String
    /// Lower ones are tried first.
    package let order: Int

    package init(provider: String, model: String, order: Int = 0) {
        self.provider = provider
        self.model = model
        self.order = order
    }

    /// `provider/model`
    package var name: String { "\(provider)/\(model)" }
}

/// A name with its targets.
package struct ModelRoute: Sendable, Hashable {
    package let name: String
    package let targets: [RouteTarget]

    package init(name: String, targets: [RouteTarget]) {
        self.name = name
        self.targets = targets.sorted { $0.order < $1.order }
    }
}

/// A round that some target has taken.
package struct RoutedRound: Sendable {
    package let round: any ModelRound
    package let target: RouteTarget
    /// Why targets before this one did not take it.
    package let passedOver: [ProviderFailure]

    /// How many targets were asked, this one included.
    package var attempts: Int { passedOver.count + 1 }
}

/// The providers and routes in force.
///
/// Targets are tried in order, and only until one has accepted the round: nothing that reached the client, and no tool
/// that ran, is ever repeated.
package struct ModelRouter: Sendable {
    private let providers: [String: any ModelProvider]
    package let routes: [ModelRoute]

    /// The route that bots use when they name none.
    package static let defaultRoute = "default"

    package init(providers: [any ModelProvider], routes: [ModelRoute]) {
        self.providers = Dictionary(providers.map { ($0.name, $0) }) { first, _ in first }
        self.routes = routes
    }

    /// Finds a route by name, or makes one of `provider/model`.
    package func route(named name: String) -> ModelRoute? {
        if let route = routes.first(where: { $0.name == name }) { return route }
        guard let slash = name.firstIndex(of: "/") else { return nil }
        let provider = String(name[..<slash])
        let model = String(name[name.index(after: slash)...])
        guard providers[provider] != nil, !model.isEmpty else { return nil }
        return ModelRoute(name: name, targets: [RouteTarget(provider: provider, model: model)])
    }

    /// Starts a round on the first target that takes it.
    ///
    /// - Parameter standIn: whether the offline model may answer when every upstream is down. A caller that addresses
    ///   an upstream directly wants to hear that it is down.
    package func start(
        _ call: ModelCall,
        on route: ModelRoute,
        standIn: Bool
    ) async throws(ProviderFailure) -> RoutedRound {
        var failures: [ProviderFailure] = []
        for target in route.targets {
            guard let provider = providers[target.provider] else { continue }
            if let failure = failures.last, target.provider == Self.offlineProvider {
                // The stand-in is for upstreams that are down. A limit or a wrong key must be seen and mended.
                guard standIn, failure.isOutage else { break }
            }
            if let deadline = call.deadline, !failures.isEmpty, ContinuousClock.now >= deadline { break }
            var call = call
            call.model = target.model
            do {
                return RoutedRound(round: try await provider.start(call), target: target, passedOver: failures)
            } catch {
                guard error.isWorthAnotherTry, !Task.isCancelled else { throw error }
                failures.append(error)
            }
        }
        throw failures.last
            ?? ProviderFailure(.modelNotFound, "No target of the route \(route.name) exists.", provider: route.name)
    }

    /// The name of the embedded provider.
    package static let offlineProvider = "offline"
}

extension ProviderFailure {
    /// Whether the upstream is not there or not working, as opposed to refusing.
    package var isOutage: Bool {
        switch kind {
        case .overloaded, .serverError, .timeout, .connectionFailed, .connectionLost, .malformed: true
        default: false
        }
    }
}
