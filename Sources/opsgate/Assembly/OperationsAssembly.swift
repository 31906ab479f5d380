// The alert module's parts and those that carry its notices, put together.

import Alerts
import Conversation
import Foundation
import HTTPTransport
import Identity
import Logging
import Notifications
import Resources
import Storage

/// Alerts, their rules, channels and the outbox.
struct OperationsAssembly {
    let catalog: ResourceCatalog
    let alerts: AlertsService
    let rules: RuleServices
    let channels: ChannelService
    let notifications: NotificationDesk
    let delivery: DeliveryService
    let ticker: AlertTicker

    init(
        database: any Database,
        audit: AuditLog,
        client: HTTPClient,
        box: SecretBox,
        settings: Settings,
        logger: Logger
    ) throws {
        let catalog = try ResourceCatalog(Self.resources)
        self.catalog = catalog
        let changes = ResourceService.auditLog(audit)
        let senders = ChannelSenders(client: client, contacts: ContactDirectory(database: database))
        let shelf = RuleShelf(logger: logger)
        let delivery = DeliveryService(
            database: database,
            channels: ChannelDirectory(box: box),
            sender: senders,
            renderer: ChannelRenderer(),
            composers: [
                "alert": AlertComposer(publicURL: settings.publicURL, shelf: shelf),
                "incident": IncidentComposer(publicURL: settings.publicURL),
            ],
            logger: logger
        )
        self.delivery = delivery
        alerts = try AlertsService(
            database: database,
            catalog: catalog,
            audit: changes,
            publicURL: settings.publicURL,
            auditSink: audit,
            shelf: shelf,
            onNotices: { delivery.wake() },
            warn: { logger.warning("\($0)") }
        )
        rules = try RuleServices(database: database, catalog: catalog, audit: changes)
        channels = try ChannelService(
            database: database,
            catalog: catalog,
            box: box,
            sender: senders,
            audit: changes
        )
        notifications = try NotificationDesk(
            database: database,
            catalog: catalog,
            audit: audit,
            wake: { delivery.wake() }
        )
        ticker = AlertTicker(alerts, holder: Self.node, logger: logger)
    }

    /// Declarations of all resources that know of each other.
    private static var resources: [Resource] {
        AlertsService.resources + RuleServices.resources + [ChannelResource.resource, NotificationResource.resource]
            + [LimitResource.resource] + Administration.resources
    }

    /// Tells this process from others, on this machine and elsewhere.
    private static var node: String {
        let host = ProcessInfo.processInfo.hostName
        return "\(host)/\(getpid())/\(UInt32.random(in: .min ... .max))"
    }
}
