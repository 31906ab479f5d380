// A model route as it is configured.

/// Which calls a target takes. What is nil asks for nothing.
package struct TargetConditions: Sendable, Hashable {
    /// true: only calls with tools; false: only calls without.
    package var needsTools: Bool?
    /// true: only calls with images; false: only calls without.
    package var images: Bool?
    /// Only calls of at least so many tokens, as estimated.
    package var minimumContext: Int?
    /// Only calls of at most so many tokens, as estimated.
    package var maximumContext: Int?

    package init(
        needsTools: Bool? = nil,
        images: Bool? = nil,
        minimumContext: Int? = nil,
        maximumContext: Int? = nil
    ) {
        self.needsTools = needsTools
        self.images = images
        self.minimumContext = minimumContext
        self.maximumContext = maximumContext
    }
}

/// One place where a route may lead.
package struct TargetSettings: Sendable, Hashable {
    /// `provider/model`; the model's name may have more slashes.
    package var model: String
    /// Lower ones are tried first.
    package var order: Int
    /// The share among targets of equal order; with 0 a target is asked only when the others cannot answer.
    package var weight: Int
    package var conditions: TargetConditions
    package var timeouts: TimeoutSettings

    package init(
        model: String,
        order: Int = 0,
        weight: Int = 1,
        conditions: TargetConditions = TargetConditions(),
        timeouts: TimeoutSettings = TimeoutSettings()
    ) {
        self.model = model
        self.order = order
        self.weight = weight
        self.conditions = conditions
        self.timeouts = timeouts
    }

    /// The two parts of `model`; nil when it has no two.
    package var parts: (provider: String, model: String)? {
        guard let slash = model.firstIndex(of: "/") else { return nil }
        let rest = model[model.index(after: slash)...]
        return slash == model.startIndex || rest.isEmpty ? nil : (String(model[..<slash]), String(rest))
    }
}

/// A name with its targets.
package struct RouteSettings: Sendable, Hashable {
    package var name: String
    package var targets: [TargetSettings]
    /// How often targets of one order may be asked again, after a pause, before the next order's turn.
    package var retries: Int
    package var timeouts: TimeoutSettings
    package var origin: ConfigurationOrigin

    package static let usualRetries = 1

    package init(
        name: String,
        targets: [TargetSettings],
        retries: Int = Self.usualRetries,
        timeouts: TimeoutSettings = TimeoutSettings(),
        origin: ConfigurationOrigin
    ) {
        self.name = name
        self.targets = targets
        self.retries = retries
        self.timeouts = timeouts
        self.origin = origin
    }
}
