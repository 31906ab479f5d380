// What this room offers to the ones above: the webhook, the resources, the tools, and the first source.

package import Identity
package import JSON
package import Resources
package import Storage
package import Tools

/// Alerts without HTTP. One for a process; methods may be called from anywhere.
package final class AlertsService: Sendable {
    /// Declarations for the program's catalogue.
    package static let resources: [Resource] = [
        AlertSourceResource.resource, AlertResource.resource, AlertGapResource.resource, EventResource.resource,
        IncidentResource.resource, AlertLogResource.resource,
    ]

    /// `alert_source`, with all verbs.
    package let sources: ResourceService
    /// `alerts`: all but creation, which is `createAlert`.
    package let alerts: ResourceService
    /// `events`: all but creation, which is `createEvent`.
    package let events: ResourceService
    /// `incident`: list, get and delete; the others are `createIncident` and `changeIncident`.
    package let incidents: ResourceService
    /// `log`, list and get.
    package let log: ResourceService
    /// `alert_gap`, list and get.
    package let gaps: ResourceService

    /// For the tools. Nothing refers to shields, so they need no catalogue but their own.
    let shields: ResourceService
    let database: any Database
    let clock: WallClock
    let directory: SourceDirectory
    let queue: IngestQueue
    let audit: ChangeRecorder?
    /// Takes what rules do to alerts.
    let auditSink: (any AuditSink)?
    let shelf: RuleShelf
    let onNotices: @Sendable () -> Void
    /// Where people reach this program, without trailing slash; empty: links are paths.
    let publicURL: String
    /// Takes lines for the log, at the level of a warning. No secrets and no content, names made harmless.
    let warn: @Sendable (String) -> Void

    /// - Parameters:
    ///   - catalog: the program's; without one, a catalogue of this room's own resources.
    ///   - audit: takes every change of a resource, in its transaction. What people do to alerts and incidents goes
    ///     into the audit log in any case.
    ///   - auditSink: takes what rules do to alerts by themselves, in its transaction.
    ///   - shelf: remembers the rules; one for all parts of a process.
    ///   - onNotices: called after a commit that put notices into the outbox, so that somebody sends them.
    package init(
        database: any Database,
        catalog: ResourceCatalog? = nil,
        audit: ChangeRecorder? = nil,
        clock: WallClock = .system,
        publicURL: String = "",
        limits: IngestLimits = IngestLimits(),
        auditSink: (any AuditSink)? = nil,
        shelf: RuleShelf = RuleShelf(),
        onNotices: @escaping @Sendable () -> Void = {},
        warn: @escaping @Sendable (String) -> Void = { _ in }
    ) throws(ResourceDeclarationError) {
        let catalog = if let catalog { catalog } else { try ResourceCatalog(Self.resources) }
        sources = try ResourceService(
            AlertSourceResource.resource,
            catalog: catalog,
            database: database,
            audit: audit,
            clock: clock
        )
        func service(_ resource: Resource) throws(ResourceDeclarationError) -> ResourceService {
            try ResourceService(resource, catalog: catalog, database: database, audit: audit, clock: clock)
        }
        alerts = try service(AlertResource.resource)
        events = try service(EventResource.resource)
        incidents = try service(IncidentResource.resource)
        log = try service(AlertLogResource.resource)
        gaps = try service(AlertGapResource.resource)
        shields = try ResourceService(
            ShieldResource.resource,
            catalog: try ResourceCatalog([ShieldResource.resource]),
            database: database,
            audit: audit,
            clock: clock
        )
        self.database = database
        self.clock = clock
        self.audit = audit
        self.auditSink = auditSink
        self.shelf = shelf
        self.onNotices = onNotices
        self.publicURL = publicURL
        self.warn = warn
        directory = SourceDirectory(database: database)
        queue = IngestQueue(database: database, limits: limits, shelf: shelf, onNotices: onNotices)
    }

    /// Bodies and events that wait for the store, for metrics.
    package var waiting: (bodies: Int, events: Int) { queue.waiting }

    /// What bots can ask about alerts and incidents; and what they can do, for those that are granted it.
    package var tools: [Tool] {
        [
            alertsListTool, alertsCountTool, alertGetTool, alertTimelineTool, incidentListTool, incidentGetTool,
            notificationLogTool, shieldPreviewTool,
            alertAcknowledgeTool, alertAssignTool, alertCloseTool, incidentCreateTool, shieldCreateTool,
        ]
    }

    /// The list of alerts as the envelope's data; with a member `gaps` when senders left alerts out in the last day.
    package func list(query: [(String, String)], caller: Caller) async throws -> JSONValue {
        let page = try await alertPage(query, caller)
        guard case .object(var data) = page.json else { return page.json }
        let since = Timestamp(milliseconds: clock.now() - 86_400_000)
        let gaps = try await database.read { try GapReader.since(since, caller, $0) }
        if !gaps.isEmpty { data["gaps"] = .array(gaps.map(\.json)) }
        return .object(data)
    }

    private func alertPage(_ query: [(String, String)], _ caller: Caller) async throws -> ResourcePage {
        try alerts.authorize(.list, caller)
        let alerts = alerts
        var request = try alerts.resource.listRequest(query, caller: caller, dialect: database.dialect)
        // PostgreSQL knows its rows and must not be told more than there is to know.
        guard database.dialect == .sqlite else {
            return try await database.read { [request] in try alerts.page(request, caller, on: $0) }
        }
        let narrowing = AlertAccess.narrowing(query)
        if narrowing == .state { request.conditions.append(AlertAccess.everyState) }
        let path = AlertAccess.list(
            narrowing,
            isOneTeam: !caller.seesAllTeams && caller.teams.count == 1,
            isOrdered: !query.contains { $0.0 == "ordering" }
        )
        return try await database.read { [request] in try alerts.page(request, caller, path: path, on: $0) }
    }

    /// One alert as the envelope's data.
    package func get(id: Int64, caller: Caller) async throws -> JSONValue {
        try await alerts.get(id: id, caller: caller)
    }

    /// The first source of a fresh store, so that there is something to point a sender at: `default`, of team 1.
    ///
    /// - Returns: its name and its secret, which nobody will see again; nil when there are sources already.
    package func ensureDefaultSource() async throws -> (sourceID: String, secret: Secret)? {
        let sources = sources
        let made = try await database.write { connection -> String? in
            let count = try connection.query("SELECT COUNT(*) AS total FROM alert_source").first?.int("total") ?? 0
            guard count == 0 else { return nil }
            let row = try sources.create(
                [
                    "name": "Default source", "source_id": "default", "source_type": "webhook",
                    "description": "Made at the first start. Takes every form of events that is known.",
                ],
                caller: .system,
                team: Team.defaultID,
                on: connection
            )
            return row["secret"]?.string
        }
        return made.map { ("default", Secret($0)) }
    }
}
