// What the OpenAPI document says of administered lists and of trials.

import Conversation
import JSON
import Resources

enum AdministrationDescription {
    /// The list of rows and of entries that are no rows.
    static func list(_ shelf: ShelvedResource) -> JSONObject {
        func parameter(_ name: String, _ schema: JSONValue, _ words: String) -> JSONValue {
            ["name": .string(name), "in": "query", "schema": schema, "description": .string(words)]
        }
        let integer: JSONValue = ["type": "integer", "minimum": 1]
        let text: JSONValue = ["type": "string"]
        let ordering = shelf.orderings.flatMap { [JSONValue.string($0), .string("-" + $0)] }
        return [
            "parameters": .array(
                [
                    parameter("page", integer, "From 1."),
                    parameter("page_size", integer, "At most 1000; 20 without it."),
                    parameter("search", text, "Part of a name or description, in either case."),
                    parameter("ordering", ["enum": .array(ordering)], "`-` for descending."),
                ] + shelf.filters.map { parameter($0, text, "Equal to it; several with commas.") }
            ),
            "responses": [
                "200": CommonSchemas.envelope(
                    [
                        "type": "object",
                        "properties": [
                            "count": ["type": "integer"], "page": ["type": "integer"],
                            "page_size": ["type": "integer"],
                            "results": [
                                "type": "array",
                                "items": [
                                    "$ref": .string("#/components/schemas/\(shelf.service.resource.componentName)")
                                ],
                            ],
                        ],
                    ],
                    "All that there is, with its `origin`. What is no row of the store has an id below zero and is "
                        + "read-only here. Paths take names in place of ids."
                ),
                "400": CommonSchemas.envelopeError("A parameter is wrong; it is named."),
            ],
        ]
    }

    static let trial = trial(of: [
        "provider": ["type": "string"], "model": ["type": "string"], "route": ["type": "string"],
        "message": ["type": "string"],
    ])

    static let trialOfOne = trial(of: ["model": ["type": "string"], "message": ["type": "string"]])

    private static func trial(of properties: JSONObject) -> JSONObject {
        [
            "requestBody": CommonSchemas.body([
                "type": "object", "additionalProperties": false, "properties": .object(properties),
            ]),
            "responses": [
                "200": CommonSchemas.envelope(
                    [
                        "type": "object",
                        "properties": [
                            "status": ["enum": ["ok", "error"]], "latency_ms": ["type": "integer"],
                            "tested": ["type": "string"], "provider": ["type": ["string", "null"]],
                            "model": ["type": ["string", "null"]], "attempts": ["type": "integer"],
                            "text": ["type": "string"],
                            "dimensions": [
                                "type": ["integer", "null"],
                                "description": "Of the vector, where the model embeds: it is asked for one then.",
                            ],
                            "usage": ["type": "object"],
                            "error": [
                                "type": ["object", "null"],
                                "properties": [
                                    "type": ["type": "string"], "kind": ["type": ["string", "null"]],
                                    "message": ["type": "string"], "status": ["type": ["integer", "null"]],
                                    "code": ["type": ["string", "null"]],
                                ],
                            ],
                            "request_id": ["type": "string"],
                        ],
                    ],
                    "What came back. The call is in the usage as `provider_test`."
                ),
                "400": CommonSchemas.envelopeError("A member is wrong; it is named."),
                "404": CommonSchemas.envelopeError("There is no such entry."),
            ],
        ]
    }
}
