// The resource `incident`: alerts of one cause, gathered by a rule or a person.

import Identity
import JSON
package import Resources
import Storage

package enum IncidentResource {
    /// `/api/v1/alerts/api/incident`; made and changed through `AlertsService.createIncident` and `changeIncident`,
    /// which know its alerts.
    package static let resource = Resource(
        name: "incident",
        title: "Incident",
        description: "Alerts that have one cause. Its number stands with each of its alerts.",
        path: "/api/v1/alerts/api/incident",
        table: "alert_incident",
        permissions: ResourcePermissions(view: .alertsView, manage: .alertsManage),
        fields: [
            Field(
                "title",
                .string,
                required: true,
                maxLength: TextLimits.title,
                searchable: true,
                orderable: true,
                example: "Database down"
            ),
            Field("description", .text, default: "", maxLength: TextLimits.description, searchable: true),
            Field(
                "level",
                .string,
                default: "warning",
                enumeration: AlertLevel.names.map { .string($0) },
                filterable: true,
                orderable: true,
                ordersByEnumeration: true,
                description: "The worst of its alerts when it is not given."
            ),
            Field(
                "status",
                .string,
                default: "pending",
                enumeration: IncidentStatus.names.map { .string($0) },
                filterable: true,
                orderable: true,
                readOnly: true
            ),
            Field("operators", .stringList, default: [], readOnly: true, description: "To whom it was given."),
            Field("root_alert", .integer, filterable: true, description: "The alert that began it, one of its own."),
            Field("rule", .integer, filterable: true, readOnly: true, description: "The rule that made it."),
            Field("group_key", .string, readOnly: true),
            Field("started_at", .timestamp, default: 0, filterable: true, orderable: true, readOnly: true),
            Field("ended_at", .timestamp, filterable: true, orderable: true, readOnly: true),
            Field("last_alert_at", .timestamp, default: 0, orderable: true, readOnly: true),
            Field("acknowledged_by", .string, filterable: true, readOnly: true),
            Field("acknowledged_at", .timestamp, readOnly: true),
            Field("closed_by", .string, filterable: true, readOnly: true),
            Field("closed_at", .timestamp, readOnly: true),
            Field("close_reason", .text, readOnly: true),
        ],
        ordering: ["-started_at"],
        operations: [.list, .get, .delete],
        hooks: ResourceHooks(beforeDelete: { record, context in
            // Its alerts are alerts as before.
            try IncidentRows.release(record.id, now: context.now.milliseconds, context.connection)
        }),
        computed: [
            ComputedField("alert_count", schema: ["type": "integer"], page: memberCount { $0.alerts }),
            ComputedField("open_count", schema: ["type": "integer"], page: memberCount { $0.open }),
            ComputedField("alerts", schema: ["type": "array", "items": ["type": "integer"]], page: memberNumbers),
        ],
        filters: [
            QueryFilter("operator", description: "Given to this user.") { given in
                "alert_incident.operators <> '[]' AND \(element("alert_incident.operators", given))"
            },
            QueryFilter("created_at_after", description: "Made at this time or later.") { given in
                "alert_incident.created_at >= \(try AlertListFilters.moment(given))"
            },
            QueryFilter("created_at_before", description: "Made at this time or earlier.") { given in
                "alert_incident.created_at <= \(try AlertListFilters.moment(given))"
            },
            QueryFilter("alert_id", description: "Holds this alert.", schema: ["type": "integer"]) { given in
                "alert_incident.id = (SELECT a.incident FROM alert a WHERE a.id = \(try AlertListFilters.number(given)))"
            },
        ]
    )

    private static func element(_ column: String, _ given: FilterArgument) -> SQLFragment {
        switch given.dialect {
        case .sqlite:
            "EXISTS (SELECT 1 FROM json_each(\(raw: column)) o WHERE o.value = \(given.value))"
        case .postgresql:
            """
            EXISTS (SELECT 1 FROM json_array_elements_text(CAST(\(raw: column) AS JSON)) AS o (name) \
            WHERE o.name = \(given.value))
            """
        }
    }

    private static func memberCount(
        _ number: @escaping @Sendable ((alerts: Int64, open: Int64)) -> Int64
    ) -> @Sendable ([ResourceRecord], any SQLConnection, Caller) throws -> [JSONValue] {
        { records, connection, _ in
            let counts = try IncidentRows.memberCounts(records.map(\.id), connection)
            return records.map { .integer(counts[$0.id].map(number) ?? 0) }
        }
    }

    /// The numbers of the alerts, oldest first, 200 for each at the most.
    private static let memberNumbers: @Sendable ([ResourceRecord], any SQLConnection, Caller) throws -> [JSONValue] = {
        records,
        connection,
        _ in
        let ids = records.map { SQLValue.integer($0.id) }
        let rows = try connection.query(
            fragment: """
                SELECT id, incident FROM (
                    SELECT a.id AS id, a.incident AS incident,
                        ROW_NUMBER() OVER (PARTITION BY a.incident ORDER BY a.started_at, a.id) AS place
                    FROM alert a WHERE a.incident IN (\(list: ids))) AS numbered
                WHERE place <= 200 ORDER BY incident, place
                """
        )
        var members: [Int64: [JSONValue]] = [:]
        for row in rows { members[try row.int("incident"), default: []].append(.integer(try row.int("id"))) }
        return records.map { .array(members[$0.id] ?? []) }
    }
}
