// A store with administration on it, and as many nodes as a test wants.

import Foundation
import HTTPTransport
import Identity
import JSON
import Logging
import Providers
import Resources
import Storage
import Support
import Tools

@testable import Conversation

/// One process's view of a shared store.
struct AdministrationNode: Sendable {
    let providers: ProviderStore
    let loader: ConfigurationLoader
    let administration: Administration
    let bots: BotCatalog
    let prices: PriceShelf

    func has(_ model: String) -> Bool { providers.book.router.route(named: model) != nil }
}

struct AdministrationWorld: Sendable {
    let database: any Database
    let client: HTTPClient
    let folder: TemporaryFolder
    let box: SecretBox
    let registry: ToolRegistry

    static func run(
        _ engine: Engine,
        _ body: (AdministrationWorld) async throws -> Void
    ) async throws {
        let folder = try TemporaryFolder("administration")
        let url =
            switch engine {
            case .sqlite: "sqlite:///\(folder.file("store.db"))"
            case .postgresql: try await PostgreSQLServer.shared().makeDatabase() + "?connections=4"
            }
        let database = try await DatabaseURL.open(url)
        let client = try HTTPClient()
        try folder.write("You are {{bot}}.", to: "prompts/ops.md")
        try folder.write("id: file-1\nname: file-bot\nprompt: ops\ntools: [look]\n", to: "bots/f.yaml")
        do {
            try await Migrator(
                IdentitySchema.migrations + ConversationSchema.migrations + AdministrationSchema.migrations
            ).migrate(database)
            let change = Tool(
                name: "change",
                summary: "Changes.",
                parameters: ["type": "object"],
                effect: .write,
                permission: .alertsManage
            ) { _, _ in ToolResult(data: "done") }
            try await body(
                AdministrationWorld(
                    database: database,
                    client: client,
                    folder: folder,
                    box: .random(),
                    registry: try ToolRegistry([tool("look"), change])
                )
            )
        } catch {
            await client.shutdown()
            await database.close()
            throw error
        }
        await client.shutdown()
        await database.close()
    }

    /// - Parameter box: another node's key, should it differ.
    func node(
        environment: ProviderCatalogue = .offlineDefault,
        file: ProviderCatalogue? = nil,
        box other: SecretBox? = nil
    ) async throws -> AdministrationNode {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let providers = ProviderStore(environment: environment, client: client)
        let prices = PriceShelf(path: folder.file("no-prices.yaml"), logger: logger)
        let loader = ConfigurationLoader(
            database: database,
            box: other ?? box,
            providers: providers,
            logger: logger,
            onChange: { prices.use { providers.book.catalogue.models } }
        )
        try await loader.load()
        if let file { providers.replace(.file, with: file) }
        let bots = BotCatalog(
            folders: .init(bots: folder.file("bots"), prompts: folder.file("prompts")),
            registry: BotContext(
                registry: registry,
                hasModel: { providers.book.router.route(named: $0) != nil },
                prompt: BotCatalog.prompts(in: folder.file("prompts")),
                fileRoutes: { Set(providers.layer(.file).routes.map(\.name)) }
            ),
            logger: logger
        )
        let administration = try Administration(
            loader: loader,
            catalog: ResourceCatalog(Administration.resources),
            bots: bots,
            file: "/etc/providers.yaml",
            audit: ResourceService.auditLog(AuditLog())
        )
        return AdministrationNode(
            providers: providers,
            loader: loader,
            administration: administration,
            bots: bots,
            prices: prices
        )
    }

    /// All that a table holds, as text.
    func text(_ table: String) async throws -> String {
        try await database.read { try $0.query("SELECT * FROM \(table)") }.map { "\($0.values)" }.joined()
    }
}

extension ProviderCatalogue {
    static let offlineDefault = ProviderCatalogue(
        routes: [
            RouteSettings(name: "default", targets: [TargetSettings(model: "offline/ops")], origin: .environment)
        ]
    )
}

extension ShelvedResource {
    @discardableResult
    func make(_ body: JSONObject, by caller: Caller = Stage.caller) async throws -> JSONValue {
        try await create(body, caller: caller, requestID: "r")
    }

    func patch(_ id: JSONValue?, _ body: JSONObject, by caller: Caller = Stage.caller) async throws -> JSONValue {
        try await change(id?.address ?? "", body, as: .patch, caller: caller, requestID: "r")
    }

    func put(_ id: JSONValue?, _ body: JSONObject) async throws -> JSONValue {
        try await change(id?.address ?? "", body, as: .replace, caller: Stage.caller, requestID: "r")
    }

    func delete(_ id: JSONValue?) async throws {
        try await delete(id?.address ?? "", caller: Stage.caller, requestID: "r")
    }

    func get(_ id: JSONValue?) async throws -> JSONValue { try await get(id?.address ?? "", caller: Stage.caller) }

    func all(_ query: [(String, String)] = [], by caller: Caller = Stage.caller) async throws -> [JSONObject] {
        try await list(query: query, caller: caller).results
    }
}

extension JSONValue {
    /// As it stands in a path.
    var address: String { string ?? text }
}

/// What a body is refused with, as `status field: message`.
func refusal(_ body: () async throws -> Void) async -> String {
    do {
        try await body()
        return "taken"
    } catch let error as ResourceError {
        let errors = error.errors.map { "\($0.field): \($0.message)" }.joined(separator: "; ")
        return "\(error.status) \(errors.isEmpty ? error.message : errors)"
    } catch {
        return "unexpected: \(error)"
    }
}
