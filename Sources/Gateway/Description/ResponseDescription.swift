// What the OpenAPI document says of responses.

import JSON

/// The Responses surface.
enum ResponseDescription {
    static let create: JSONObject = [
        "description": .string(
            """
            The Responses form of the same engine: `model` is a bot's id or name, a model route, or `provider/model`. \
            `input` is a text or items of the types `message`, `function_call`, `function_call_output`, `reasoning` and \
            `item_reference`; tools are functions that the client runs. The tools of a bot run inside and show up nowhere. \
            What a model tells of its thinking comes as the `summary` of reasoning items. Responses are kept for thirty \
            days unless `store` is false or the operator has switched that off; `store` in the answer says whether this \
            one is. \
            Fields without effect are named in the response header `x-opsgate-ignored`. \(CommonSchemas.silentStream)
            """
        ),
        "requestBody": CommonSchemas.body([
            "type": "object",
            "required": ["model", "input"],
            "properties": [
                "model": ["type": "string", "examples": ["ops-assistant-bot", "default", "openai/gpt-4o-mini"]],
                "input": [
                    "oneOf": [["type": "string"], ["type": "array", "items": ["type": "object"]]]
                ],
                "instructions": [
                    "type": ["string", "null"], "description": "Not taken over from a previous response.",
                ],
                "previous_response_id": [
                    "type": ["string", "null"], "description": "A kept response of the same user to go on from.",
                ],
                "store": ["type": ["boolean", "null"], "default": true],
                "stream": ["type": ["boolean", "null"], "default": false],
                "tools": [
                    "type": "array", "maxItems": 128,
                    "items": [
                        "type": "object", "required": ["type", "name"],
                        "properties": ["type": ["const": "function"], "name": ["type": "string"]],
                    ],
                ],
                "tool_choice": ["description": "`none`, `auto`, `required`, a function, or `allowed_tools`."],
                "text": [
                    "type": "object", "description": "`format` (`text`, `json_object`, `json_schema`), `verbosity`.",
                ],
                "reasoning": ["type": "object", "properties": ["effort": ["type": ["string", "null"]]]],
                "max_output_tokens": ["type": ["integer", "null"], "minimum": 1],
                "metadata": ["type": ["object", "null"], "maxProperties": 16],
                "background": ["const": false, "description": "Nothing else is supported."],
            ],
        ]),
        "responses": [
            "200": [
                "description": "A `response`, or a stream of its events.",
                "content": [
                    "application/json": ["schema": ["type": "object"]],
                    "text/event-stream": ["schema": ["type": "string"]],
                ],
            ],
            "400": CommonSchemas.openAIError(
                "The request is wrong, or its previous response unknown; `param` names the field."
            ),
            "401": CommonSchemas.openAIError("No or wrong credentials."),
            "403": CommonSchemas.refused,
            "404": CommonSchemas.openAIError("There is no such bot, model or referenced item."),
            "413": CommonSchemas.bodyTooLarge,
            "429": CommonSchemas.limited,
            "502": CommonSchemas.openAIError("The upstream failed."),
            "503": CommonSchemas.openAIError("Overloaded, or shutting down."),
            "504": CommonSchemas.openAIError("The upstream or the turn took too long."),
        ],
    ]

    private static let missing = CommonSchemas.openAIError("The caller has no such response.")

    static let one: JSONObject = ["responses": ["200": ["description": "The `response`."], "404": missing]]

    static let delete: JSONObject = [
        "responses": [
            "200": ["description": "`{\"id\":…,\"object\":\"response\",\"deleted\":true}`"], "404": missing,
        ]
    ]

    static let items: JSONObject = [
        "parameters": [
            [
                "name": "limit", "in": "query",
                "schema": ["type": "integer", "minimum": 1, "maximum": 100, "default": 20],
            ],
            ["name": "order", "in": "query", "schema": ["enum": ["asc", "desc"], "default": "desc"]],
            ["name": "after", "in": "query", "schema": ["type": "string"]],
        ],
        "responses": ["200": ["description": "A list of the request's own items."], "404": missing],
    ]
}
