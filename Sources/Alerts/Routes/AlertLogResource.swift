// The resource `log`: who did what to alerts, rules and channels, before and after. Read only.

import Identity
import JSON
package import Resources
import Storage

package enum AlertLogResource {
    /// `/api/v1/alerts/api/log`, on the view `alert_log` of the audit log: what concerns this room and channels.
    package static let resource = Resource(
        name: "alert_log",
        title: "Log entry",
        description: "What somebody did to an alert, an incident, a source, a rule or a channel.",
        path: "/api/v1/alerts/api/log",
        table: "alert_log",
        permissions: ResourcePermissions(view: .auditView, manage: .auditView),
        fields: [
            Field(
                "operator",
                .string,
                filterable: true,
                readOnly: true,
                description: "The user; `system` for rules and the program itself."
            ),
            Field("action", .string, filterable: true, readOnly: true, example: "alert.acknowledge"),
            Field("target_type", .string, filterable: true, readOnly: true, example: "alert"),
            Field("target_id", .string, filterable: true, readOnly: true),
            Field("before", .object, readOnly: true, description: "What changed, as it was; null at creation."),
            Field("after", .object, readOnly: true, description: "What changed, as it is; null at deletion."),
            Field("created_at", .timestamp, filterable: true, orderable: true, readOnly: true),
        ],
        standard: [.team],
        ordering: ["-created_at"],
        operations: [.list, .get],
        computed: [ComputedField("overview", schema: ["type": "string"], row: overview)],
        filters: [
            QueryFilter("created_at_after", description: "At this time or later.") { given in
                "alert_log.created_at >= \(try AlertListFilters.moment(given))"
            },
            QueryFilter("created_at_before", description: "At this time or earlier.") { given in
                "alert_log.created_at <= \(try AlertListFilters.moment(given))"
            },
        ]
    )

    private static let overview: @Sendable (ResourceRecord) -> JSONValue = { record in
        let after = record.json("after")?.object ?? [:]
        let before = record.json("before")?.object ?? [:]
        let name = ["title", "name"].lazy.compactMap { (after[$0] ?? before[$0])?.string }.first
        return .string(
            AlertLogText.sentence(
                person: record.text("operator") ?? "",
                action: record.text("action") ?? "",
                type: record.text("target_type") ?? "",
                id: record.text("target_id") ?? "",
                name: name
            )
        )
    }
}

/// A log entry as a sentence.
enum AlertLogText {
    /// `ada acknowledged alert 17 "Disk full"`.
    static func sentence(person: String, action: String, type: String, id: String, name: String?) -> String {
        let verb = action.split(separator: ".").last.map(String.init) ?? action
        let thing = type.replacing("_", with: " ")
        let title = name.map { " \"\($0.harmless(limit: 120))\"" } ?? ""
        return "\(person) \(past(verb)) \(thing) \(id)\(title)"
    }

    private static func past(_ verb: String) -> String {
        switch verb {
        case "create": "created"
        case "update": "changed"
        case "delete": "deleted"
        case "assign": "assigned"
        case "acknowledge": "acknowledged"
        case "reassign": "reassigned"
        case "close": "closed"
        case "resolve": "resolved"
        case "reopen": "reopened"
        case "alerts": "changed the alerts of"
        default: "did \(verb.replacing("_", with: " ")) to"
        }
    }
}
