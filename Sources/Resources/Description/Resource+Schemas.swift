// The schemas of a resource: what comes out, and what a create, a replace and a patch take.

package import JSON

extension Resource {
    /// `alert_source` -> `AlertSource`.
    package var componentName: String {
        name.split(separator: "_").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    }

    /// Entries for `components.schemas`: `AlertSource`, `AlertSourcePage`, and, as the verbs ask, `AlertSourceCreate`,
    /// `AlertSourceReplace`, `AlertSourcePatch`.
    package var openAPISchemas: JSONObject {
        var schemas: JSONObject = [componentName: outputSchema]
        if operations.contains(.list) { schemas[componentName + "Page"] = pageSchema }
        for operation in [ResourceOperation.create, .replace, .patch] where operations.contains(operation) {
            schemas[inputName(operation)] = inputSchema(operation)
        }
        return schemas
    }

    func inputName(_ operation: ResourceOperation) -> String {
        componentName + operation.rawValue.prefix(1).uppercased() + operation.rawValue.dropFirst()
    }

    private var outputSchema: JSONValue {
        var properties = JSONObject()
        var required: [JSONValue] = []
        for field in visibleFields {
            properties[field.name] = field.outputSchema
            required.append(.string(field.name))
        }
        for computed in computed {
            var schema = computed.schema
            schema.set("readOnly", true)
            properties[computed.name] = schema
            required.append(.string(computed.name))
        }
        var schema: JSONObject = [
            "type": "object", "title": .string(title), "properties": .object(properties), "required": .array(required),
        ]
        if !description.isEmpty { schema["description"] = .string(description) }
        return .object(schema)
    }

    private func inputSchema(_ operation: ResourceOperation) -> JSONValue {
        var properties = JSONObject()
        var required: [JSONValue] = []
        for field in fields {
            if field.isReadOnly {
                // May be sent back unchanged; `updated_at` makes the write conditional.
                if operation != .create { properties[field.name] = field.inputSchema }
                continue
            }
            properties[field.name] = field.inputSchema
            let kept = operation == .replace && (field.isSecret || field.isCreateOnly)
            if field.isRequired, operation != .patch, !kept, !field.isGenerated { required.append(.string(field.name)) }
        }
        if operation != .create {
            for computed in computed { properties[computed.name] = computed.schema }
        }
        return [
            "type": "object", "properties": .object(properties), "required": .array(required),
            "additionalProperties": false,
        ]
    }

    private var pageSchema: JSONValue {
        [
            "type": "object", "required": ["count", "page", "page_size", "results"],
            "properties": [
                "count": ["type": "integer", "description": "Rows on all pages."],
                "page": ["type": "integer"], "page_size": ["type": "integer"],
                "results": ["type": "array", "items": ["$ref": .string("#/components/schemas/\(componentName)")]],
            ],
        ]
    }
}

extension Field {
    /// A secret that the server makes when none is given.
    var isGenerated: Bool {
        if case .secret(let rule) = type { rule.generate != nil } else { false }
    }
}

extension Envelope {
    /// Entries for `components.schemas` that every resource's answers refer to.
    package static let openAPISchemas: JSONObject = [
        "Error": [
            "type": "object", "title": "Error", "required": ["code", "message", "data", "errors"],
            "properties": [
                "code": ["type": "integer", "description": "The HTTP status."],
                "message": ["type": "string"],
                "data": ["type": "null"],
                "errors": [
                    "type": "array",
                    "items": [
                        "type": "object", "required": ["field", "message"],
                        "properties": ["field": ["type": "string"], "message": ["type": "string"]],
                    ],
                ],
            ],
        ]
    ]

    /// The schema of a success around data of this schema.
    package static func openAPISchema(data: JSONValue) -> JSONValue {
        [
            "type": "object", "required": ["code", "message", "data"],
            "properties": ["code": ["const": 0], "message": ["type": "string"], "data": data],
        ]
    }
}
