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
        AlertSourceResource.resource, AlertResource.resource, AlertGapResource.resource,
    ]

    /// `alert_source`, with all verbs.
    package let sources: ResourceService
    /// `alerts`, list and get.
    package let alerts: ResourceService
    /// `alert_gap`, list and get.
    package let gaps: ResourceService

    let database: any Database
    let clock: WallClock
    let directory: SourceDirectory
    let queue: IngestQueue
    let audit: ChangeRecorder?
    /// Where people reach this program, without trailing slash; empty: links are paths.
    let publicURL: String
    /// Takes lines for the log, at the level of a warning. No secrets and no content, names made harmless.
    let warn: @Sendable (String) -> Void

    /// - Parameters:
    ///   - catalog: the program's; without one, a catalogue of this room's own resources.
    ///   - audit: takes every change of a source, in its transaction.
    package init(
        database: any Database,
        catalog: ResourceCatalog? = nil,
        audit: ChangeRecorder? = nil,
        clock: WallClock = .system,
        publicURL: String = "",
        limits: IngestLimits = IngestLimits(),
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
        alerts = try ResourceService(AlertResource.resource, catalog: catalog, database: database, clock: clock)
        gaps = try ResourceService(AlertGapResource.resource, catalog: catalog, database: database, clock: clock)
        self.database = database
        self.clock = clock
        self.audit = audit
        self.publicURL = publicURL
        self.warn = warn
        directory = SourceDirectory(database: database)
        queue = IngestQueue(database: database, limits: limits)
    }

    /// Bodies and events that wait for the store, for metrics.
    package var waiting: (bodies: Int, events: Int) { queue.waiting }

    /// `alerts_list`, `alerts_count`, `alert_get`.
    package var tools: [Tool] {
        [alertsListTool, alertsCountTool, alertGetTool]
    }

    /// The list of alerts as the envelope's data; with a member `gaps` when senders left alerts out in the last day.
    package func list(query: [(String, String)], caller: Caller) async throws -> JSONValue {
        let page = try await alerts.list(query: query, caller: caller)
        guard case .object(var data) = page.json else { return page.json }
        let since = Timestamp(milliseconds: clock.now() - 86_400_000)
        let gaps = try await database.read { try GapReader.since(since, caller, $0) }
        if !gaps.isEmpty { data["gaps"] = .array(gaps.map(\.json)) }
        return .object(data)
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
