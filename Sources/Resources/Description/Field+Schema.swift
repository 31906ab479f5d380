// The JSON Schema of a field, for the OpenAPI document (3.1, that is JSON Schema 2020-12).

import JSON

extension Field {
    /// The schema as answers show the field.
    var outputSchema: JSONValue { schema(forInput: false) }

    /// The schema as bodies give the field.
    var inputSchema: JSONValue { schema(forInput: true) }

    private func schema(forInput: Bool) -> JSONValue {
        var schema = typeSchema
        if isNullable, let name = schema["type"] { schema["type"] = [name, "null"] }
        if let enumeration {
            if type.isList {
                schema["items"]?.set("enum", .array(enumeration))
            } else {
                schema["enum"] = .array(enumeration + (isNullable ? [.null] : []))
            }
        }
        if let minimum { schema["minimum"] = Self.bound(minimum) }
        if let maximum { schema["maximum"] = Self.bound(maximum) }
        if forInput {
            if let defaultValue { schema["default"] = defaultValue }
            if type.isSecret { schema["writeOnly"] = true }
        } else if isReadOnly {
            schema["readOnly"] = true
        }
        var words = description
        if isCreateOnly { words += (words.isEmpty ? "" : " ") + "Set at creation, not changed afterwards." }
        if !words.isEmpty { schema["description"] = .string(words) }
        if let example { schema["examples"] = [example] }
        return .object(schema)
    }

    /// `1`, not `1.0`.
    private static func bound(_ number: Double) -> JSONValue {
        Int64(exactly: number).map { .integer($0) } ?? .number(JSONNumber(number))
    }

    private var typeSchema: JSONObject {
        switch type {
        case .string, .text, .secret:
            var schema: JSONObject = ["type": "string", "maxLength": .integer(Int64(effectiveMaxLength))]
            if effectiveMinLength > 0 { schema["minLength"] = .integer(Int64(effectiveMinLength)) }
            return schema
        case .integer, .reference:
            return ["type": "integer", "format": "int64"]
        case .number:
            return ["type": "number", "format": "double"]
        case .boolean:
            return ["type": "boolean"]
        case .timestamp:
            return ["type": "string", "format": "date-time"]
        case .object:
            return ["type": "object"]
        case .configuration(let rule):
            return rule.schema
        case .array:
            return ["type": "array", "items": [:]]
        case .stringList, .secretList:
            return ["type": "array", "items": ["type": "string"], "maxItems": .integer(Int64(Self.maximumElements))]
        case .integerList, .referenceList:
            return [
                "type": "array", "items": ["type": "integer", "format": "int64"],
                "maxItems": .integer(Int64(Self.maximumElements)),
            ]
        }
    }
}

extension JSONValue {
    /// Sets a member of an object; nothing when it is none.
    mutating func set(_ key: String, _ value: JSONValue) {
        guard case .object(var object) = self else { return }
        object[key] = value
        self = .object(object)
    }
}
