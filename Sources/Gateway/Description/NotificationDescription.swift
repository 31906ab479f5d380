// What the OpenAPI document says of channels, notices and previews.

import JSON

enum NotificationDescription {
    static let test: JSONObject = [
        "requestBody": CommonSchemas.body([
            "type": "object",
            "additionalProperties": false,
            "properties": [
                "receivers": ["type": "array", "maxItems": 20, "items": ["type": "string"]],
                "title": ["type": "string"], "content": ["type": "string"],
            ],
        ]),
        "responses": [
            "200": CommonSchemas.envelope(
                [
                    "type": "object",
                    "properties": [
                        "success": ["type": "boolean"],
                        "outcome": ["enum": ["delivered", "retry", "refused", "unknown", "slow_down"]],
                        "detail": ["type": "string"], "receivers": ["type": "array", "items": ["type": "string"]],
                        "title": ["type": "string"], "problem": ["type": "string"],
                    ],
                ],
                "What the other side answered."
            ),
            "404": CommonSchemas.envelopeError("There is no such channel."),
        ],
    ]

    static let preview: JSONObject = [
        "requestBody": CommonSchemas.body([
            "type": "object",
            "additionalProperties": false,
            "properties": [
                "channel_type": ["enum": ["EMAIL", "ENTERPRISE_WECHAT", "ENTERPRISE_WECHAT_BOT", "WEBHOOK"]],
                "templates": ["type": "object"], "variables": ["type": "object"],
            ],
        ]),
        "responses": [
            "200": CommonSchemas.envelope(["type": "object"], "Title, text, html and markdown as they would be sent."),
            "400": CommonSchemas.envelopeError("A template does not compile; the field is named."),
        ],
    ]

    static let resend: JSONObject = [
        "responses": [
            "200": CommonSchemas.envelope(["type": "object"], "The notice, waiting again."),
            "404": CommonSchemas.envelopeError("There is no such notice."),
            "409": CommonSchemas.envelopeError("It waits, or has been sent."),
        ]
    ]

    static let resendMany: JSONObject = [
        "requestBody": CommonSchemas.body([
            "type": "object",
            "properties": [
                "ids": ["type": "array", "maxItems": 1000, "items": ["type": "integer"]],
                "channel": ["type": "integer"], "state": ["enum": ["dead", "unknown"]],
            ],
        ]),
        "responses": [
            "200": CommonSchemas.envelope(["type": "object"], "How many wait again, and what became of each."),
            "409": CommonSchemas.envelopeError("None of them can be sent again."),
        ],
    ]

    static let shieldPreview: JSONObject = [
        "requestBody": CommonSchemas.body(["type": "object"]),
        "responses": [
            "200": CommonSchemas.envelope(
                ["type": "object"],
                "How many alerts and recent events it would hide, some of them, and how many match by a missing label only."
            ),
            "400": CommonSchemas.envelopeError("A rule or a time makes no sense; the field is named."),
        ],
    ]
}
