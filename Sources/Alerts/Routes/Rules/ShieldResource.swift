// The resource `shield`: what is hidden from people, and when.

import Identity
import JSON
package import Resources

package enum ShieldResource {
    /// `/api/v1/alerts/api/shield`.
    ///
    /// Nothing that a shield has hidden keeps it from being deleted: `alert.shield` goes on holding its number, which
    /// no other shield will ever have. A number that is in no `RuleBook` is a shield that has ended, whether by time,
    /// deletion or a change, and by it the pipeline finds the alerts that are to be assigned and told now.
    package static let resource = Resource(
        name: "shield",
        title: "Shield",
        description: "Hides alerts that match, while it lasts: they are stored, and nobody is told.",
        path: "/api/v1/alerts/api/shield",
        table: "alert_shield",
        permissions: ResourcePermissions(view: .alertsView, manage: .alertsManage),
        fields: [
            RuleFields.name,
            RuleFields.matchType(default: "filter"),
            RuleFields.matchRules,
            Field(
                "suppression_time",
                .object,
                required: true,
                maxLength: 4_000,
                description: "When it hides. " + RuleFields.scheduleDescription,
                example: [
                    "type": "week", "start_time": "22:00", "end_time": "06:00", "week_month": [6, 7],
                    "time_zone": "Asia/Shanghai",
                ]
            ),
            RuleFields.isActive,
            RuleFields.description,
        ],
        ordering: ["name"],
        hooks: RuleHooks.hooks(
            read: { record throws(RuleFaults) in try ShieldRule(record) },
            check: { rule, _, context in
                guard context.operation == .create, rule.schedule.isOver(at: context.now.milliseconds) else { return }
                throw ResourceError.invalid("suppression_time.end_time", "is in the past: it would never hide anything")
            }
        )
    )
}
