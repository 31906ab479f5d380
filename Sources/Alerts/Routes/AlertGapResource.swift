// The resource `alert_gap`: what senders left out, read only.

import Identity
package import Resources

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
