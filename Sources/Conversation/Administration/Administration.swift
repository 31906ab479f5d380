// What is administered over HTTP: providers, models, routes and bots of the store, put in force here and on other nodes.

import Identity
import JSON
import Providers
package import Resources
import Storage
import Synchronization

/// The four resources, and the watch over what other nodes store. One for a process.
package final class Administration: Sendable {
    package let providers: ShelvedResource
    package let models: ShelvedResource
    package let routes: ShelvedResource
    package let bots: ShelvedResource

    /// Puts in force what is stored.
    private let loader: ConfigurationLoader

    /// Resources for the program's catalogue.
    package static let resources = ProviderResources.all + [BotResource.resource]

    /// - Parameters:
    ///   - loader: has loaded once.
    ///   - file: the provider file's path, for messages.
    package init(
        loader: ConfigurationLoader,
        catalog: ResourceCatalog,
        bots: BotCatalog,
        file: String,
        audit: ChangeRecorder? = nil
    ) throws(ResourceDeclarationError) {
        self.loader = loader
        let (store, database) = (loader.providers, loader.database)
        let check = ConfigurationCheck(
            providers: store,
            sealing: loader.sealing,
            bots: bots
        )
        let apply: @Sendable () async throws -> Void = { [loader] in try await loader.load() }
        func shelved(
            _ resource: Resource,
            filters: [String],
            ordered: [String] = ["name"],
            names: [String] = ["name"],
            hidden: [String] = [],
            aliases: [String: String] = [:],
            fixed: @escaping @Sendable () -> [FixedEntry]
        ) throws(ResourceDeclarationError) -> ShelvedResource {
            ShelvedResource(
                service: try ResourceService(resource, catalog: catalog, database: database, audit: audit),
                database: database,
                list: ShelvedList(
                    filters: filters + ["origin", "in_force"],
                    searched: resource.fields.filter(\.isSearchable).map(\.name),
                    ordered: ordered + ["id", "origin", "created_at", "updated_at"]
                ),
                names: names,
                fixed: fixed,
                apply: apply,
                logger: loader.logger,
                hidden: hidden,
                aliases: aliases
            )
        }
        func standing(_ section: ConfigurationCheck.Section) -> Standing {
            Standing { [loader] in loader.standing(of: $0, section) }
        }
        let entries = FixedEntries(store: store, file: file)
        providers = try shelved(
            ProviderResources.provider(
                loader.sealing,
                hooks: check.hooks(.providers),
                standing: standing(.providers)
            ),
            filters: ["name", "kind", "is_active"],
            ordered: ["name", "kind"],
            fixed: { entries.providers }
        )
        models = try shelved(
            ProviderResources.model(hooks: check.hooks(.models), standing: standing(.models)),
            filters: ["name", "tools"],
            fixed: { entries.models }
        )
        routes = try shelved(
            ProviderResources.route(
                hooks: check.hooks(.routes),
                standing: Standing { [loader] record in
                    let (isInForce, problem) = loader.standing(of: record, .routes)
                    // As a bot's model it works all the same.
                    let file = record.text("name").flatMap { bots.file(taking: [$0]) }
                    return (isInForce, problem ?? file.map { "clients who name it get the bot of the file \($0.path)" })
                }
            ),
            filters: ["name"],
            fixed: { entries.routes }
        )
        self.bots = try shelved(
            BotResource.declaration(
                hooks: BotResource.hooks(bots, store),
                standing: Standing { [loader] record in
                    let known = bots.standing(ofRow: record.id)
                    let model = record.text("model") ?? ""
                    let isLost = !loader.providers.book.catalogue.leads(model)
                    return (known?.isInForce ?? false, known?.problem ?? (isLost ? "\(model) leads nowhere" : nil))
                }
            ),
            filters: ["bot_id", "name", "model", "is_active"],
            ordered: ["bot_id", "name"],
            names: ["bot_id", "name"],
            hidden: BotResource.hidden,
            // A bot file as JSON is a body.
            aliases: ["id": "bot_id"],
            fixed: {
                bots.fileBots.map { bot, path in
                    FixedEntry("bots", bot.id, source: "the file \(path)", origin: "file", bot.members)
                }
            }
        )
        loader.follow { [weak bots] in bots?.adopt($0) }
    }

    /// Sees within a second or two what other nodes have stored; until the task is cancelled.
    package func watch() async { await loader.watch() }
}
