// Schemas that several operations share.

import JSON
import Resources

/// Components of the OpenAPI document that belong to no resource.
enum CommonSchemas {
    static var all: JSONObject {
        var schemas = Envelope.openAPISchemas
        for (name, schema) in own { schemas[name] = schema }
        return schemas
    }

    private static let own: JSONObject = [
        "OpenAIError": [
            "type": "object",
            "required": ["error"],
            "properties": [
                "error": [
                    "type": "object",
                    "required": ["message", "type", "param", "code"],
                    "properties": [
                        "message": ["type": "string"],
                        "type": ["type": "string"],
                        "param": ["type": ["string", "null"]],
                        "code": ["type": ["string", "null"]],
                    ],
                ]
            ],
        ],
        "AnthropicError": [
            "type": "object",
            "required": ["type", "error", "request_id"],
            "properties": [
                "type": ["const": "error"],
                "error": [
                    "type": "object",
                    "required": ["type", "message"],
                    "properties": ["type": ["type": "string"], "message": ["type": "string"]],
                ],
                "request_id": ["type": "string"],
            ],
        ],
    ]

    /// `{"code":0,"message":"success","data":…}` around a schema.
    static func envelope(_ data: JSONValue, _ description: String) -> JSONValue {
        [
            "description": .string(description),
            "content": [
                "application/json": [
                    "schema": Envelope.openAPISchema(data: data)
                ]
            ],
        ]
    }

    /// A JSON request body.
    static func body(_ schema: JSONValue) -> JSONValue {
        ["required": true, "content": ["application/json": ["schema": schema]]]
    }

    /// What a stream that has to begin early cannot say.
    static let silentStream =
        "A stream that is silent for ten seconds begins then, without `x-opsgate-provider`, "
        + "`x-opsgate-model`, `x-opsgate-attempts` and what of `x-opsgate-ignored` only the model's provider knows."

    /// 413 where models are asked.
    static let bodyTooLarge = openAIError("The body is larger than 16 MiB, or than the upstream takes.")

    /// 403 where models are asked.
    static let refused = openAIError(
        "A permission is missing; or `model_without_price`: the caller, the bot or the route has a budget, and nobody knows "
            + "what the model costs."
    )

    /// 429 where models are asked.
    static let limited = openAIError(
        "A limit of the secret, the user, the bot or the route, with `retry-after`, `retry-after-ms` and "
            + "`x-ratelimit-…`; a budget (`insufficient_quota`, `x-should-retry: false`); or the upstream's."
    )

    /// An answer in OpenAI's error form.
    static func openAIError(_ description: String) -> JSONValue { error("OpenAIError", description) }

    /// An answer in Anthropic's error form.
    static func anthropicError(_ description: String) -> JSONValue { error("AnthropicError", description) }

    /// An answer in the envelope's error form.
    static func envelopeError(_ description: String) -> JSONValue { error("Error", description) }

    private static func error(_ schema: String, _ description: String) -> JSONValue {
        [
            "description": .string(description),
            "content": ["application/json": ["schema": ["$ref": .string("#/components/schemas/\(schema)")]]],
        ]
    }
}
