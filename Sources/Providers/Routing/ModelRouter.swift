// From the name of a model to somebody who answers for it, and on to the next when that one is down.

import JSON

/// The providers and routes in force.
///
/// Targets are tried in order, and only until one has accepted the round: nothing that reached the client, and no tool
/// that ran, is ever repeated.
package final class ModelRouter: Sendable {
    let providers: [String: any ModelProvider]
    package let routes: [ModelRoute]
    private let profiles: [String: ModelProfile]
    /// Where each provider's keys are, as of the time that its adapter was made for.
    private let rings: [String: KeyRingID]
    let state: RoutingState

    /// The route that bots use when they name none.
    package static let defaultRoute = "default"
    /// The name of the embedded provider.
    package static let offlineProvider = "offline"

    /// - Parameters:
    ///   - profiles: what is known of models, by `provider/model`.
    ///   - rings: where each provider's keys are; without an entry by its name alone.
    ///   - state: what earlier routers have learnt.
    package init(
        providers: [any ModelProvider],
        routes: [ModelRoute],
        profiles: [String: ModelProfile] = [:],
        rings: [String: KeyRingID] = [:],
        state: RoutingState = RoutingState()
    ) {
        self.providers = Dictionary(providers.map { ($0.name, $0) }) { first, _ in first }
        self.routes = routes
        self.profiles = profiles
        self.rings = rings
        self.state = state
    }

    /// Whether a text can be a name of a model: control characters are in none, and no store and no header takes them.
    package static func isName(_ text: String) -> Bool { !text.utf8.contains { $0 < 0x20 || $0 == 0x7F } }

    /// Finds a route by name, or makes one of `provider/model`.
    package func route(named name: String) -> ModelRoute? {
        if let route = routes.first(where: { $0.name == name }) { return route }
        guard let slash = name.firstIndex(of: "/") else { return nil }
        let provider = String(name[..<slash])
        let model = String(name[name.index(after: slash)...])
        guard providers[provider] != nil, !model.isEmpty, Self.isName(model) else { return nil }
        return ModelRoute(
            name: name,
            targets: [RouteTarget(provider: provider, model: model)],
            retries: RouteSettings.usualRetries
        )
    }

    /// What is known of `provider/model`.
    package func profile(of target: String) -> ModelProfile? { profiles[target] }

    /// What some target of a route can do. Models of which nothing is known can do all; a stand-in does not count.
    package func traits(of route: ModelRoute) -> RouteTraits {
        let upstreams = route.targets.filter { $0.provider != Self.offlineProvider }
        let known = (upstreams.isEmpty ? route.targets : upstreams).map { profiles[$0.name] }
        return RouteTraits(
            takesTools: known.contains { $0?.toolMode != ToolMode.none },
            takesImages: known.contains { $0?.takesImages ?? true },
            reasons: known.contains { $0?.reasons ?? false },
            contextTokens: known.compactMap { $0?.contextTokens }.max()
        )
    }

    /// Under which name requests of a route are limited: its own where it is configured; `provider/*` for all names of a
    /// provider that only their callers know, so that nobody gets a new allowance with a new name.
    package func limitSubject(of name: String) -> String { callersOwn(name).map { $0 + "/*" } ?? name }

    /// Whether nothing but a request says that there is such a model: no route, no model and no target is configured so.
    package func isCallersOwn(_ name: String) -> Bool { callersOwn(name) != nil }

    /// The provider in a name that only its callers know.
    private func callersOwn(_ name: String) -> String? {
        guard let slash = name.firstIndex(of: "/"), profiles[name] == nil, !routes.contains(where: { $0.name == name })
        else { return nil }
        let (provider, model) = (String(name[..<slash]), String(name[name.index(after: slash)...]))
        return hasTarget(provider: provider, model: model) ? nil : provider
    }

    /// Whether some route leads to this target: such names are few, those that callers make up are not.
    package func hasTarget(provider: String, model: String) -> Bool {
        routes.contains { $0.targets.contains { $0.provider == provider && $0.model == model } }
    }

    /// Targets of which something is known: those that run rounds, and those that are left alone.
    package var health: [RoutingState.Health] { state.health }

    /// Keys that are not retired, by provider, in the order of their names.
    package var usableKeys: [(provider: String, keys: Int)] {
        providers.keys.sorted().compactMap { name in usableKeys(of: name).map { (name, $0) } }
    }

    /// How many of a provider's keys are not retired; nil for an unknown one.
    package func usableKeys(of provider: String) -> Int? { state.usableKeys(of: ring(of: provider)) }

    /// Where the keys are that a provider's adapter may use.
    func ring(of provider: String) -> KeyRingID { rings[provider] ?? KeyRingID(provider) }

    /// Starts a round on the first target that takes it.
    ///
    /// - Parameter standIn: whether the offline model may answer when every upstream is down. A caller that addresses
    ///   an upstream directly wants to hear that it is down.
    @inline(never)
    package func start(
        _ call: ModelCall,
        on route: ModelRoute,
        standIn: Bool
    ) async throws(ProviderFailure) -> RoutedRound {
        let walk = RouteWalk(self, route, CallFacts(call), standIn: standIn, deadline: call.deadline)
        let (round, target, ticket) = try await walk.runCounted { provider, target, key throws(ProviderFailure) in
            var call = call
            call.model = target.model
            if let key { call.credential = key }
            if let timeouts = target.timeouts { call.timeouts = timeouts.resolved }
            let profile = profile(of: target.name)
            call.outputLimit = profile?.maximumOutputTokens
            if let profile, !profile.extra.isEmpty { call.extra = profile.extra }
            if let profile, !profile.writesJSONSchema { call.describeSchema() }
            switch profile?.toolMode ?? .native {
            case .native: return try await provider.start(call)
            case .prompted:
                let schemas = profile?.writesJSONSchema ?? false
                return try await PromptedToolsProvider(wrapping: provider, writesJSONSchema: schemas).start(call)
            case .none:
                call.tools = []
                call.toolChoice = nil
                return try await provider.start(call)
            }
        }
        return RoutedRound(
            round: round,
            target: target,
            passedOver: walk.failures,
            attempts: walk.attempts,
            ticket: ticket
        )
    }

    /// The same as a value, for child tasks, which lose the type of an error.
    package func outcome(
        of call: ModelCall,
        on route: ModelRoute,
        standIn: Bool
    ) async -> Result<RoutedRound, ProviderFailure> {
        do {
            return .success(try await start(call, on: route, standIn: standIn))
        } catch {
            return .failure(error)
        }
    }

    /// Whether some target of a route can embed.
    package func embeds(_ route: ModelRoute) -> Bool {
        route.targets.contains { providers[$0.provider] is any EmbeddingProvider }
    }

    /// Embeds on the first target that does, by the same rules.
    package func embed(
        _ call: EmbeddingCall,
        on route: ModelRoute
    ) async throws(ProviderFailure) -> (answer: EmbeddingAnswer, target: RouteTarget, attempts: Int) {
        // Whoever has none is not asked.
        let able = route.targets.filter { providers[$0.provider] is any EmbeddingProvider }
        guard !able.isEmpty else { throw Self.noEmbeddings(route.targets.first?.provider ?? route.name) }
        let route = ModelRoute(name: route.name, targets: able, retries: route.retries)
        let facts = CallFacts(ModelCall(model: "", messages: [], stream: false, requestID: call.requestID))
        let walk = RouteWalk(self, route, facts, standIn: false, deadline: nil)
        let (answer, target, _) = try await walk.runCounted { provider, target, key throws(ProviderFailure) in
            guard let embedder = provider as? any EmbeddingProvider else { throw Self.noEmbeddings(provider.name) }
            var call = call
            call.model = target.model
            if let key { call.credential = key }
            if let timeouts = target.timeouts { call.timeouts = timeouts.resolved }
            if let profile = profile(of: target.name) { call.extra = profile.extra }
            return try await embedder.embed(call)
        }
        return (answer, target, walk.attempts)
    }

    private static func noEmbeddings(_ provider: String) -> ProviderFailure {
        ProviderFailure(.modelNotFound, "The provider \(provider) has no embeddings.", provider: provider)
    }
}

extension ProviderFailure {
    /// Whether the upstream is not there or not working, as opposed to refusing.
    package var isOutage: Bool {
        switch self.kind {
        case .overloaded, .serverError, .timeout, .connectionFailed, .connectionLost, .malformed: true
        default: false
        }
    }

    /// Whether it is an outage for the breaker.
    var breaks: Bool { isOutage && self.countsAgainstTarget }

    /// The wait after which the same target deserves another attempt; nil when it deserves none.
    var pauseBeforeRetry: Duration? {
        switch self.kind {
        case .timeout, .connectionFailed, .connectionLost, .serverError, .overloaded:
            let wait = self.retryAfter ?? .zero
            return wait <= BackOff.cap ? wait : nil
        case .rateLimited: return self.retryAfter.flatMap { $0 <= BackOff.cap ? $0 : nil }
        default: return nil
        }
    }
}
