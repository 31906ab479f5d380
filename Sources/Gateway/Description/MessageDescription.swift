// What the OpenAPI document says of messages and embeddings.

import JSON
import OpenAIProtocol

/// Anthropic's surface.
enum MessageDescription {
    private static let members: JSONObject = [
        "model": ["type": "string", "examples": ["ops-assistant-bot", "default", "claude/claude-haiku"]],
        "messages": ["type": "array", "minItems": 1, "items": ["type": "object"]],
        "system": ["description": "A text, or text blocks."],
        "max_tokens": ["type": "integer", "minimum": 1],
        "stream": ["type": "boolean", "default": false],
        "tools": ["type": "array", "maxItems": 128, "items": ["type": "object"]],
        "tool_choice": [
            "type": "object",
            "properties": [
                "type": ["enum": ["auto", "any", "tool", "none"]], "name": ["type": "string"],
                "disable_parallel_tool_use": ["type": "boolean"],
            ],
        ],
        "stop_sequences": [
            "type": "array", "maxItems": .integer(Int64(ChatParameters.mostStops)), "items": ["type": "string"],
        ],
        "temperature": ["type": "number", "minimum": 0, "maximum": 1],
        "top_p": ["type": "number", "minimum": 0, "maximum": 1],
        "thinking": [
            "type": "object",
            "properties": [
                "type": ["enum": ["enabled", "adaptive", "disabled"]],
                "budget_tokens": ["type": "integer", "minimum": 1024],
            ],
        ],
        "output_config": ["type": "object", "description": "`effort`; `format` with a JSON Schema."],
        "metadata": ["type": "object", "properties": ["user_id": ["type": "string"]]],
    ]

    static let message: JSONObject = [
        "description": .string(
            """
            Anthropic's Messages protocol for bots, model routes and `provider/model`, whatever provider answers. Blocks of \
            text, images (base64, URL), documents (PDF in base64, text), `tool_use`, `tool_result`, `thinking` and \
            `search_result` are taken. A bot's tools run inside; the client's go out as `tool_use`. What has no effect here \
            (`top_k`, `cache_control`, `service_tier` …) is named in the response header `x-opsgate-ignored`; Anthropic's own \
            tools, files by id, `container`, `mcp_servers` and `inference_geo` are refused. A thinking budget becomes an \
            effort. `anthropic-version` and `anthropic-beta` are taken in any value. With `stream: true` the answer is \
            server-sent events; a failure ends them with an `error` event. The tokens of the prompt are an \
            estimate in `message_start` and as the model counted them in `message_delta`, where it does. \
            \(CommonSchemas.silentStream)
            """
        ),
        "requestBody": CommonSchemas.body([
            "type": "object", "required": ["model", "max_tokens", "messages"], "properties": .object(members),
        ]),
        "responses": .object(
            responses([
                "description": "A `message`, or a stream of its events.",
                "content": [
                    "application/json": ["schema": ["type": "object"]],
                    "text/event-stream": ["schema": ["type": "string"]],
                ],
            ])
        ),
    ]

    static let count: JSONObject = [
        "description": """
        An estimate by the gateway itself, whatever the model: four bytes of text to a token, 1,600 tokens for an image; a \
        bot's prompt and tools are counted with it.
        """,
        "requestBody": CommonSchemas.body([
            "type": "object", "required": ["model", "messages"], "properties": .object(members),
        ]),
        "responses": .object(
            responses([
                "description": "`{\"input_tokens\":…}`",
                "content": [
                    "application/json": [
                        "schema": ["type": "object", "properties": ["input_tokens": ["type": "integer"]]]
                    ]
                ],
            ])
        ),
    ]

    private static func responses(_ success: JSONValue) -> JSONObject {
        [
            "200": success,
            "400": CommonSchemas.anthropicError("`invalid_request_error`; the message names the member."),
            "401": CommonSchemas.anthropicError("`authentication_error`"),
            "403": CommonSchemas.anthropicError("`permission_error`; also for a model without a price under a budget."),
            "404": CommonSchemas.anthropicError("`not_found_error`: there is no such bot or model."),
            "413": CommonSchemas.anthropicError("`request_too_large`: more than 16 MiB, or than the upstream takes."),
            "429": CommonSchemas.anthropicError(
                "`rate_limit_error`: a limit of ours, with `retry-after`, or the upstream's."
            ),
            "502": CommonSchemas.anthropicError("`api_error`: the upstream failed."),
            "503": CommonSchemas.anthropicError("`overloaded_error`: overloaded, or shutting down."),
            "504": CommonSchemas.anthropicError("`timeout_error`"),
        ]
    }
}

/// Embeddings.
enum EmbeddingDescription {
    static let create: JSONObject = [
        "description": """
        `model` is a model route or `provider/model` whose provider embeds; bots do not. A route's targets are tried in \
        order. Members of vendors (`input_type`, `truncate` …) go to upstreams of the OpenAI protocol; where they have no \
        effect they are named in `x-opsgate-ignored`.
        """,
        "requestBody": CommonSchemas.body([
            "type": "object",
            "required": ["model", "input"],
            "properties": [
                "model": ["type": "string", "examples": ["openai/text-embedding-3-small"]],
                "input": [
                    "description": .string(
                        "A text, up to \(EmbeddingRequest.maximumInputs) texts, token ids, or lists of token ids; "
                            + "\(EmbeddingRequest.maximumTokens) ids at the most."
                    )
                ],
                "encoding_format": ["enum": ["float", "base64"], "default": "float"],
                "dimensions": ["type": "integer", "minimum": 1], "user": ["type": "string"],
            ],
        ]),
        "responses": [
            "200": [
                "description": "`{\"object\":\"list\",\"data\":[…],\"model\",\"usage\"}`",
                "content": ["application/json": ["schema": ["type": "object"]]],
            ],
            "400": CommonSchemas.openAIError("The request is wrong; `param` names the field."),
            "401": CommonSchemas.openAIError("No or wrong credentials."),
            "403": CommonSchemas.refused,
            "404": CommonSchemas.openAIError("There is no such model."),
            "413": CommonSchemas.bodyTooLarge,
            "429": CommonSchemas.limited,
            "502": CommonSchemas.openAIError("The upstream failed."),
            "503": CommonSchemas.openAIError("Overloaded, or shutting down."),
            "504": CommonSchemas.openAIError("The upstream took too long."),
        ],
    ]
}
