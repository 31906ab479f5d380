// What the OpenAPI document says of the routes that are no resource.

import JSON

/// The chat surface.
enum ChatDescription {
    static let completion: JSONObject = [
        "description": .string(
            """
            `model` is a bot's id or name, a model route (`default`), or `provider/model`. Fields of the OpenAI document are \
            honoured, passed to the upstream, or refused with a 400 that names them. Other fields (`top_k`, `enable_thinking`) go as \
            they are to an upstream of the OpenAI protocol that `model` addresses; bots and other protocols ignore them, and what \
            had no effect is named in the response header `x-opsgate-ignored`. With `stream: true` the answer is server-sent events. \
            \(CommonSchemas.silentStream)
            """
        ),
        "requestBody": CommonSchemas.body([
            "type": "object",
            "required": ["model", "messages"],
            "properties": [
                "model": ["type": "string", "examples": ["ops-assistant-bot", "default", "openai/gpt-4o-mini"]],
                "messages": ["type": "array", "minItems": 1, "items": ["type": "object"]],
                "stream": ["type": "boolean", "default": false],
                "stream_options": [
                    "type": "object", "properties": ["include_usage": ["type": "boolean"]],
                ],
                "tools": ["type": "array", "maxItems": 128, "items": ["type": "object"]],
                "tool_choice": ["description": "`none`, `auto`, `required`, or an object that names a tool."],
                "n": ["type": "integer", "minimum": 1, "description": "More than 1 only without a bot."],
            ],
        ]),
        "responses": [
            "200": [
                "description": "A `chat.completion`, or a stream of `chat.completion.chunk` events.",
                "content": [
                    "application/json": ["schema": ["type": "object"]],
                    "text/event-stream": ["schema": ["type": "string"]],
                ],
            ],
            "400": CommonSchemas.openAIError("The request is wrong; `param` names the field."),
            "401": CommonSchemas.openAIError("No or wrong credentials."),
            "403": CommonSchemas.refused,
            "404": CommonSchemas.openAIError("There is no such bot or model."),
            "413": CommonSchemas.bodyTooLarge,
            "429": CommonSchemas.limited,
            "502": CommonSchemas.openAIError("The upstream failed."),
            "503": CommonSchemas.openAIError("Overloaded, or shutting down."),
            "504": CommonSchemas.openAIError("The upstream or the turn took too long."),
        ],
    ]

    static let models: JSONObject = [
        "responses": [
            "200": [
                "description":
                    "`{\"object\":\"list\",\"data\":[…]}`; a page of Anthropic's for requests with `anthropic-version`."
            ]
        ]
    ]

    static let model: JSONObject = [
        "responses": [
            "200": ["description": "One entry of the list."],
            "404": CommonSchemas.openAIError("There is no such model."),
        ]
    ]
}

/// Bots and skills.
enum BotDescription {
    static let detail: JSONObject = [
        "responses": [
            "200": CommonSchemas.envelope(["type": "object"], "The bot."),
            "404": CommonSchemas.envelopeError("There is no such bot."),
        ]
    ]

    static let execute: JSONObject = [
        "requestBody": CommonSchemas.body([
            "type": "object",
            "required": ["bot_id", "skill_id", "user_message"],
            "additionalProperties": false,
            "properties": [
                "bot_id": ["type": "string"], "skill_id": ["type": "string"], "user_message": ["type": "string"],
                "sender_id": ["type": "string"], "channel": ["type": "string"],
                "chat_history": [
                    "type": "array",
                    "items": [
                        "type": "object",
                        "properties": ["role": ["enum": ["user", "assistant"]], "content": ["type": "string"]],
                    ],
                ],
            ],
        ]),
        "responses": [
            "200": CommonSchemas.envelope(
                [
                    "type": "object",
                    "properties": [
                        "content": ["type": "string"], "tool_calls": ["type": "array", "items": ["type": "object"]],
                        "citing_knowledge": ["type": "array", "items": ["type": "object"]], "usage": ["type": "object"],
                    ],
                ],
                "The bot's answer."
            ),
            "400": CommonSchemas.envelopeError("A field is wrong."),
            "404": CommonSchemas.envelopeError("There is no such bot or skill."),
        ],
    ]
}

