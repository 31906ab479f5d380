// Everything that the routes act on, assembled once by the program.

package import Accounts
package import Alerts
package import Conversation
package import Identity
package import Logging
package import Notifications
package import Providers
package import Resources
package import Storage
package import Tools

/// The rooms behind the doors.
package struct GatewayServices: Sendable {
    package let database: any Database
    /// All declared resources; what the OpenAPI document tells of them comes from here.
    package let catalog: ResourceCatalog
    package let authenticator: Authenticator
    package let accounts: AccountService
    package let secrets: APISecretService
    package let alerts: AlertsService
    package let rules: RuleServices
    package let channels: ChannelService
    package let notifications: NotificationDesk
    package let limits: LimitService
    /// What runs beside the requests as long as the server does.
    package let background: BackgroundWork
    package let bots: BotCatalog
    package let providers: ProviderStore
    package let administration: Administration
    package let registry: ToolRegistry
    package let turns: TurnEnvironment
    /// The conversations that are kept for clients.
    package let responses: ResponseStore
    /// Seconds since the epoch when the program started; `created` of the model list.
    package let startedAt: Int64
    package let observation: Observation
    package let logger: Logger

    package init(
        database: any Database,
        catalog: ResourceCatalog,
        authenticator: Authenticator,
        accounts: AccountService,
        secrets: APISecretService,
        alerts: AlertsService,
        rules: RuleServices,
        channels: ChannelService,
        notifications: NotificationDesk,
        limits: LimitService,
        background: BackgroundWork,
        bots: BotCatalog,
        providers: ProviderStore,
        administration: Administration,
        registry: ToolRegistry,
        turns: TurnEnvironment,
        responses: ResponseStore,
        startedAt: Int64,
        observation: Observation = Observation(),
        logger: Logger
    ) {
        self.database = database
        self.catalog = catalog
        self.authenticator = authenticator
        self.accounts = accounts
        self.secrets = secrets
        self.alerts = alerts
        self.rules = rules
        self.channels = channels
        self.notifications = notifications
        self.limits = limits
        self.background = background
        self.bots = bots
        self.providers = providers
        self.administration = administration
        self.registry = registry
        self.turns = turns
        self.responses = responses
        self.startedAt = startedAt
        self.observation = observation
        self.logger = logger
    }
}
