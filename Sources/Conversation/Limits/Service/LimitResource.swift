// The resource `limit`: limits that administrators set while the program runs.

import Identity
import JSON
package import Resources
import Storage

package enum LimitResource {
    /// What a subject that is no row of the store may be.
    package struct Subjects: Sendable {
        /// The id of the bot of that id or name.
        package var bot: @Sendable (String) -> String?
        package var hasRoute: @Sendable (String) -> Bool

        package init(bot: @escaping @Sendable (String) -> String?, hasRoute: @escaping @Sendable (String) -> Bool) {
            self.bot = bot
            self.hasRoute = hasRoute
        }
    }

    /// For the catalogue; it knows no bots and routes, so it is not written through.
    package static let resource = resource(Subjects(bot: { $0 }, hasRoute: { _ in true }))

    /// `/api/v1/opspilot/limit_mgmt/limit`
    package static func resource(_ subjects: Subjects) -> Resource {
        Resource(
            name: "limit",
            title: "Limit",
            description:
                "Requests and tokens a minute, requests at once, money a day and a month (UTC) of an API secret, "
                + "a user, a bot or a model route. `*` is every subject of the kind that has no number of its own. Where a "
                + "bot's file or the provider file has limits as well, the smaller of each number holds. What is null is "
                + "not limited. Changes are in force at once, on other nodes after a few seconds.",
            path: "/api/v1/opspilot/limit_mgmt/limit",
            table: "limit_rule",
            permissions: ResourcePermissions(view: .limitManage, manage: .limitManage),
            fields: fields,
            standard: [.createdAt, .updatedAt, .createdBy],
            uniqueTogether: [["scope", "subject"]],
            ordering: ["scope", "subject"],
            hooks: ResourceHooks(beforeWrite: { record, context in
                try settle(&record, subjects, context.connection)
            })
        )
    }

    private static var fields: [Field] {
        func count(_ name: String, _ description: String) -> Field {
            Field(
                name,
                .integer,
                minimum: 1,
                maximum: Double(LimitSet.largest),
                description: description
            )
        }
        func money(_ name: String, _ description: String) -> Field {
            Field(name, .number, minimum: 0, maximum: LimitSet.largestBudget, description: description)
        }
        return [
            Field(
                "scope",
                .string,
                required: true,
                enumeration: LimitScope.Kind.allCases.map { .string($0.rawValue) },
                filterable: true,
                orderable: true,
                description: "What kind of subject it is."
            ),
            Field(
                "subject",
                .string,
                required: true,
                maxLength: 200,
                searchable: true,
                filterable: true,
                orderable: true,
                description:
                    "The id of an API secret; the name or id of a user (kept as the id); the id or name of a bot "
                    + "(kept as the id); the name of a model route or `provider/model`, or `provider/*` for all names of that provider "
                    + "together that are not configured. `*`: each one for itself.",
                example: "*"
            ),
            count("requests_per_minute", "Requests in any 60 seconds."),
            count("tokens_per_minute", "Tokens in any 60 seconds, prompts and answers together."),
            count("concurrent", "Requests that run at once."),
            money(
                "budget_day",
                "Money for a day in UTC, in the currency of the prices; 0: nothing. Models without a price are refused under it."
            ),
            money("budget_month", "The same for a calendar month in UTC."),
            Field("is_active", .boolean, default: true, filterable: true),
            Field("description", .text, default: "", maxLength: 10_000, searchable: true),
        ]
    }

    /// Puts the subject's id in the place of its name.
    private static func settle(
        _ record: inout ResourceRecord,
        _ subjects: Subjects,
        _ connection: any SQLConnection
    ) throws {
        guard let kind = record.text("scope").flatMap(LimitScope.Kind.init(rawValue:)),
            let subject = record.text("subject"), subject != LimitBook.everyone
        else { return }
        switch kind {
        case .secret:
            guard let id = Int64(subject),
                try !connection.query("SELECT id FROM api_secrets WHERE id = $1", [.integer(id)]).isEmpty
            else { throw ResourceError.invalid("subject", "is not the id of an API secret") }
            record["subject"] = .text(String(id))
        case .user:
            let rows = try connection.query(
                "SELECT id FROM users WHERE username = $1 ORDER BY CASE WHEN domain = $2 THEN 0 ELSE 1 END, id LIMIT 2",
                [.text(subject), .text(UserDomain.standard)]
            )
            if let id = try rows.first?.int("id") {
                record["subject"] = .text(String(id))
            } else if let id = Int64(subject),
                try !connection.query("SELECT id FROM users WHERE id = $1", [.integer(id)]).isEmpty
            {
                record["subject"] = .text(String(id))
            } else {
                throw ResourceError.invalid("subject", "is neither the name nor the id of a user")
            }
        case .bot:
            guard let id = subjects.bot(subject) else { throw ResourceError.invalid("subject", "is not a bot") }
            record["subject"] = .text(id)
        case .route:
            guard subjects.hasRoute(subject) else {
                throw ResourceError.invalid("subject", "is neither a model route nor provider/model")
            }
        }
    }
}
