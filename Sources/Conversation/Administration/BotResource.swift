// The declaration of bots that are kept in the store, beside those of files.

import Identity
import JSON
import Providers
package import Resources
import Storage
import YAML

/// `/api/v1/opspilot/bot_mgmt/bot/`.
package enum BotResource {
    /// For the catalogue and the migration.
    package static let resource = declaration()

    static func declaration(
        hooks: ResourceHooks = ResourceHooks(),
        standing: Standing = .unknown
    ) -> Resource {
        Resource(
            name: "bot",
            title: "Bot",
            description: "The members are those of a bot file; `bot_id` is its `id`. Bots of files are shown, too, and "
                + "changed in their files. What `without_approval` names runs with the rights of whoever asks the bot.",
            path: "/api/v1/opspilot/bot_mgmt/bot",
            table: "stored_bot",
            // Reading is for whoever may use bots; prompts and grants are for those who manage them.
            permissions: ResourcePermissions(view: .botUse, manage: .botManage),
            fields: [
                Field(
                    "bot_id",
                    .string,
                    required: true,
                    unique: .everywhere,
                    maxLength: 64,
                    searchable: true,
                    filterable: true,
                    orderable: true,
                    createOnly: true,
                    description: "What clients may name as `model`.",
                    example: "ops-bot-002"
                ),
                Field(
                    "name",
                    .string,
                    unique: .everywhere,
                    maxLength: 64,
                    searchable: true,
                    filterable: true,
                    orderable: true,
                    description: "The other name; `bot_id` without it.",
                    example: "night-shift-bot"
                ),
                Field("title", .string, searchable: true, description: "For people; the name without it."),
                Field("description", .text, maxLength: 10_000, searchable: true),
                Field(
                    "model",
                    .string,
                    default: "default",
                    minLength: 1,
                    filterable: true,
                    description: "A model route, or `provider/model`."
                ),
                Field("prompt", .string, maxLength: 128, description: "The name of a file among the prompts."),
                Field("prompt_text", .text, description: "The prompt itself, in place of `prompt`."),
                Field("tools", .stringList, default: [], description: "Names or patterns; write tools by full name."),
                Field(
                    "without_approval",
                    .stringList,
                    default: [],
                    description: "Write tools that run at once; each must stand in `tools`."
                ),
                Field(
                    "skills",
                    .array,
                    default: [],
                    description: "Each with `id`, `name`, `prompt` or `prompt_text`, `tools`, `without_approval`."
                ),
                Field(
                    "limits",
                    .object,
                    default: [:],
                    maxLength: 1_000,
                    description: "Of a turn (`rounds`, `turn_seconds` …), and of all callers together "
                        + "(`requests_per_minute` … `budget_month`)."
                ),
                Field("options", .object, default: [:], maxLength: 1_000),
                Field("is_active", .boolean, default: true, filterable: true, orderable: true),
            ],
            standard: [.createdAt, .updatedAt, .createdBy],
            ordering: ["bot_id"],
            operations: ProviderResources.operations,
            hooks: hooks,
            computed: standing.computed
        )
    }

    /// Members that only those see who manage bots.
    static let hidden = ["prompt", "prompt_text", "skills", "without_approval", "problem"]

    static func hooks(_ bots: BotCatalog, _ providers: ProviderStore) -> ResourceHooks {
        ResourceHooks(
            beforeWrite: { record, context in
                try ConfigurationVersion.change(context.connection)
                if record.text("name") == nil { record["name"] = record["bot_id"] }
                try check(record, bots, context)
                try checkNames(record, bots, providers, context)
            },
            beforeDelete: { _, context in try ConfigurationVersion.change(context.connection) }
        )
    }

    private static func check(_ record: ResourceRecord, _ bots: BotCatalog, _ context: WriteContext) throws {
        let bot: Bot
        do throws(YAMLFault) {
            bot = try bots.read(StoredBot(record))
        } catch {
            throw ResourceError.invalid(error, renaming: ["id": "bot_id"])
        }
        // Nobody frees for others what he may not do himself.
        for name in bot.withoutApproval + bot.skills.flatMap(\.withoutApproval) {
            guard let permission = bots.permission(ofTool: name), !context.caller.may(permission) else { continue }
            throw ResourceError.invalid("without_approval", "\(name) needs \(permission.name), which you do not have")
        }
    }

    /// Clients name bots and routes in the same place, where bots are asked first: nobody takes over another's name.
    private static func checkNames(
        _ record: ResourceRecord,
        _ bots: BotCatalog,
        _ providers: ProviderStore,
        _ context: WriteContext
    ) throws {
        for field in ["bot_id", "name"] {
            guard let name = record.text(field) else { continue }
            if context.before?.text(field) != name {
                if let problem = EntryName.problem(name) { throw ResourceError.invalid(field, problem) }
                if try EntryName.isRoute(name, providers, context.connection) {
                    throw ResourceError.conflict(
                        message: "\(field): \(name) is a model route",
                        errors: [FieldError(field, "is taken by a model route")]
                    )
                }
            }
            let others = try context.connection.query(
                "SELECT id FROM stored_bot WHERE (bot_id = $1 OR name = $1) AND id <> $2",
                [.text(name), .integer(record.id)]
            )
            let file = bots.file(taking: [name])?.path
            // A file that came later hides the row; that must not keep anybody from changing it.
            if !others.isEmpty || (file != nil && context.operation == .create) {
                throw ResourceError.conflict(
                    message: "\(field): \(name) is taken" + (file.map { " by the file \($0)" } ?? ""),
                    errors: [FieldError(field, "is taken")]
                )
            }
        }
    }
}

extension Bot {
    /// As answers show a bot that is no row.
    var members: JSONObject {
        func texts(_ list: [String]) -> JSONValue { .array(list.map { .string($0) }) }
        var options = JSONObject()
        options["temperature"] = self.options.temperature.map { .double($0) }
        options["max_tokens"] = self.options.maxTokens.map { .integer($0) }
        if self.options.showSteps { options["show_steps"] = true }
        var limits: JSONObject = [
            "rounds": .integer(self.limits.rounds), "tool_seconds": .integer(self.limits.toolTime.components.seconds),
            "turn_seconds": .integer(self.limits.turnTime.components.seconds),
            "result_bytes": .integer(self.limits.resultBytes),
            "total_result_bytes": .integer(self.limits.totalResultBytes),
        ]
        for (word, number) in usageLimits.json where number != .null { limits[word] = number }
        return [
            "bot_id": .string(id), "name": .string(name), "title": .string(title),
            "description": description.map { .string($0) } ?? .null, "model": .string(model),
            "prompt": nil, "prompt_text": .string(prompt.source), "tools": texts(tools),
            "without_approval": texts(withoutApproval),
            "skills": .array(
                skills.map { skill in
                    [
                        "id": .string(skill.id), "name": .string(skill.name),
                        "prompt_text": .string(skill.prompt.source),
                        "tools": texts(skill.tools), "without_approval": texts(skill.withoutApproval),
                    ]
                }
            ),
            "limits": .object(limits), "options": .object(options), "is_active": true,
        ]
    }
}
