// The resource `aggregation_rule`: which alerts become one.

import Identity
import JSON
package import Resources

package enum AggregationRuleResource {
    /// `/api/v1/alerts/api/aggregation_rule`.
    ///
    /// Aggregates that it made do not keep it from being deleted: they go on without it until their members are over.
    /// `alert.rule` goes on holding its number, which no other rule will ever have and no `RuleBook` holds; by it the
    /// pipeline finds what was still held back for the rule's threshold.
    package static let resource = Resource(
        name: "aggregation_rule",
        title: "Aggregation rule",
        description: "Gathers alerts that have something in common into one, of which people are told once.",
        path: "/api/v1/alerts/api/aggregation_rule",
        table: "alert_aggregation_rule",
        permissions: ResourcePermissions(view: .alertsView, manage: .alertsManage),
        fields: [
            RuleFields.name,
            RuleFields.matchType(default: "all"),
            RuleFields.matchRules,
            Field(
                "levels",
                .stringList,
                default: .array([]),
                description: "Only alerts of these levels, by name or as 0 to 3; empty: all.",
                example: ["critical", "error"]
            ),
            Field(
                "group_by",
                .stringList,
                required: true,
                description: "Keys as in match_rules. What is equal in all of them is gathered; an empty list gathers "
                    + "everything that matches.",
                example: ["labels.cluster", "labels.alertname"]
            ),
            Field(
                "window_type",
                .string,
                default: "sliding",
                enumeration: AggregationRule.windowTypes.map { .string($0) },
                filterable: true,
                description: "fixed: windows one after the other; sliding: as long as the next comes within "
                    + "window_size; session: until nothing came for session_timeout."
            ),
            RuleFields.duration("window_size", default: "10min", "For fixed and sliding: 1 second to 7 days."),
            Field(
                "alignment",
                .string,
                default: "minute",
                enumeration: AggregationRule.alignments.map { .string($0) },
                description: "For fixed: windows begin anew with each of these (UTC)."
            ),
            RuleFields.duration("session_timeout", default: "10min", "For session: 1 second to 7 days."),
            RuleFields.duration("max_window_size", default: "1hour", "For session: its length at most, up to 7 days."),
            Field(
                "threshold",
                .integer,
                default: 1,
                minimum: 1,
                maximum: 10_000,
                description: "Members that it takes; before, nobody is told."
            ),
            RuleFields.duration(
                "close_time",
                default: "0min",
                "Silence after which the aggregate is closed; 0min: never."
            ),
            RuleFields.title("The aggregate's title."),
            RuleFields.priority,
            RuleFields.isActive,
            RuleFields.description,
        ],
        ordering: ["priority", "id"],
        hooks: RuleHooks.hooks(read: { record throws(RuleFaults) in try AggregationRule(record) })
    )
}
