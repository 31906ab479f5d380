// All that is configured of providers, models and routes: put together from its sources, and checked.

import Identity
import JSON

/// Something in a catalogue that cannot work.
package struct CatalogueProblem: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Section: String, Sendable, Hashable, CaseIterable {
        case providers, models, routes
    }

    /// The list that the entry is of.
    package let section: Section
    /// The entry's name, which may have dots and slashes.
    package let name: String
    /// The entry's member as a path, `base_url`, `targets[1].model`; empty: the entry as a whole.
    package let member: String
    package let reason: String

    package init(_ section: Section, _ name: String, in member: String = "", _ reason: String) {
        self.section = section
        self.name = name
        self.member = member
        self.reason = reason
    }

    /// The member it is about, for people: `providers.openai.base_url`, `routes.default.targets[1].model`. It cannot be
    /// taken apart again.
    package var place: String { "\(section.rawValue).\(name)" + (member.isEmpty ? "" : ".\(member)") }

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
        twice(providers.map(\.name), .providers) + twice(models.map(\.name), .models)
            + twice(routes.map(\.name), .routes) + providers.flatMap(problems(of:)) + models.flatMap(problems(of:))
            + routes.flatMap(problems(of:))
    }

    /// The reason of a problem that only a layer by itself can show: merged, the last one wins.
    package static let twice = "is there twice"

    private func twice(_ names: [String], _ section: CatalogueProblem.Section) -> [CatalogueProblem] {
        var seen: Set<String> = []
        return names.filter { !seen.insert($0).inserted }.map { CatalogueProblem(section, $0, Self.twice) }
    }

    private func problems(of provider: ProviderSettings) -> [CatalogueProblem] {
        let name = provider.name
        var problems: [CatalogueProblem] = []
        if !provider.name.isProviderName {
            problems.append(.init(.providers, name, "a name has 1 to 64 letters, digits, dots, hyphens or underscores"))
        }
        if provider.kind == .offline {
            if provider.name != ModelRouter.offlineProvider {
                problems.append(.init(.providers, name, "the offline model's provider is always named offline"))
            }
            return problems
        }
        if provider.name == ModelRouter.offlineProvider {
            problems.append(.init(.providers, name, "the name offline belongs to the embedded model"))
        }
        if provider.baseURL.isEmpty {
            problems.append(
                .init(.providers, name, in: "base_url", "is missing; \(provider.kind.rawValue) has no usual one")
            )
        } else if !provider.baseURL.isWebAddress {
            problems.append(
                .init(.providers, name, in: "base_url", "must begin with http:// or https:// and name a host")
            )
        }
        if provider.apiKeys.contains(where: { !$0.reveal().isHeaderValue }) {
            problems.append(
                .init(.providers, name, in: "api_keys", "a key is empty or has characters that no header can carry")
            )
        }
        if provider.apiKeys.isEmpty, provider.kind != .openAICompatible {
            problems.append(.init(.providers, name, in: "api_keys", "is missing"))
        }
        if !provider.extra.isEmpty, !provider.kind.takesExtra {
            problems.append(.init(.providers, name, in: "extra", Self.extraIsElsewhere))
        }
        for (header, value) in provider.headers where !header.isHeaderName || !value.isHeaderValue {
            problems.append(
                .init(.providers, name, in: "headers", "\(header.bounded(to: 60)) cannot be sent as a header")
            )
        }
        return problems
    }

    private static let extraIsElsewhere = "is for providers of the kinds openai-compatible and azure-openai"

    private func problems(of model: ModelProfile) -> [CatalogueProblem] {
        guard let parts = TargetSettings(model: model.name).parts else {
            return [.init(.models, model.name, "a model is named provider/model")]
        }
        guard isKnown(parts.provider) else {
            return [.init(.models, model.name, "there is no provider \(parts.provider)")]
        }
        if !model.extra.isEmpty, provider(named: parts.provider)?.kind.takesExtra != true {
            return [.init(.models, model.name, in: "extra", Self.extraIsElsewhere)]
        }
        return []
    }

    private func problems(of route: RouteSettings) -> [CatalogueProblem] {
        let name = route.name
        var problems: [CatalogueProblem] = []
        if !route.name.isRouteName {
            problems.append(
                .init(
                    .routes,
                    name,
                    "a name has 1 to 128 letters, digits, dots, hyphens, underscores, colons or slashes"
                )
            )
        }
        if route.targets.isEmpty { problems.append(.init(.routes, name, in: "targets", "a route needs a target")) }
        if !(0...10).contains(route.retries) {
            problems.append(.init(.routes, name, in: "retries", "must be from 0 to 10"))
        }
        for (index, target) in route.targets.enumerated() {
            let member = "targets[\(index)]"
            if let parts = target.parts {
                if !isKnown(parts.provider) {
                    problems.append(
                        .init(.routes, name, in: "\(member).model", "there is no provider \(parts.provider)")
                    )
                }
                if !parts.model.split(separator: "/", omittingEmptySubsequences: false).allSatisfy({
                    String($0).fitsPath
                }) {
                    problems.append(
                        .init(.routes, name, in: "\(member).model", "has empty parts, dots alone or control characters")
                    )
                }
            } else {
                problems.append(.init(.routes, name, in: "\(member).model", "a target is named provider/model"))
            }
            if !(0...1000).contains(target.weight) {
                problems.append(.init(.routes, name, in: "\(member).weight", "must be from 0 to 1000"))
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
