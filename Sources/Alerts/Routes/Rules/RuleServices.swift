// The rules as resources: five services over one database.

package import Identity
package import JSON
package import Resources
package import Storage

/// What people configure, without HTTP.
package struct RuleServices: Sendable {
    /// Declarations for the program's catalogue, which must also hold the resource `channel`.
    package static let resources: [Resource] = [
        ShieldResource.resource, AssignmentResource.resource, AggregationRuleResource.resource,
        CorrelationRuleResource.resource, LevelResource.resource,
    ]

    package let shields: ResourceService
    package let assignments: ResourceService
    package let aggregationRules: ResourceService
    package let correlationRules: ResourceService
    package let levels: ResourceService

    private let database: any Database
    private let clock: WallClock

    /// - Parameter audit: takes every change in its transaction.
    package init(
        database: any Database,
        catalog: ResourceCatalog,
        audit: ChangeRecorder? = nil,
        clock: WallClock = .system
    ) throws(ResourceDeclarationError) {
        func service(_ resource: Resource) throws(ResourceDeclarationError) -> ResourceService {
            try ResourceService(resource, catalog: catalog, database: database, audit: audit, clock: clock)
        }
        shields = try service(ShieldResource.resource)
        assignments = try service(AssignmentResource.resource)
        aggregationRules = try service(AggregationRuleResource.resource)
        correlationRules = try service(CorrelationRuleResource.resource)
        levels = try service(LevelResource.resource)
        self.database = database
        self.clock = clock
    }

    /// All five, in the order of `resources`.
    package var all: [ResourceService] { [shields, assignments, aggregationRules, correlationRules, levels] }

    /// What a shield would hide (`POST /api/v1/alerts/api/shield/preview/`); see `ShieldPreview`.
    ///
    /// - Parameter team: whose alerts; the caller's current team when nil.
    /// - Throws: `ResourceError.invalid` with the place, `.forbidden`.
    package func previewShield(_ body: JSONObject, caller: Caller, team: Int64? = nil) async throws -> JSONValue {
        try shields.authorize(.get, caller)
        guard let team = team ?? caller.currentTeam else {
            throw ResourceError.invalid("team", "is needed: the caller belongs to no team")
        }
        guard caller.seesRows(ofTeam: team) else { throw ResourceError.invalid("team", "is not a team of the caller") }
        return try await ShieldPreview(body, team: team, now: clock.now()).run(database)
    }
}
