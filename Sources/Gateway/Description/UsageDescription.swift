// What the OpenAPI document says of usage.

import Conversation
import JSON

enum UsageDescription {
    private static func parameter(_ name: String, _ description: String, _ schema: JSONValue) -> JSONValue {
        ["name": .string(name), "in": "query", "description": .string(description), "schema": schema]
    }

    private static let text: JSONValue = ["type": "string"]

    static let list: JSONObject = [
        "description": """
        A row for every turn; no content. Callers see their teams', administrators everybody's. Money is in millionths of \
        the currency unit (`cost_micros`) and as a decimal (`cost`); it is the part whose price is known, all of it where \
        `is_cost_known`. Tokens of upstreams that report none are estimated and marked. Filters take several values with \
        commas. Where several models had a part in a turn, sums by `model` or `provider`, or of one, give each its tokens \
        and its cost, and count the request at the last of them, whose name its row has. So they do in `estimated_requests` \
        (some of its tokens are estimated) and `unpriced_requests` (some of its tokens have no price, so that `cost` lacks them).
        """,
        "parameters": .array(
            [
                parameter("since", "From this moment on: ISO 8601 or epoch.", text),
                parameter("until", "Before this moment.", text),
                parameter("user", "Usernames.", text), parameter("secret", "Ids of API secrets.", text),
                parameter("bot", "Ids of bots.", text),
                parameter("model", "Models as their providers call them.", text),
                parameter("provider", "Providers.", text), parameter("route", "Model routes.", text),
                parameter("surface", "Ways in: `chat`, `skill_execute`, …", text),
                parameter("outcome", "`finished`, `client_gone`, an error's code, …", text),
                parameter(
                    "error_type",
                    "Whose fault it was; a closed set.",
                    ["type": "string", "enum": .array(ErrorType.allCases.map { .string($0.rawValue) })]
                ),
                parameter("request_id", "Request ids.", text), parameter("trace_id", "Trace ids.", text),
                parameter(
                    "group_by",
                    "Sums by these, with commas: \(UsageGroup.allCases.map(\.rawValue).joined(separator: ", ")).",
                    text
                ),
                parameter(
                    "time_zone",
                    "Where days begin, and times without a zone are: `Europe/Berlin`, `+08:00`.",
                    text
                ),
                parameter(
                    "ordering",
                    "`-` for falling. Rows: `started_at`, `duration`, `cost` or `tokens`; a CSV file of rows is by age and takes "
                        + "none. Sums: `cost`, `tokens` or `requests`; by their keys without.",
                    text
                ),
                parameter(
                    "format",
                    "How it is sent.",
                    ["type": "string", "enum": ["json", "csv"], "default": "json"]
                ),
                parameter("page", "From 1.", ["type": "integer", "minimum": 1, "default": 1]),
                parameter(
                    "page_size",
                    "Of JSON; CSV has all.",
                    ["type": "integer", "minimum": 1, "maximum": 1000, "default": 20]
                ),
            ]
        ),
        "responses": [
            "200": [
                "description": "A page in the envelope, or the whole as CSV (RFC 4180, with a header row).",
                "content": [
                    "application/json": ["schema": ["type": "object"]], "text/csv": ["schema": ["type": "string"]],
                ],
            ],
            "400": CommonSchemas.envelopeError("A parameter is wrong or unknown."),
        ],
    ]
}