/// Login and API secrets.
enum AccountDescription {
    static let login: JSONObject = [
        "requestBody": CommonSchemas.body([
            "type": "object",
            "required": ["username", "password"],
            "properties": [
                "username": ["type": "string"], "password": ["type": "string"],
                "domain": ["type": "string", "default": "domain.com"],
            ],
        ]),
        "responses": [
            "200": CommonSchemas.envelope(
                [
                    "type": "object",
                    "properties": [
                        "token": ["type": "string"], "expires_at": ["type": "string", "format": "date-time"],
                        "user": ["type": "object"],
                    ],
                ],
                "The token, good for 24 hours."
            ),
            "401": CommonSchemas.envelopeError("Wrong user name, password or domain."),
            "429": CommonSchemas.envelopeError("Too many failures; see `retry-after`."),
        ],
    ]

    static let generate: JSONObject = [
        "requestBody": CommonSchemas.body([
            "type": "object",
            "required": ["name"],
            "properties": [
                "name": ["type": "string"], "description": ["type": "string"],
                "expires_at": ["type": "string", "format": "date-time"],
            ],
        ]),
        "responses": [
            "200": CommonSchemas.envelope(["type": "object"], "The secret in `api_secret`, shown this once."),
            "400": CommonSchemas.envelopeError("A field is wrong."),
        ],
    ]

    static let list: JSONObject = [
        "parameters": [
            ["name": "page", "in": "query", "schema": ["type": "integer", "minimum": 1, "default": 1]],
            [
                "name": "page_size", "in": "query",
                "schema": ["type": "integer", "minimum": 1, "maximum": 1000, "default": 20],
            ],
            ["name": "search", "in": "query", "schema": ["type": "string"]],
            ["name": "user_id", "in": "query", "schema": ["type": "integer"]],
        ],
        "responses": ["200": CommonSchemas.envelope(["type": "object"], "A page, without the secrets themselves.")],
    ]

    static let one: JSONObject = [
        "responses": [
            "200": CommonSchemas.envelope(["type": ["object", "null"]], "Success."),
            "404": CommonSchemas.envelopeError("There is no such API secret."),
        ]
    ]
}

/// The webhook and sources.
enum AlertDescription {
    static let receive: JSONObject = [
        "description": """
        Takes the seed's format (`source_type`, `source_id`, `secret`, `events`), the webhook bodies of Alertmanager, \
        Grafana and Zabbix, arrays of alerts, and for sources of type `webhook` anything that the source's `mapping` \
        reads. The secret of the source comes in the header `SECRET` or `HTTP_SECRET`, as `Authorization: Bearer`, as a Basic \
        password, as `secret` in the body (of at most 1 MiB then), or as `secret` or `token` in the query. The answer is \
        sent after the commit.
        """,
        "parameters": [
            ["name": "source_id", "in": "query", "schema": ["type": "string"]],
            [
                "name": "report", "in": "query", "schema": ["enum": ["1"]],
                "description": "Report each event even of bodies with more than 100.",
            ],
        ],
        "requestBody": CommonSchemas.body(["type": ["object", "array"]]),
        "responses": [
            "200": CommonSchemas.envelope(
                [
                    "type": "object",
                    "properties": [
                        "format": ["type": "string"], "note": ["type": "string"], "ignored": ["type": "integer"],
                        "failed": ["type": "integer"], "report": ["type": "array", "items": ["type": "object"]],
                        "received": ["type": "integer"], "created": ["type": "integer"], "updated": ["type": "integer"],
                        "resolved": ["type": "integer"], "duplicates": ["type": "integer"],
                        "errors": ["type": "array", "items": ["type": "object"]],
                    ],
                ],
                "Kept; events that were not are named in `errors`."
            ),
            "400": CommonSchemas.envelopeError("No event could be read."),
            "401": CommonSchemas.envelopeError("No secret."),
            "403": CommonSchemas.envelopeError("A wrong secret, or an inactive source."),
            "413": CommonSchemas.envelopeError("The body is larger than 16 MiB."),
            "503": CommonSchemas.envelopeError("The store cannot commit; nothing was kept, send again."),
        ],
    ]

    static let rotate: JSONObject = [
        "responses": [
            "200": CommonSchemas.envelope(["type": "object"], "The source with its new `secret`, shown this once."),
            "404": CommonSchemas.envelopeError("There is no such source."),
        ]
    ]
}
