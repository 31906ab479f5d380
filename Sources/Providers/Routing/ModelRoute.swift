// A name and where it leads.

/// Where a route leads: a model of a provider. An object, because every round of every turn hands it on.
package final class RouteTarget: Sendable {
    package let provider: String
    package let model: String
    /// `provider/model`
    package let name: String
    /// Lower ones are tried first.
    package let order: Int
    /// The share among targets of equal order.
    package let weight: Int
    package let conditions: TargetConditions
    /// Bounds of this target's calls, complete; nil: the provider's own.
    package let timeouts: TimeoutSettings?

    package init(
        provider: String,
        model: String,
        order: Int = 0,
        weight: Int = 1,
        conditions: TargetConditions = TargetConditions(),
        timeouts: TimeoutSettings? = nil
    ) {
        self.provider = provider
        self.model = model
        name = "\(provider)/\(model)"
        self.order = order
        self.weight = weight
        self.conditions = conditions
        self.timeouts = timeouts
    }
}

extension RouteTarget: Hashable {
    package static func == (left: RouteTarget, right: RouteTarget) -> Bool {
        left === right
            || (left.provider, left.model, left.order, left.weight) == (
                right.provider, right.model, right.order, right.weight
            ) && left.conditions == right.conditions && left.timeouts == right.timeouts
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(name)
        hasher.combine(order)
    }
}

/// A name with its targets.
package struct ModelRoute: Sendable, Hashable {
    package let name: String
    /// By order.
    package let targets: [RouteTarget]
    /// How often targets of one order may be asked again.
    package let retries: Int

    package init(name: String, targets: [RouteTarget], retries: Int = 0) {
        self.name = name
        self.targets = targets.sorted { $0.order < $1.order }
        self.retries = retries
    }
}

/// A round that some target has taken.
package struct RoutedRound: Sendable {
    package let round: any ModelRound
    package let target: RouteTarget
    /// Why attempts before this one failed, and why targets were passed over without being asked.
    package let passedOver: [ProviderFailure]
    /// How many times an upstream was asked, this one included.
    package let attempts: Int
    /// The target's load; hold it as long as the round runs.
    package let ticket: RoundTicket
}

/// What can be said of a route as if it were a model.
package struct RouteTraits: Sendable, Hashable {
    package let takesTools: Bool
    package let takesImages: Bool
    package let reasons: Bool
    /// The largest target's; nil: not known.
    package let contextTokens: Int?
}
