// What the environment and the provider file say, as far as it is in force.

import JSON
import Providers

struct FixedEntries: Sendable {
    let store: ProviderStore
    /// The provider file's path.
    let file: String

    var providers: [FixedEntry] {
        let book = store.book
        return book.catalogue.providers.filter { $0.origin != .store }.map { provider in
            let problem = book.problems.first { $0.section == .providers && $0.name == provider.name }?.description
            return entry("providers", provider.name, provider.origin, provider.members, problem)
        }
    }

    var models: [FixedEntry] {
        let (above, stored) = (store.layer(.file).models, store.layer(.store).models)
        let below = store.layer(.environment).models.filter { model in
            !(above + stored).contains { $0.name == model.name }
        }
        return above.map { entry("models", $0.name, .file, $0.members, nil) }
            + below.map { entry("models", $0.name, .environment, $0.members, nil) }
    }

    var routes: [FixedEntry] {
        let book = store.book
        return book.catalogue.routes.filter { $0.origin != .store }.map { route in
            let problem = book.problems.first { $0.section == .routes && $0.name == route.name }?.description
            return entry("routes", route.name, route.origin, route.members, problem)
        }
    }

    private func entry(
        _ list: String,
        _ name: String,
        _ origin: ConfigurationOrigin,
        _ members: JSONObject,
        _ problem: String?
    ) -> FixedEntry {
        var members = members
        members["problem"] = problem.map { .string($0) } ?? .null
        let source = origin == .file ? "the file \(file)" : "the environment variables of the program"
        return FixedEntry(list, name, source: source, origin: origin.rawValue, members)
    }
}
