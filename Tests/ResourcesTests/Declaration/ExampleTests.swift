// The example in the documentation of `Resource`, so that it stays true.

import Identity
import JSON
import Resources
import Storage
import Testing

@Suite struct ExampleTests {
    private static func hash(_ secret: String) -> String { String(secret.reversed()) }
    private static func newSecret() -> String { "new" }

    private static let source = Resource(
        name: "alert_source",
        title: "Alert source",
        path: "/api/v1/alerts/api/alert_source",
        table: "alert_sources",
        permissions: ResourcePermissions(view: .alertsView, manage: .alertsManage),
        fields: [
            Field(
                "name",
                .string,
                required: true,
                unique: .withinTeam,
                maxLength: 200,
                searchable: true,
                filterable: true,
                orderable: true,
                description: "What people call it.",
                example: "Prometheus"
            ),
            Field(
                "source_type",
                .string,
                required: true,
                enumeration: ["monitor", "prometheus", "webhook"],
                filterable: true
            ),
            Field("secret", .secret(.hashed({ hash($0) }, generate: { newSecret() }))),
            Field(
                "time_zone",
                .string,
                default: "UTC",
                check: { ZoneRule(name: $0.string ?? "") == nil ? "is not a known time zone" : nil }
            ),
            Field("level_map", .object, default: [:]),
            Field("is_active", .boolean, default: true, filterable: true),
            Field("last_event_at", .timestamp, orderable: true, readOnly: true),
        ],
        ordering: ["name"],
        referrers: [Referrer("events", table: "events", column: "source_id")],
        hooks: ResourceHooks(beforeWrite: { record, context in
            if context.operation == .create { record["last_event_at"] = .null }
        }),
        filters: [
            QueryFilter(prefix: "label.", description: "Sources with this label.") { argument in
                """
                EXISTS (SELECT 1 FROM source_labels WHERE source_labels.source_id = alert_sources.id
                AND source_labels.key = \(argument.name) AND source_labels.value = \(argument.value))
                """
            }
        ]
    )

    @Test(arguments: Engine.allCases)
    func theExampleRuns(_ engine: Engine) async throws {
        try await withWorld(engine) { world in
            _ = try await world.database.write { connection in
                for statement in Self.source.createTableStatements(connection.dialect) {
                    try connection.execute(statement)
                }
                try connection.execute("CREATE TABLE events (source_id BIGINT)")
                try connection.execute("CREATE TABLE source_labels (source_id BIGINT, key TEXT, value TEXT)")
            }
            let catalog = try ResourceCatalog([Self.source])
            let sources = try ResourceService(Self.source, catalog: catalog, database: world.database)
            let made = try await sources.create(["name": "p", "source_type": "prometheus"], caller: .alice)
            #expect(made["secret"] == "new")
            _ = try await world.database.write { connection in
                try connection.execute(
                    fragment: "INSERT INTO source_labels (source_id, key, value) VALUES (\(made.id), \("a"), \("b"))"
                )
            }
            let active = [("is_active", "true"), ("ordering", "-created_at"), ("label.a", "b")]
            let page = try await sources.list(query: active, caller: .alice)
            #expect(page.count == 1)
            let none = try await sources.list(query: [("label.a", "c")], caller: .alice)
            #expect(none.count == 0)
            try await sources.delete(id: made.id, caller: .alice)
        }
    }
}
