// The resource `correlation_rule`: which alerts are one incident.

import Identity
import JSON
package import Resources

package enum CorrelationRuleResource {
    /// `/api/v1/alerts/api/correlation_rule`.
    ///
    /// Incidents that it opened do not keep it from being deleted: they go on without it, with its number.
    package static let resource = Resource(
        name: "correlation_rule",
        title: "Correlation rule",
        description: "Makes an incident of alerts that have something in common within a time.",
        path: "/api/v1/alerts/api/correlation_rule",
        table: "alert_correlation_rule",
        permissions: ResourcePermissions(view: .alertsView, manage: .alertsManage),
        fields: [
            RuleFields.name,
            RuleFields.matchType(default: "all"),
            RuleFields.matchRules,
            Field(
                "group_by",
                .stringList,
                required: true,
                description: "Keys as in match_rules, at least one: what is equal in all of them belongs together.",
                example: ["labels.service"]
            ),
            RuleFields.duration("within", default: "30min", "How far apart alerts may begin: 1 second to 30 days."),
            Field(
                "min_alerts",
                .integer,
                default: 2,
                minimum: 2,
                maximum: 10_000,
                description: "Alerts that it takes."
            ),
            Field(
                "root",
                .string,
                default: "first",
                enumeration: IncidentRoot.allCases.map { .string($0.rawValue) },
                description: "Which alert is the root: the first, or the one with the worst level."
            ),
            RuleFields.title("The incident's title."),
            RuleFields.priority,
            RuleFields.isActive,
            RuleFields.description,
        ],
        ordering: ["priority", "id"],
        hooks: RuleHooks.hooks(read: { record throws(RuleFaults) in try CorrelationRule(record) })
    )
}
