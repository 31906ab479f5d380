// All that is configured of providers, models and routes: put together from its sources, and checked.

import Identity

/// Something in a catalogue that cannot work.
package struct CatalogueProblem: Error, Sendable, Hashable, CustomStringConvertible {
    /// The member it is about, as a path: `providers.openai.base_url`, `routes.default.targets[1].model`.
    package let place: String
    package let reason: String

    package init(_ place: String, _ reason: String) {
        self.place = place
        self.reason = reason
    }

    package var description: String { "\(place): \(reason)" }
}

/// Providers, models and routes. Values only: nothing is opened, nobody is asked.
package struct ProviderCatalogue: Sendable, Hashable {
    package var providers: [ProviderSettings]
    /// What is known of models, each by `provider/model`.
    package var models: [ModelProfile]
    package var routes: [RouteSettings]

    package init(providers: [ProviderSettings] = [], models: [ModelProfile] = [], routes: [RouteSettings] = []) {
        self.providers = providers
        self.models = models
        self.routes = routes
    }

    /// Both together. Of two providers or routes with one name the one of the higher origin stays (environment, then
    /// store, then file); of equal ones, and of two profiles of a model, the other's.
    package func merging(_ other: ProviderCatalogue) -> ProviderCatalogue {
        func merged<Value>(_ ours: [Value], _ theirs: [Value], wins: (Value, Value) -> Bool, _ name: (Value) -> String)
            -> [Value]
        {
            var all = ours
            for value in theirs {
                guard let index = all.firstIndex(where: { name($0) == name(value) }) else {
                    all.append(value)
                    continue
                }
                if wins(value, all[index]) { all[index] = value }
            }
            return all
        }
        return ProviderCatalogue(
            providers: merged(providers, other.providers, wins: { $0.origin >= $1.origin }, \.name),
            models: merged(models, other.models, wins: { _, _ in true }, \.name),
            routes: merged(routes, other.routes, wins: { $0.origin >= $1.origin }, \.name)
        )
    }

    package func provider(named name: String) -> ProviderSettings? { providers.first { $0.name == name } }

    /// What cannot work, each with its place. Empty: the catalogue can be put in force.
    package func problems() -> [CatalogueProblem] {
        twice(providers.map(\.name), "providers") + twice(models.map(\.name), "models")
            + twice(routes.map(\.name), "routes") + providers.flatMap(problems(of:)) + models.flatMap(problems(of:))
            + routes.flatMap(problems(of:))
    }

    /// The reason of a problem that only a layer by itself can show: merged, the last one wins.
    package static let twice = "is there twice"

    private func twice(_ names: [String], _ list: String) -> [CatalogueProblem] {
        var seen: Set<String> = []
        return names.filter { !seen.insert($0).inserted }.map { CatalogueProblem("\(list).\($0)", Self.twice) }
    }

    private func problems(of provider: ProviderSettings) -> [CatalogueProblem] {
        let place = "providers.\(provider.name)"
        var problems: [CatalogueProblem] = []
        if !provider.name.isProviderName {
            problems.append(.init(place, "a name has 1 to 64 letters, digits, dots, hyphens or underscores"))
        }
        if provider.kind == .offline {
            if provider.name != ModelRouter.offlineProvider {
                problems.append(.init(place, "the offline model's provider is always named offline"))
            }
            return problems
        }
        if provider.name == ModelRouter.offlineProvider {
            problems.append(.init(place, "the name offline belongs to the embedded model"))
        }
        if provider.baseURL.isEmpty {
            problems.append(.init("\(place).base_url", "is missing; \(provider.kind.rawValue) has no usual one"))
        } else if !provider.baseURL.isWebAddress {
            problems.append(.init("\(place).base_url", "must begin with http:// or https:// and name a host"))
        }
        if provider.apiKeys.contains(where: { !$0.reveal().isHeaderValue }) {
            problems.append(.init("\(place).api_keys", "a key is empty or has characters that no header can carry"))
        }
        if provider.apiKeys.isEmpty, provider.kind != .openAICompatible {
            problems.append(.init("\(place).api_keys", "is missing"))
        }
        for (name, value) in provider.headers where !name.isHeaderName || !value.isHeaderValue {
            problems.append(.init("\(place).headers", "\(name.bounded(to: 60)) cannot be sent as a header"))
        }
        return problems
    }

    private func problems(of model: ModelProfile) -> [CatalogueProblem] {
        let place = "models.\(model.name)"
        guard let parts = TargetSettings(model: model.name).parts else {
            return [.init(place, "a model is named provider/model")]
        }
        return isKnown(parts.provider) ? [] : [.init(place, "there is no provider \(parts.provider)")]
    }

    private func problems(of route: RouteSettings) -> [CatalogueProblem] {
        let place = "routes.\(route.name)"
        var problems: [CatalogueProblem] = []
        if !route.name.isRouteName {
            problems.append(
                .init(place, "a name has 1 to 128 letters, digits, dots, hyphens, underscores, colons or slashes")
            )
        }
        if route.targets.isEmpty { problems.append(.init("\(place).targets", "a route needs a target")) }
        if !(0...10).contains(route.retries) { problems.append(.init("\(place).retries", "must be from 0 to 10")) }
        for (index, target) in route.targets.enumerated() {
            let place = "\(place).targets[\(index)]"
            if let parts = target.parts {
                if !isKnown(parts.provider) {
                    problems.append(.init("\(place).model", "there is no provider \(parts.provider)"))
                }
                if !parts.model.split(separator: "/", omittingEmptySubsequences: false).allSatisfy({
                    String($0).fitsPath
                }) {
                    problems.append(.init("\(place).model", "has empty parts, dots alone or control characters"))
                }
            } else {
                problems.append(.init("\(place).model", "a target is named provider/model"))
            }
            if !(0...1000).contains(target.weight) {
                problems.append(.init("\(place).weight", "must be from 0 to 1000"))
            }
        }
        return problems
    }

    private func isKnown(_ name: String) -> Bool {
        name == ModelRouter.offlineProvider || provider(named: name) != nil
    }
}

extension String {
    fileprivate var isProviderName: Bool {
        (1...64).contains(utf8.count) && utf8.allSatisfy { $0.isNameByte }
    }

    fileprivate var isRouteName: Bool {
        (1...128).contains(utf8.count) && utf8.allSatisfy { $0.isNameByte || $0 == 0x2F || $0 == 0x3A }
            && !hasPrefix("/") && !hasSuffix("/")
    }

    fileprivate var isWebAddress: Bool {
        guard let scheme = ["http://", "https://"].first(where: hasPrefix) else { return false }
        let rest = dropFirst(scheme.count)
        return !rest.isEmpty && !rest.hasPrefix("/") && utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F }
    }

    fileprivate var isHeaderName: Bool {
        !isEmpty && utf8.allSatisfy { $0.isNameByte }
    }

    fileprivate var isHeaderValue: Bool {
        !isEmpty && utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F }
    }
}

extension UInt8 {
    /// Letters, digits, `-`, `_` and `.`.
    fileprivate var isNameByte: Bool {
        (self | 0x20 >= 0x61 && self | 0x20 <= 0x7A) || (self >= 0x30 && self <= 0x39) || self == 0x2D || self == 0x5F
            || self == 0x2E
    }
}
