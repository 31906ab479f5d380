// A resource, declared once: everything else in this room is derived from this value.

package import Identity
import JSON

/// The permissions of a resource.
package struct ResourcePermissions: Sendable, Hashable {
    /// For list and get.
    package var view: Permission
    /// For create, replace, patch and delete.
    package var manage: Permission

    package init(view: Permission, manage: Permission) {
        self.view = view
        self.manage = manage
    }
}

/// What refers to rows of a resource without being a field of a declared one: a table of the owner's.
package struct Referrer: Sendable, Hashable {
    /// What a person calls it, e.g. `events`.
    package var name: String
    package var table: String
    package var column: String

    package init(_ name: String, table: String, column: String) {
        self.name = name
        self.table = table
        self.column = column
    }
}

/// A resource: name, place, fields, rights and what is special about it.
///
/// ```swift
/// enum AlertResources {
///     static let source = Resource(
///         name: "alert_source",
///         title: "Alert source",
///         path: "/api/v1/alerts/api/alert_source",
///         table: "alert_sources",
///         permissions: ResourcePermissions(view: "alerts.view", manage: "alerts.manage"),
///         fields: [
///             Field("name", .string, required: true, unique: .withinTeam, maxLength: 200, searchable: true,
///                   filterable: true, orderable: true, description: "What people call it.", example: "Prometheus"),
///             Field("source_type", .string, required: true, enumeration: ["monitor", "prometheus", "webhook"],
///                   filterable: true),
///             Field("secret", .secret(.hashed({ hash($0) }, generate: { newSecret() }))),
///             Field("time_zone", .string, default: "UTC", check: {
///                 ZoneRule(name: $0.string ?? "") == nil ? "is not a known time zone" : nil }),
///             Field("level_map", .object, default: [:]),
///             Field("is_active", .boolean, default: true, filterable: true),
///             Field("last_event_at", .timestamp, orderable: true, readOnly: true),
///         ],
///         ordering: ["name"],
///         referrers: [Referrer("events", table: "events", column: "source_id")],
///         hooks: ResourceHooks(beforeWrite: { record, context in
///             if context.operation == .create { record["last_event_at"] = .null }
///         }),
///         filters: [
///             QueryFilter(prefix: "label.", description: "Sources with this label.") { argument in
///                 """
///                 EXISTS (SELECT 1 FROM source_labels WHERE source_labels.source_id = alert_sources.id
///                 AND source_labels.key = \(argument.name) AND source_labels.value = \(argument.value))
///                 """
///             }
///         ]
///     )
/// }
/// let catalog = try ResourceCatalog([AlertResources.source])
/// let sources = try ResourceService(AlertResources.source, catalog: catalog, database: database)
/// let page = try await sources.list(query: [("is_active", "true"), ("ordering", "-created_at")], caller: caller)
/// let made = try await sources.create(["name": "p", "source_type": "prometheus"], caller: caller)
/// // In the migration: statements: { AlertResources.source.createTableStatements($0) }
/// ```
package struct Resource: Sendable {
    /// Singular, lower case with `_`: `alert_source`. Names the OpenAPI components and the referrers' list.
    package var name: String
    package var title: String
    package var description: String
    /// Without trailing slash; rows are at `path/{id}/`.
    package var path: String
    package var table: String
    package var permissions: ResourcePermissions
    /// `id`, then the declared fields, then the standard ones.
    package let fields: [Field]
    package let standard: StandardFields
    /// Sets of fields whose values occur together once only (add `team` to bind them to a team).
    package var uniqueTogether: [[String]]
    /// Further indexes, each a list of fields.
    package var indexes: [[String]]
    /// The order of a list when none is asked for: field names, `-` for descending. The id is appended.
    package var ordering: [String]
    package var operations: Set<ResourceOperation>
    /// Tables outside the catalogue whose rows keep a row of this one from being deleted.
    package var referrers: [Referrer]
    package var hooks: ResourceHooks
    /// Members of the output that no column holds.
    package var computed: [ComputedField]
    /// Query parameters that the owner understands.
    package var filters: [QueryFilter]

    private let fieldIndex: [String: Int]

    package init(
        name: String,
        title: String,
        description: String = "",
        path: String,
        table: String,
        permissions: ResourcePermissions,
        fields: [Field],
        standard: StandardFields = .all,
        uniqueTogether: [[String]] = [],
        indexes: [[String]] = [],
        ordering: [String] = ["-id"],
        operations: Set<ResourceOperation> = Set(ResourceOperation.allCases),
        referrers: [Referrer] = [],
        hooks: ResourceHooks = ResourceHooks(),
        computed: [ComputedField] = [],
        filters: [QueryFilter] = []
    ) {
        self.name = name
        self.title = title
        self.description = description
        self.path = path
        self.table = table
        self.permissions = permissions
        self.fields = [StandardFields.id] + fields + standard.fields
        self.standard = standard
        self.uniqueTogether = uniqueTogether
        self.indexes = indexes
        self.ordering = ordering
        self.operations = operations
        self.referrers = referrers
        self.hooks = hooks
        self.computed = computed
        self.filters = filters
        fieldIndex = Dictionary(
            self.fields.enumerated().map { ($0.element.name, $0.offset) },
            uniquingKeysWith: { first, _ in first }
        )
    }

    /// The field of that name.
    package func field(_ name: String) -> Field? {
        fieldIndex[name].map { fields[$0] }
    }

    /// Whether rows belong to teams.
    package var hasTeam: Bool { standard.contains(.team) }

    /// What a reference to this resource points to: `Field("source_id", .reference(AlertResources.source.target))`.
    package var target: ResourceTarget { ResourceTarget(name, table: table, hasTeam: hasTeam) }

    /// The table as an SQL identifier.
    var tableName: String { "\"\(table)\"" }

    /// The fields that answers show, in order.
    var visibleFields: [Field] { fields.filter { !$0.type.isSecret } }
}
