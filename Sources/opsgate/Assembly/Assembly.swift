// Puts the rooms together: the one place that knows them all.

import Accounts
import Alerts
import Conversation
import Foundation
import Gateway
import HTTPTransport
import Identity
import Logging
import Loops
import Notifications
import Providers
import Resources
import Storage
import Tools

/// The program's parts, opened and migrated.
struct Assembly: Sendable {
    let settings: Settings
    let services: GatewayServices
    /// The threads that connections live on, those of clients and those to upstreams.
    let loops: LoopGroup
    let client: HTTPClient
    let providers: ProviderStore
    let providerFile: ProviderFileWatch
    /// To be watched while the server runs.
    let prices: PriceShelf
    let logger: Logger
    private let writer: LogWriter

    /// Opens the store, brings its schema up to date, and loads keys, providers and bots.
    init(_ settings: Settings) async throws {
        self.settings = settings
        let writer = LogWriter()
        self.writer = writer
        let logger = Logger(label: "opsgate") { _ in
            LineLogHandler(level: settings.logLevel, format: settings.logFormat, writer: writer)
        }
        self.logger = logger
        let key = try SigningKey.load(folder: settings.data)
        let database = try await DatabaseURL.open(settings.databaseURL)
        try await Migrator(Self.migrations).migrate(database)

        let authenticator = Authenticator(database: database, tokenKey: key)
        let audit = AuditLog()
        loops = try LoopGroup()
        client = try HTTPClient(
            configuration: HTTPClientConfiguration(userAgent: "OpsGate/\(ProgramVersion.current)"),
            loops: loops
        )
        let box = try SecretBox.load(folder: settings.data)
        let operations = try OperationsAssembly(
            database: database,
            audit: audit,
            client: client,
            box: box,
            settings: settings,
            logger: logger
        )
        let registry = try ToolRegistry(operations.alerts.tools)
        let prices = PriceShelf(path: settings.prices, logger: logger)
        self.prices = prices
        let providers = ProviderStore(environment: settings.environmentProviders, client: client)
        self.providers = providers
        // Before the file, whose routes may lead to what is stored.
        let loader = ConfigurationLoader(
            database: database,
            box: box,
            providers: providers,
            logger: logger,
            onChange: { prices.use { providers.book.catalogue.models } }
        )
        try await loader.load()
        let providerFile = ProviderFileWatch(
            path: settings.providers.path,
            isWanted: settings.providers.isNamed,
            environment: settings.variables,
            providers: providers,
            logger: logger,
            onChange: { prices.use { providers.book.catalogue.models } }
        )
        self.providerFile = providerFile
        let bots = BotCatalog(
            folders: BotCatalog.Folders(bots: settings.bots, prompts: settings.prompts),
            registry: BotContext(
                registry: registry,
                hasModel: { providers.book.router.route(named: $0) != nil },
                prompt: BotCatalog.prompts(in: settings.prompts),
                fileRoutes: { Set(providers.layer(.file).routes.map(\.name)) }
            ),
            logger: logger
        )
        let limits = Limits(
            limiter: Limits.limiter(for: database, logger: logger),
            database: database,
            sources: LimitSources(
                bots: { bots.bots.map { ($0.id, $0.usageLimits) } },
                routes: { providerFile.limits },
                routeSubject: { providers.book.router.limitSubject(of: $0) }
            ),
            allowsUnpriced: settings.allowsUnpriced,
            logger: logger
        )
        let administration = try Administration(
            loader: loader,
            catalog: operations.catalog,
            bots: bots,
            file: settings.providers.path,
            audit: ResourceService.auditLog(audit)
        )
        let turns = TurnEnvironment(
            router: providers.router,
            recorder: UsageRecorder(database: database, logger: logger),
            held: HeldRounds(database: database),
            approvals: Approvals(
                database: database,
                registry: registry,
                bot: { bots.bot(named: $0) },
                audit: audit,
                logger: logger
            ),
            prices: { prices.book },
            limits: limits,
            logger: logger
        )
        let startedAt = WallClock.system.now() / 1000
        let telemetry = settings.telemetry.map { [client] in
            TelemetryExporter($0, client: client, startedAt: startedAt, logger: logger)
        }
        services = GatewayServices(
            database: database,
            catalog: operations.catalog,
            authenticator: authenticator,
            accounts: AccountService(database: database, authenticator: authenticator, audit: audit),
            secrets: APISecretService(database: database, authenticator: authenticator, audit: audit),
            alerts: operations.alerts,
            rules: operations.rules,
            channels: operations.channels,
            notifications: operations.notifications,
            limits: try LimitService(
                limits: limits,
                subjects: LimitResource.Subjects(
                    bot: { bots.bot(named: $0)?.id },
                    hasRoute: { providers.book.router.route(named: $0) != nil }
                ),
                database: database,
                catalog: operations.catalog,
                currency: { prices.book.currency },
                audit: ResourceService.auditLog(audit)
            ),
            background: BackgroundWork(delivery: operations.delivery, ticker: operations.ticker),
            bots: bots,
            providers: providers,
            administration: administration,
            registry: registry,
            turns: turns,
            responses: ResponseStore(database: database, isOn: settings.storesResponses),
            startedAt: startedAt,
            observation: Observation(client: client, metricsToken: settings.metricsToken, telemetry: telemetry),
            logger: logger
        )
    }

    /// Every room's steps.
    static var migrations: [Migration] {
        StorageSchema.migrations + IdentitySchema.migrations + NotificationsSchema.migrations + AlertsSchema.migrations
            + ConversationSchema.migrations + AdministrationSchema.migrations
    }

    /// Where the route `default` leads first; nil when that is the offline model.
    var defaultUpstream: (provider: ProviderSettings, model: String)? {
        let book = providers.book
        guard let target = book.router.route(named: ModelRouter.defaultRoute)?.targets.first,
            let provider = book.catalogue.provider(named: target.provider)
        else { return nil }
        return (provider, target.model)
    }

    /// Writes what waits and closes what is open.
    func close() async {
        await services.turns.recorder.drain()
        await services.authenticator.settle()
        await client.shutdown()
        await loops.shutdown()
        await services.database.close()
        writer.flush()
    }

    /// Runs `body` with the parts of a command that needs the store, and closes them.
    static func with<Value>(
        _ settings: Settings,
        _ body: (Assembly) async throws -> Value
    ) async throws -> Value {
        let assembly = try await Assembly(settings)
        do {
            let value = try await body(assembly)
            await assembly.close()
            return value
        } catch {
            await assembly.close()
            throw error
        }
    }
}
