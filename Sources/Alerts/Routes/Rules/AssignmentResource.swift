// The resource `assignment`: who gets which alerts, and how they are told.

import Identity
import JSON
package import Resources

package enum AssignmentResource {
    /// `/api/v1/alerts/api/assignment`.
    ///
    /// Alerts that it gave to somebody do not keep it from being deleted: they stay with their people, and
    /// `alert.assignment` goes on holding a number that no other will ever have.
    package static let resource = Resource(
        name: "assignment",
        title: "Assignment",
        description: "Gives alerts to people, and says by which channels they hear of them and how often again.",
        path: "/api/v1/alerts/api/assignment",
        table: "alert_assignment",
        permissions: ResourcePermissions(view: .alertsView, manage: .alertsManage),
        fields: [
            RuleFields.name,
            RuleFields.matchType(default: nil),
            RuleFields.matchRules,
            Field(
                "personnel",
                .stringList,
                default: .array([]),
                description: "Usernames of the team, or mail addresses.",
                example: ["alice", "ops@example.com"]
            ),
            Field("notify_channels", .referenceList(RuleFields.channel), default: .array([]), filterable: true),
            Field(
                "notification_scenario",
                .stringList,
                default: ["assignment", "recovered"],
                enumeration: AssignmentRule.scenarios.map { .string($0) },
                description: "What is told: that it was assigned, that it is over, that its level rose."
            ),
            Field(
                "notification_frequency",
                .object,
                default: [:],
                maxLength: 4_000,
                description: "Reminders by level, while nobody has taken it.",
                example: ["critical": ["interval_minutes": 10, "max_count": 6]]
            ),
            Field(
                "escalation",
                .array,
                default: .array([]),
                maxLength: 40_000,
                description: "Who is told in addition when nobody has taken it: after_minutes, personnel, "
                    + "notify_channels, in the order of time.",
                example: [["after_minutes": 30, "personnel": ["bob"], "notify_channels": [1]]]
            ),
            Field(
                "escalation_channels",
                .referenceList(RuleFields.channel),
                default: .array([]),
                readOnly: true,
                description: "The channels that escalation names."
            ),
            Field(
                "config",
                .object,
                default: [:],
                maxLength: 4_000,
                description: "When it gives alerts; empty: always. " + RuleFields.scheduleDescription
            ),
            RuleFields.priority,
            RuleFields.isActive,
            RuleFields.description,
        ],
        ordering: ["priority", "id"],
        hooks: RuleHooks.hooks(
            read: { record throws(RuleFaults) in try AssignmentRule(record) },
            check: { rule, record, context in
                let channels = Set(rule.escalation.flatMap(\.channels)).sorted()
                record.set("escalation_channels", json: .array(channels.map { .integer($0) }))
                try AssignmentChecks(context: context, record: record).run(rule)
            }
        )
    )
}
