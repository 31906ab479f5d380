// The resources `alerts` and `alert_gap`: what events have come to, read only.

import Identity
import JSON
package import Resources
import Storage

package enum AlertResource {
    /// `/api/v1/alerts/api/alerts`: filters `level`, `status`, `source_id`, `host`, `since`, `until`, `label.NAME`,
    /// `labels`, `active`, and those of every list.
    package static let resource = Resource(
        name: "alert",
        title: "Alert",
        description: "One episode of one thing that a source tells of: from its first firing to its last resolve.",
        path: "/api/v1/alerts/api/alerts",
        table: "alert",
        permissions: ResourcePermissions(view: .alertsView, manage: .alertsManage),
        fields: fields,
        standard: [.team, .createdAt, .updatedAt],
        ordering: ["-last_event_at"],
        operations: [.list, .get],
        computed: [
            ComputedField("source_id", schema: ["type": "string"], page: sourceMember("source_id")),
            ComputedField("source_name", schema: ["type": "string"], page: sourceMember("name")),
            ComputedField("duration_seconds", schema: ["type": "integer"], row: durationSeconds),
        ],
        filters: filters
    )

    private static let fields: [Field] = [
        Field("title", .text, required: true, minLength: 0, searchable: true, orderable: true, readOnly: true),
        Field(
            "level",
            .string,
            required: true,
            enumeration: AlertLevel.names.map { .string($0) },
            filterable: true,
            orderable: true,
            ordersByEnumeration: true,
            readOnly: true,
            description: "Rises within an episode only."
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
        Field("source", .reference(AlertSourceResource.resource.target), required: true, readOnly: true),
        Field("fingerprint", .string, required: true, filterable: true, readOnly: true),
        Field("host", .string, required: true, minLength: 0, filterable: true, orderable: true, readOnly: true),
        Field("started_at", .timestamp, required: true, filterable: true, orderable: true, readOnly: true),
        Field("ended_at", .timestamp, filterable: true, orderable: true, readOnly: true),
        Field("last_event_at", .timestamp, required: true, filterable: true, orderable: true, readOnly: true),
        Field("event_count", .integer, required: true, filterable: true, orderable: true, readOnly: true),
        Field("description", .text, required: true, minLength: 0, searchable: true, readOnly: true),
        Field("labels", .object, required: true, readOnly: true),
        Field("annotations", .object, required: true, readOnly: true),
        Field("link", .text, required: true, minLength: 0, readOnly: true, description: "Where the sender shows it."),
        Field("external_id", .string, required: true, minLength: 0, filterable: true, readOnly: true),
        Field("event_id", .string, required: true, minLength: 0, filterable: true, readOnly: true),
    ]

    private static let filters: [QueryFilter] = [
        QueryFilter("source_id", description: "What senders call the source; several with commas.") { given in
            AlertConditions.sources(given.value.split(separator: ",").map(String.init))
        },
        QueryFilter("since", description: "Was going on at or after this time.") { given in
            AlertConditions.since(try moment(given))
        },
        QueryFilter("until", description: "Had begun by this time.") { given in
            AlertConditions.until(try moment(given))
        },
        QueryFilter("active", description: "Still going on, or not.", schema: ["type": "boolean"]) { given in
            switch given.value.lowercased() {
            case "true", "1": return "alert.status IN ('firing', 'acknowledged')"
            case "false", "0": return "alert.status NOT IN ('firing', 'acknowledged')"
            default: throw ResourceError.invalid(given.name, "must be true or false")
            }
        },
        QueryFilter(prefix: "label.", description: "Has this label; empty: has it not.") { given in
            AlertConditions.label(LabelMatcher(name: given.name, value: given.value))
        },
        QueryFilter("labels", description: "A JSON object of labels, all of which the alert has.") { given in
            guard case .object(let object)? = try? JSONValue(parsing: given.value), object.count <= 20 else {
                throw ResourceError.invalid(given.name, "must be a JSON object of at most 20 labels")
            }
            var conditions: [SQLFragment] = []
            for (label, value) in object {
                guard let text = value.string, !text.utf8.contains(0), !label.utf8.contains(0) else {
                    throw ResourceError.invalid(given.name, "must have strings as values")
                }
                conditions.append(AlertConditions.label(LabelMatcher(name: label, value: text)))
            }
            return SQLFragment.joined(conditions, " AND ", empty: "1 = 1")
        },
    ]

    private static func moment(_ given: FilterArgument) throws -> Timestamp {
        if let moment = try? Timestamp(parsing: given.value) { return moment }
        do {
            // A plus sign that was not percent-encoded has become a space by then.
            return try Timestamp(parsing: given.value.replacingLastSpace(with: "+"))
        } catch {
            throw ResourceError.invalid(given.name, error.message)
        }
    }

    /// A member of the alerts' sources, with one query for a page.
    private static func sourceMember(
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
}

package enum AlertGapResource {
    /// `/api/v1/alerts/api/alert_gap`: alerts that a sender knew of and will never deliver.
    package static let resource = Resource(
        name: "alert_gap",
        title: "Delivery gap",
        description: "A sender said that it left out alerts (Alertmanager's truncatedAlerts): they will never come.",
        path: "/api/v1/alerts/api/alert_gap",
        table: "alert_gap",
        permissions: ResourcePermissions(view: .alertsView, manage: .alertsManage),
        fields: [
            Field(
                "source",
                .reference(AlertSourceResource.resource.target),
                required: true,
                filterable: true,
                readOnly: true
            ),
            Field("missing", .integer, required: true, readOnly: true, description: "How many alerts."),
            Field("alert_group", .text, required: true, minLength: 0, readOnly: true),
            Field("receiver", .text, required: true, minLength: 0, readOnly: true),
            Field("received_at", .timestamp, required: true, filterable: true, orderable: true, readOnly: true),
        ],
        standard: [.team],
        ordering: ["-received_at"],
        operations: [.list, .get]
    )
}

extension String {
    func replacingLastSpace(with character: Character) -> String {
        guard let space = lastIndex(of: " ") else { return self }
        return self[..<space] + String(character) + self[index(after: space)...]
    }
}
