// Fields that the rules have in common.

import JSON
import Resources

/// What shields, assignments, aggregation and correlation rules share.
enum RuleFields {
    /// The channels of the room Notifications, by name and table, which is all that a reference needs.
    static let channel = ResourceTarget("channel", table: "notification_channel")

    static let name = Field(
        "name",
        .string,
        required: true,
        unique: .withinTeam,
        maxLength: 200,
        searchable: true,
        filterable: true,
        orderable: true,
        description: "What people call it."
    )

    static let isActive = Field("is_active", .boolean, default: true, filterable: true, orderable: true)

    static let description = Field("description", .text, default: "", maxLength: 10_000, searchable: true)

    static let priority = Field(
        "priority",
        .integer,
        default: 100,
        minimum: 0,
        maximum: 1_000_000,
        orderable: true,
        description: "The rule with the smaller number is asked first; of equal ones the older."
    )

    /// - Parameter value: the default; nil where it must be given.
    static func matchType(default value: String?) -> Field {
        Field(
            "match_type",
            .string,
            required: value == nil,
            default: value.map { .string($0) },
            enumeration: MatchRules.types.map { .string($0) },
            filterable: true,
            description: "`all`, or those that `match_rules` describe."
        )
    }

    static let matchRules = Field(
        "match_rules",
        .array,
        default: .array([]),
        description: """
            Groups of which one must hold, each a list of conditions that must all hold: key, operator \
            (\(MatchOperator.names.joined(separator: ", "))), value. Keys: \(MatchKey.names.joined(separator: ", ")), \
            labels.NAME. A missing label is the empty text, so ne and not_contains hold for whatever lacks the label. \
            re is RE2, found anywhere in the first \(RulePattern.searched) bytes.
            """,
        example: [[["key": "labels.env", "operator": "eq", "value": "test"]]]
    )

    static let scheduleDescription = """
        {"type","start_time","end_time","week_month","time_zone"}: `one` from one full time up to another; `day`, \
        `week`, `month` from HH:MM to HH:MM, over midnight too, on the days in week_month (Monday is 1, Sunday 7 or 0; \
        or days of the month).
        """

    /// A duration such as `10min`.
    static func duration(_ name: String, default value: String, _ description: String) -> Field {
        Field(
            name,
            .string,
            default: .string(value),
            maxLength: 30,
            description: "\(description) 30s, 10min, 2hour, 1day; a bare number counts minutes."
        )
    }

    static func title(_ description: String) -> Field {
        Field(
            "title",
            .string,
            default: "",
            maxLength: RuleTitle.maximumLength,
            description: "\(description) ${NAME} is the value of a name in group_by, ${count} the number of members; "
                + "empty: the rule's name and the values.",
            example: "Disk trouble in ${labels.cluster}"
        )
    }
}
