// Every permission of the product, in one place, with one sentence each.

/// The right to do one kind of thing. Every route and every tool names the one that it needs.
package struct Permission: Sendable, Hashable, ExpressibleByStringLiteral, CustomStringConvertible {
    /// `module.action`, lower case, e.g. `alerts.view`.
    package let name: String

    package init(_ name: String) {
        self.name = name
    }

    package init(stringLiteral name: String) {
        self.name = name
    }

    package var description: String { name }
}

extension Permission {
    /// See alerts, events, incidents, shields and their rules.
    package static let alertsView: Permission = "alerts.view"
    /// Acknowledge, assign and close alerts; edit sources, shields and rules.
    package static let alertsManage: Permission = "alerts.manage"
    /// Send events in with an API secret (webhook secrets need no caller).
    package static let alertsIngest: Permission = "alerts.ingest"
    /// Talk to bots and run their skills.
    package static let botUse: Permission = "bot.use"
    /// Create, change and delete bots and prompts.
    package static let botManage: Permission = "bot.manage"
    /// Address a model route or `provider/model` directly, without a bot's prompt and tools.
    package static let modelUse: Permission = "model.use"
    /// Create, list and delete one's own API secrets.
    package static let secretManage: Permission = "secret.manage"
    /// Create and change users, and see and delete the API secrets of one's team.
    package static let accountManage: Permission = "account.manage"
    /// See usage and cost.
    package static let usageView: Permission = "usage.view"
    /// Edit notification channels and send test messages.
    package static let notificationManage: Permission = "notification.manage"
    /// Read the audit log.
    package static let auditView: Permission = "audit.view"
    /// Edit model providers, models and routes.
    package static let providerManage: Permission = "provider.manage"
    /// See and edit limits of requests, tokens and money.
    package static let limitManage: Permission = "limit.manage"

    /// All of them in the order of this file, with the sentence that people are shown.
    package static let catalogue: [(permission: Permission, summary: String)] = [
        (.alertsView, "See alerts, events, incidents, shields and their rules."),
        (.alertsManage, "Acknowledge, assign and close alerts; edit sources, shields and rules."),
        (.alertsIngest, "Send events in with an API secret."),
        (.botUse, "Talk to bots and run their skills."),
        (.botManage, "Create, change and delete bots and prompts."),
        (.modelUse, "Address a model directly, without a bot."),
        (.secretManage, "Create, list and delete one's own API secrets."),
        (.accountManage, "Create and change users, and see and delete the API secrets of one's team."),
        (.usageView, "See usage and cost."),
        (.notificationManage, "Edit notification channels and send test messages."),
        (.auditView, "Read the audit log."),
        (.providerManage, "Edit model providers, models and routes."),
        (.limitManage, "See and edit limits of requests, tokens and money."),
    ]

    /// Every permission there is; a name outside of it is granted to nobody, not even to administrators.
    package static let all: Set<Permission> = Set(catalogue.map(\.permission))
}
