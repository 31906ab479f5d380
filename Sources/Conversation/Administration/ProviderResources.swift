// The declarations of what is stored of providers, models and routes.

import Identity
import JSON
import Providers
package import Resources

/// `/api/v1/opspilot/model_provider_mgmt/` and, below it, `model/` and `route/`.
package enum ProviderResources {
    package static let path = "/api/v1/opspilot/model_provider_mgmt"

    /// For the catalogue and the migrations; they know no key, so they cannot be written through.
    package static let all = [provider(nil), model(), route()]

    static let permissions = ResourcePermissions(view: .providerManage, manage: .providerManage)
    /// Listing is the owner's: entries of the environment and of the file stand beside the rows.
    static let operations = Set(ResourceOperation.allCases).subtracting([.list])

    /// Opens and seals what a provider's row keeps.
    struct Sealing: Sendable {
        let box: SecretBox
        static let purpose = "model_provider"

        func seal(_ text: String) throws -> String { try box.seal(Secret(text), purpose: Self.purpose) }
        func open(_ text: String) throws(SecretBoxError) -> Secret { try box.open(text, purpose: Self.purpose) }
    }

    static func provider(
        _ sealing: Sealing?,
        hooks: ResourceHooks = ResourceHooks(),
        standing: Standing = .unknown
    ) -> Resource {
        Resource(
            name: "model_provider",
            title: "Model provider",
            description: "A service that runs models. Keys are sealed in the store and never given out; headers are "
                + "shown as `\(SealedMember.mask)`, and sent back so they stay as they are.",
            path: path,
            table: "model_provider",
            permissions: permissions,
            fields: [
                name("The first part of `provider/model`.", example: "openai"),
                Field(
                    "kind",
                    .string,
                    required: true,
                    enumeration: ProviderKind.allCases.filter { $0 != .offline }.map { .string($0.rawValue) },
                    filterable: true,
                    orderable: true,
                    description: "The protocol that it speaks."
                ),
                Field(
                    "base_url",
                    .string,
                    maxLength: 2_000,
                    searchable: true,
                    description: "For OpenAI-compatible services up to and including `/v1`. Null for the usual one of "
                        + "the kind, where it has one.",
                    example: "https://api.openai.com/v1"
                ),
                Field(
                    "api_keys",
                    .secretList(SecretRule { try seal($0, sealing) }),
                    default: [],
                    minLength: 1,
                    maxLength: 4_096,
                    description:
                        "Taken in turns, as they are written: no `${NAME}` of the environment. Not given with PUT "
                        + "or PATCH: as they are; they must be given when `base_url` leads to another host."
                ),
                Field(
                    "headers",
                    .configuration(headerRule(sealing)),
                    default: [:],
                    maxLength: 131_072,
                    description: "Sent with every request; values are sealed."
                ),
                extra("Members of every request to its models"),
                Field(
                    "dialect",
                    .string,
                    maxLength: 64,
                    description: "A note of whose service it is. Only `openai` does something, where OpenAI is behind "
                        + "another address: no padding is asked of its streams. What else a server does in its own way "
                        + "is found out."
                ),
                Field("api_version", .string, maxLength: 64),
                Field("deployments", .object, default: [:], maxLength: 65_536),
                Field(
                    "key_as",
                    .string,
                    enumeration: KeyPresentation.allCases.map { .string($0.rawValue) },
                    description: "Azure only: `bearer` for tokens of Entra ID; the header `api-key` without it."
                ),
                Field("timeouts", .object, default: [:], maxLength: 1_000, example: ["first_byte": "60s"]),
                Field(
                    "trace",
                    .boolean,
                    default: true,
                    description: "Whether it gets `traceparent` and `tracestate`."
                ),
                Field("is_active", .boolean, default: true, filterable: true, orderable: true),
                Field("description", .text, default: "", maxLength: 10_000, searchable: true),
            ],
            standard: [.createdAt, .updatedAt, .createdBy],
            ordering: ["name"],
            operations: operations,
            hooks: hooks,
            computed: [
                ComputedField("key_count", schema: ["type": "integer"]) { record in
                    .integer(Int64(sealedKeys(record).count))
                },
                ComputedField(
                    "keys",
                    schema: [
                        "type": "array", "items": ["type": "string"],
                        "description": "The last four characters of each key of twelve or more.",
                    ]
                ) { record in
                    .array(sealedKeys(record).map { .string(hint((try? sealing?.open($0)) ?? nil)) })
                },
            ] + standing.computed
        )
    }

    static func model(hooks: ResourceHooks = ResourceHooks(), standing: Standing = .unknown) -> Resource {
        let flag = { (name: String, usual: Bool, words: String) in
            Field(name, .boolean, default: .bool(usual), description: words)
        }
        return Resource(
            name: "model",
            title: "Model",
            description: "What is known of a provider's model. Models of which nothing is known work, too.",
            path: path + "/model",
            table: "model_profile",
            permissions: permissions,
            fields: [
                name("`provider/model`.", example: "openai/gpt-4o-mini", maxLength: 256),
                Field("context", .integer, minimum: 1, maximum: 100_000_000, description: "Tokens it can take."),
                Field(
                    "max_output",
                    .integer,
                    minimum: 1,
                    maximum: 100_000_000,
                    description:
                        "Tokens it can write. No more is asked of Claude; where a request gives no maximum, 16384 of them and room for "
                        + "thoughts, or 4096 where this is not known."
                ),
                Field(
                    "tools",
                    .string,
                    default: .string(ToolMode.native.rawValue),
                    enumeration: ToolMode.allCases.map { .string($0.rawValue) },
                    filterable: true,
                    description: "`prompted`: described in the prompt, for models without tools of their own."
                ),
                flag("images", true, "Whether it sees images."),
                flag("json_schema", true, "Whether its server can hold it to a JSON schema."),
                flag("reasoning", false, "Whether it thinks before it answers."),
                flag("embeddings", false, "Whether it makes embeddings."),
                Field(
                    "price",
                    .object,
                    maxLength: 1_000,
                    description: "Money for a million tokens: `input`, `output`, `cached_input`, `cache_write`.",
                    example: ["input": 0.15, "output": 0.6]
                ),
                extra("Members of every request to it, before those of its provider"),
            ],
            standard: [.createdAt, .updatedAt, .createdBy],
            ordering: ["name"],
            operations: operations,
            hooks: hooks,
            computed: standing.computed
        )
    }

    static func route(hooks: ResourceHooks = ResourceHooks(), standing: Standing = .unknown) -> Resource {
        Resource(
            name: "model_route",
            title: "Model route",
            description: "A name that clients and bots use, and the models behind it.",
            path: path + "/route",
            table: "model_route",
            permissions: permissions,
            fields: [
                name("What is given as `model`.", example: "default", maxLength: 128),
                Field(
                    "targets",
                    .array,
                    required: true,
                    maxLength: 65_536,
                    description: "Each with `model` (`provider/model`), `order`, `weight`, `conditions`, `timeouts`.",
                    example: [["model": "openai/gpt-4o-mini", "weight": 3], ["model": "offline/ops", "order": 9]]
                ),
                Field(
                    "retries",
                    .integer,
                    default: .integer(Int64(RouteSettings.usualRetries)),
                    minimum: 0,
                    maximum: 10
                ),
                Field("timeouts", .object, default: [:], maxLength: 1_000),
            ],
            standard: [.createdAt, .updatedAt, .createdBy],
            ordering: ["name"],
            operations: operations,
            hooks: hooks,
            computed: standing.computed
        )
    }

    private static func extra(_ words: String) -> Field {
        Field(
            "extra",
            .object,
            default: [:],
            maxLength: ProviderReader.mostExtraBytes,
            description:
                "\(words), for the kinds `openai-compatible` and `azure-openai`; what a request says itself wins. "
                + "Shown as they are: no place for secrets.",
            example: ["enable_thinking": false]
        )
    }

    private static func name(_ words: String, example: JSONValue, maxLength: Int = 64) -> Field {
        Field(
            "name",
            .string,
            required: true,
            unique: .everywhere,
            maxLength: maxLength,
            searchable: true,
            filterable: true,
            orderable: true,
            createOnly: true,
            description: words,
            example: example
        )
    }

    // MARK: Secrets

    static func sealedKeys(_ record: ResourceRecord) -> [String] {
        (record.json("api_keys")?.array ?? []).compactMap(\.string)
    }

    /// What people know a key by. Short ones show nothing.
    static func hint(_ key: Secret?) -> String {
        guard let text = key?.reveal(), text.utf8.count >= 12 else { return "…" }
        return "…" + text.suffix(4)
    }

    private static func seal(_ text: String, _ sealing: Sealing?) throws -> String {
        guard let sealing else { throw WithoutKey() }
        return try sealing.seal(text)
    }

    private struct WithoutKey: Error, CustomStringConvertible {
        let description = "providers are written by the service that has the key"
    }

    private static func headerRule(_ sealing: Sealing?) -> ConfigurationRule {
        ConfigurationRule(schema: ["type": "object", "additionalProperties": ["type": "string"]]) { given, _, before in
            guard given.count <= 30 else {
                throw ResourceError.invalid("headers", "must not have more than 30 members")
            }
            let stored = before?.json("headers")
            var result = JSONObject()
            for (name, value) in given {
                guard let text = value.string, text.utf8.count <= 4_096 else {
                    throw ResourceError.invalid("headers.\(name)", "must be a text of at most 4096 bytes")
                }
                if let member = stored?[name].flatMap(SealedMember.init), member.isMeant(by: text) {
                    result[name] = member.json
                } else if text == SealedMember.mask {
                    throw ResourceError.invalid(
                        "headers.\(name)",
                        "is masked, and there is no stored value that it could stand for"
                    )
                } else {
                    result[name] = SealedMember(sealed: try seal(text, sealing)).json
                }
            }
            return result
        }
    }
}
