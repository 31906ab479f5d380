// What the OpenAPI document says of limits beside the resource itself.

import Conversation
import JSON

enum LimitDescription {
    private static func parameter(_ name: String, _ description: String, _ schema: JSONValue) -> JSONValue {
        ["name": .string(name), "in": "query", "description": .string(description), "schema": schema]
    }

    private static func level(_ type: JSONValue, window: Bool = false) -> JSONValue {
        var properties: JSONObject = [
            "limit": ["type": [type, "null"]], "used": ["type": type], "remaining": ["type": [type, "null"]],
        ]
        if window { properties["reset_ms"] = ["type": "integer"] }
        return ["type": "object", "properties": .object(properties)]
    }

    static let status: JSONObject = [
        "description": """
        A row for each subject that a limit names, and for each that `*` holds for and that has asked something. `used` \
        includes what running requests have reserved. Requests and tokens are those of the last 60 seconds; `reset_ms` is the \
        time until none of them counts any more. Days and months are in UTC.
        """,
        "parameters": [
            parameter("scope", "Kinds, with commas: secret, user, bot, route.", ["type": "string"]),
            parameter("subject", "Subjects as limits name them, with commas.", ["type": "string"]),
            parameter("page", "From 1.", ["type": "integer", "minimum": 1, "default": 1]),
            parameter(
                "page_size",
                "Rows of a page.",
                ["type": "integer", "minimum": 1, "maximum": 1000, "default": 100]
            ),
        ],
        "responses": [
            "200": CommonSchemas.envelope(
                [
                    "type": "object",
                    "properties": [
                        "count": ["type": "integer"], "page": ["type": "integer"], "page_size": ["type": "integer"],
                        "results": [
                            "type": "array",
                            "items": [
                                "type": "object",
                                "properties": [
                                    "scope": ["enum": ["secret", "user", "bot", "route"]],
                                    "subject": ["type": "string"], "requests": level("integer", window: true),
                                    "tokens": level("integer", window: true), "concurrent": level("integer"),
                                    "budget_day": level("number"), "budget_month": level("number"),
                                    "currency": ["type": "string"],
                                ],
                            ],
                        ],
                    ],
                ],
                "What is used."
            ),
            "400": CommonSchemas.envelopeError("A parameter is wrong or unknown."),
        ],
    ]
}
