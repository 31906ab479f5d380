// Puts what is stored in force: at start, after each change, and when another node has changed it.

package import Identity
import JSON
package import Logging
package import Providers
import Resources
package import Storage
import Synchronization

/// Reads the store's layer and hands it on. What is read in one transaction comes into force in the order of the
/// store's versions, whoever is faster.
package final class ConfigurationLoader: Sendable {
    private struct State {
        var version: Int64 = 0
        var faults: [StoredConfiguration.Place: String] = [:]
        var bots: [StoredBot] = []
        var follower: (@Sendable ([StoredBot]) -> Void)?
    }

    package let providers: ProviderStore
    let database: any Database
    let sealing: ProviderResources.Sealing
    let logger: Logger
    private let onChange: @Sendable () -> Void
    private let state = Mutex(State())

    /// - Parameter onChange: told that something else may be in force.
    package init(
        database: any Database,
        box: SecretBox,
        providers: ProviderStore,
        logger: Logger,
        onChange: @escaping @Sendable () -> Void
    ) {
        self.database = database
        sealing = ProviderResources.Sealing(box: box)
        self.providers = providers
        self.logger = logger
        self.onChange = onChange
    }

    /// Reads all and puts it in force. Rows that cannot be read are left out and logged.
    ///
    /// - Throws: only what the store itself cannot do.
    package func load() async throws {
        let sealing = sealing
        let stored = try await database.read { try StoredConfiguration.read($0, sealing) }
        let news = state.withLock { state -> [(StoredConfiguration.Place, String)] in
            guard stored.version > state.version else { return [] }
            let news = stored.faults.filter { state.faults[$0.key] != $0.value }.map { ($0.key, $0.value) }
            state.version = stored.version
            state.faults = stored.faults
            state.bots = stored.bots
            providers.replace(.store, with: stored.layer)
            onChange()
            state.follower?(stored.bots)
            return news
        }
        for (place, reason) in news {
            logger.error(
                "a stored entry cannot be read and is left out",
                metadata: ["resource": "\(place.resource)", "id": "\(place.id)", "reason": "\(reason)"]
            )
        }
    }

    /// Who takes the stored bots, now and whenever they change.
    func follow(_ follower: @escaping @Sendable ([StoredBot]) -> Void) {
        state.withLock { state in
            state.follower = follower
            follower(state.bots)
        }
    }

    /// Looks once a second for what other nodes have stored, until the task is cancelled.
    func watch() async {
        var isDown = false
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(1))
            if Task.isCancelled { return }
            do {
                let version = try await database.read { try ConfigurationVersion.read($0) }
                if version > state.withLock({ $0.version }) {
                    try await load()
                    logger.notice("configuration of the store reloaded", metadata: ["version": "\(version)"])
                }
                isDown = false
            } catch {
                if !isDown, !Task.isCancelled {
                    logger.warning("the stored configuration cannot be read", metadata: ["reason": "\(error)"])
                }
                isDown = true
            }
        }
    }

    /// How a row stands: whether it answers under its name, and what is wrong with it.
    func standing(
        of record: ResourceRecord,
        _ section: ConfigurationCheck.Section
    ) -> (isInForce: Bool, problem: String?) {
        let place = StoredConfiguration.Place(resource: section.resource, id: record.id)
        if let fault = state.withLock({ $0.faults[place] }) { return (false, fault) }
        let name = record.text("name") ?? ""
        let book = providers.book
        let isWinner: Bool
        var isActive = true
        switch section {
        case .providers:
            let winner = book.catalogue.provider(named: name)
            isWinner = winner?.origin == .store
            isActive = record.boolean("is_active") ?? true
        case .routes: isWinner = book.catalogue.routes.first { $0.name == name }?.origin == .store
        case .models:
            isWinner =
                providers.layer(.store).models.contains { $0.name == name }
                && !providers.layer(.file).models.contains { $0.name == name }
        }
        guard isWinner else { return (false, "an entry of that name in the provider file goes before it") }
        let problem = book.problems.first { $0.section == section && $0.name == name }
        return (isActive, problem?.description)
    }
}

extension ConfigurationCheck.Section {
    /// The name of the section's resource.
    var resource: String {
        switch self {
        case .providers: "model_provider"
        case .models: "model"
        case .routes: "model_route"
        }
    }
}
