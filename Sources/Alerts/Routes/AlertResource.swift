// The resource `alerts`: what events have come to, and the little of it that people may edit.

import Identity
import JSON
package import Resources
import Storage

package enum AlertResource {
    /// `/api/v1/alerts/api/alerts`: filters in `AlertListFilters`, and those of every list.
    package static let resource = Resource(
        name: "alert",
        title: "Alert",
        description: "One episode of one thing that a source tells of: from its first firing to its last resolve. "
            + "A title, description or level that a person sets holds until an event speaks of a later moment; "
            + "of levels the worse one holds.",
        path: "/api/v1/alerts/api/alerts",
        table: "alert",
        permissions: ResourcePermissions(view: .alertsView, manage: .alertsManage),
        fields: fields + handlingFields,
        standard: [.team, .createdAt, .updatedAt],
        ordering: ["-last_event_at"],
        hooks: ResourceHooks(
            beforeWrite: AlertEditing.refuseCreation,
            afterWrite: AlertEditing.noteMoment,
            beforeDelete: AlertEditing.release,
            afterDelete: AlertEditing.relink
        ),
        computed: [
            ComputedField("source_id", schema: ["type": "string"], page: sourceMember("source_id")),
            ComputedField("source_name", schema: ["type": "string"], page: sourceMember("name")),
            ComputedField("duration_seconds", schema: ["type": ["integer", "null"]], row: durationSeconds),
            ComputedField(
                "handling",
                schema: ["type": "string", "enum": .array(HandlingState.names.map { .string($0) })],
                row: handling
            ),
        ],
        filters: AlertListFilters.all
    )

    private static let fields: [Field] = [
        Field("title", .text, required: true, maxLength: TextLimits.title, searchable: true, orderable: true),
        Field(
            "level",
            .string,
            default: "warning",
            enumeration: AlertLevel.names.map { .string($0) },
            filterable: true,
            orderable: true,
            ordersByEnumeration: true,
            description: "Rises within an episode only, unless a person sets it."
        ),
        Field(
            "level_given",
            .string,
            readOnly: true,
            description: "The sender's word for the level, when nobody knows it and warning stands in for it."
        ),
        Field(
            "status",
            .string,
            required: true,
            enumeration: AlertStatus.names.map { .string($0) },
            filterable: true,
            orderable: true,
            readOnly: true
        ),
        Field(
            "source",
            .reference(AlertSourceResource.resource.target),
            default: 0,
            filterable: true,
            createOnly: true,
            description: "Its source; at creation 0, or nothing, for the team's source of alerts made by hand."
        ),
        Field("fingerprint", .string, required: true, filterable: true, readOnly: true),
        Field("host", .string, default: "", filterable: true, orderable: true, createOnly: true),
        Field("started_at", .timestamp, required: true, filterable: true, orderable: true, readOnly: true),
        Field("ended_at", .timestamp, filterable: true, orderable: true, readOnly: true),
        Field("last_event_at", .timestamp, required: true, filterable: true, orderable: true, readOnly: true),
        Field("event_count", .integer, required: true, filterable: true, orderable: true, readOnly: true),
        Field("description", .text, default: "", maxLength: TextLimits.description, searchable: true),
        Field("labels", .object, default: [:], createOnly: true, description: "Names with texts as values."),
        Field("annotations", .object, required: true, readOnly: true),
        Field("link", .text, required: true, minLength: 0, readOnly: true, description: "Where the sender shows it."),
        Field(
            "external_id",
            .string,
            default: "",
            filterable: true,
            createOnly: true,
            description: "Given again with the same source while the alert goes on, it is the same alert."
        ),
        Field("event_id", .string, required: true, minLength: 0, filterable: true, readOnly: true),
    ]

    /// What people and rules did to it.
    private static let handlingFields: [Field] = [
        Field(
            "kind",
            .string,
            default: "single",
            enumeration: ["single", "aggregate"],
            filterable: true,
            readOnly: true
        ),
        Field("operators", .stringList, default: [], readOnly: true, description: "To whom it was given."),
        Field("assignment", .integer, filterable: true, readOnly: true, description: "The rule that gave it."),
        Field("assigned_at", .timestamp, readOnly: true),
        Field("acknowledged_by", .string, filterable: true, readOnly: true),
        Field("acknowledged_at", .timestamp, readOnly: true),
        Field(
            "closed_by",
            .string,
            filterable: true,
            readOnly: true,
            description: "Who ended it; null when its source did."
        ),
        Field("closed_at", .timestamp, readOnly: true),
        Field("close_reason", .text, readOnly: true),
        Field(
            "last_seen_at",
            .timestamp,
            default: 0,
            readOnly: true,
            description: "When something last arrived for it, repetitions included."
        ),
        Field("shield", .integer, filterable: true, readOnly: true, description: "The shield that hides it now."),
        Field("is_held", .boolean, default: false, filterable: true, readOnly: true),
        Field("aggregate", .integer, filterable: true, readOnly: true, description: "The alert that stands for it."),
        Field("rule", .integer, filterable: true, readOnly: true, description: "Of an aggregate: its rule."),
        Field("member_count", .integer, default: 0, readOnly: true, description: "Of an aggregate: its members."),
        Field("incident", .integer, filterable: true, readOnly: true, description: "The incident it belongs to."),
        Field("is_flapping", .boolean, default: false, filterable: true, readOnly: true),
    ]

    /// A member of the alerts' sources, with one query for a page.
    static func sourceMember(
        _ column: String
    ) -> @Sendable ([ResourceRecord], any SQLConnection, Caller) throws -> [JSONValue] {
        { records, connection, _ in
            let ids = Set(records.compactMap { $0.integer("source") })
            let rows = try connection.query(
                fragment: "SELECT id, source_id, name FROM alert_source WHERE id IN (\(list: ids.map { .integer($0) }))"
            )
            var values: [Int64: JSONValue] = [:]
            for row in rows { values[try row.int("id")] = .string(try row.text(column)) }
            return records.map { $0.integer("source").flatMap { values[$0] } ?? .null }
        }
    }

    /// Null while it goes on: then it depends on when one looks.
    private static let durationSeconds: @Sendable (ResourceRecord) -> JSONValue = { record in
        guard let start = record.integer("started_at"), let end = record.integer("ended_at") else { return .null }
        return .integer((end - start) / 1000)
    }

    private static let handling: @Sendable (ResourceRecord) -> JSONValue = { record in
        guard let status = record.text("status").flatMap(AlertStatus.init(rawValue:)) else { return .null }
        let hasOperators = record.json("operators")?.array?.isEmpty == false
        return .string(HandlingState(status: status, hasOperators: hasOperators).rawValue)
    }
}
