// The resource `events`: what came in, one row for each distinct thing that was said.

import Identity
import JSON
package import Resources
import Storage

package enum EventResource {
    /// `/api/v1/alerts/api/events`; new ones come in through `AlertsService.createEvent`.
    package static let resource = Resource(
        name: "event",
        title: "Event",
        description: "What a source said. Of a stored event a person may mend title and description; the alert that "
            + "was made of it stays as it is.",
        path: "/api/v1/alerts/api/events",
        table: "alert_event",
        permissions: ResourcePermissions(view: .alertsView, manage: .alertsManage),
        fields: [
            Field("title", .text, required: true, maxLength: TextLimits.title, searchable: true),
            Field("description", .text, default: "", maxLength: TextLimits.description, searchable: true),
            Field(
                "status",
                .string,
                required: true,
                enumeration: ["firing", "resolved"],
                filterable: true,
                readOnly: true
            ),
            Field(
                "level",
                .string,
                required: true,
                enumeration: AlertLevel.names.map { .string($0) },
                filterable: true,
                readOnly: true
            ),
            Field("level_given", .string, readOnly: true),
            Field("source", .reference(AlertSourceResource.resource.target), required: true, readOnly: true),
            Field("alert_id", .integer, required: true, filterable: true, readOnly: true, description: "Its alert."),
            Field("fingerprint", .string, required: true, filterable: true, readOnly: true),
            Field("occurred_at", .timestamp, required: true, filterable: true, readOnly: true),
            Field("started_at", .timestamp, required: true, filterable: true, readOnly: true),
            Field("ended_at", .timestamp, readOnly: true),
            Field("labels", .object, required: true, readOnly: true),
            Field("annotations", .object, required: true, readOnly: true),
            Field("host", .string, required: true, minLength: 0, filterable: true, readOnly: true),
            Field("link", .text, required: true, minLength: 0, readOnly: true),
            Field("external_id", .string, required: true, minLength: 0, filterable: true, readOnly: true),
            Field("event_id", .string, required: true, minLength: 0, filterable: true, readOnly: true),
            Field("raw", .text, required: true, minLength: 0, readOnly: true, description: "As it came, cut if long."),
            Field("digest", .integer, required: true, readOnly: true, description: "Tells what was said before."),
            Field("received_at", .timestamp, required: true, filterable: true, orderable: true, readOnly: true),
        ],
        standard: [.team],
        ordering: ["-received_at"],
        operations: [.list, .get, .replace, .patch, .delete],
        computed: [
            ComputedField("source_id", schema: ["type": "string"], page: AlertResource.sourceMember("source_id"))
        ],
        filters: [
            QueryFilter("title", description: "The title contains this, in upper or lower case.") { given in
                contains("alert_event.title", given.value, given.dialect)
            },
            QueryFilter("description", description: "The description contains this, in upper or lower case.") { given in
                contains("alert_event.description", given.value, given.dialect)
            },
            QueryFilter("source_id", description: "What senders call the source; several with commas.") { given in
                let names = given.value.split(separator: ",").map { SQLValue.text(String($0)) }
                return """
                    alert_event.source IN (SELECT s.id FROM alert_source s WHERE s.source_id IN (\(list: names)))
                    """
            },
            QueryFilter("received_at_after", description: "Arrived at this time or later.") { given in
                "alert_event.received_at >= \(try AlertListFilters.moment(given))"
            },
            QueryFilter("received_at_before", description: "Arrived at this time or earlier.") { given in
                "alert_event.received_at <= \(try AlertListFilters.moment(given))"
            },
        ]
    )

    private static func contains(_ column: String, _ text: String, _ dialect: SQLDialect) -> SQLFragment {
        .placing(.text(SQLDialect.likePattern(containing: text))) { dialect.caseInsensitiveLike(column, $0) }
    }
}
