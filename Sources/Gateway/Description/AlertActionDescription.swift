// What the OpenAPI document says of acts on alerts and incidents.

import JSON
import Resources

enum AlertActionDescription {
    private static let numbers: JSONValue = ["type": "array", "items": ["type": "integer"], "minItems": 1]
    private static let level: JSONValue = ["type": "string", "enum": ["critical", "error", "warning", "info"]]
    private static let text: JSONValue = ["type": "string"]

    /// - Parameter field: `alert_id` or `incident_id`.
    static func action(_ field: String, givesAway: Bool) -> JSONObject {
        var properties: JSONObject = [
            field: ["type": "array", "items": ["type": "integer"], "minItems": 1, "maxItems": 100],
            "reason": ["type": "string", "description": "Why; kept with what it ends."],
            "note": ["type": "string", "description": "For the log."],
        ]
        if givesAway {
            properties["assignee"] = [
                "type": "array", "items": text, "description": "Usernames or mail addresses.",
            ]
            properties["assignment_id"] = [
                "type": "integer", "description": "An assignment rule: its people if none are named, and its channels.",
            ]
            properties["notify_channels"] = [
                "type": "array", "items": ["type": "integer"],
                "description": "Without a rule: the channels over which the assignees are told.",
            ]
        } else if field == "incident_id" {
            properties["with_alerts"] = [
                "type": "boolean", "description": "For close and resolve: its open alerts as well.",
            ]
        }
        let results: JSONValue = [
            "type": "object",
            "additionalProperties": [
                "type": "object",
                "properties": [
                    "result": ["type": "boolean"], "message": text, "data": ["type": "object"],
                ],
            ],
        ]
        return [
            "requestBody": CommonSchemas.body([
                "type": "object", "required": [.string(field)], "properties": .object(properties),
                "additionalProperties": false,
            ]),
            "responses": [
                "200": CommonSchemas.envelope(results, "Done to at least one; a result for each number."),
                "400": CommonSchemas.envelopeError("The body makes no sense; the member is named."),
                "409": CommonSchemas.envelopeError("Done to none; `data` has the result of each."),
            ],
        ]
    }

    static let alert = creation(
        "The alert. It comes in as an event, so that every rule applies to it.",
        ["title"],
        [
            "title": text, "level": level, "description": text, "host": text,
            "labels": ["type": "object", "additionalProperties": text],
            "external_id": ["type": "string", "description": "Given again while the alert goes on: the same alert."],
            "source": ["type": "integer", "description": "A source; the team's own for such alerts when not given."],
        ]
    )

    static let event = creation(
        "The event, in the seed's format.",
        ["source_id", "title"],
        [
            "source_id": text, "title": text, "level": text, "status": text, "description": text,
            "start_time": text, "end_time": text, "external_id": text, "event_id": text,
            "labels": ["type": "object"], "annotations": ["type": "object"],
        ]
    )

    static let incident = creation(
        "The incident.",
        ["title", "alerts"],
        ["title": text, "alerts": numbers, "description": text, "level": level, "root_alert": ["type": "integer"]]
    )

    static let incidentChange = creation(
        "The incident. `alerts` says which alerts it has then; `add_alerts` and `remove_alerts` change them.",
        [],
        [
            "title": text, "description": text, "level": level, "root_alert": ["type": ["integer", "null"]],
            "alerts": numbers, "add_alerts": numbers, "remove_alerts": numbers, "updated_at": text,
        ]
    )

    private static func creation(
        _ description: String,
        _ required: [JSONValue],
        _ properties: JSONObject
    ) -> JSONObject {
        [
            "requestBody": CommonSchemas.body([
                "type": "object", "required": .array(required), "properties": .object(properties),
            ]),
            "responses": [
                "200": CommonSchemas.envelope(["type": "object"], description),
                "400": CommonSchemas.envelopeError("The body makes no sense; the members are named."),
                "404": CommonSchemas.envelopeError("There is no such row."),
                "409": CommonSchemas.envelopeError("It cannot be so now; the reason is named."),
            ],
        ]
    }
}
