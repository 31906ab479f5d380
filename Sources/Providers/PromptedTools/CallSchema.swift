// The schema that holds a model to calls of tools, or to an answer in words.

import JSON

/// Puts the schemas of tools into one. References lead from the root of a schema, so definitions of tools move to the root
/// of the whole, under names of their own.
struct CallSchema {
    private var definitions = JSONObject()
    private var forms: [JSONValue] = []

    /// The member of an answer that is no call.
    static let answer = "answer"

    /// - Parameter allowsAnswer: whether the model may speak instead.
    /// - Returns: the value of `response_format`.
    static func format(_ tools: [ToolSelection.Tool], names: ToolNames, allowsAnswer: Bool) -> JSONValue {
        var schema = CallSchema()
        for (index, tool) in tools.enumerated() {
            schema.forms.append(
                object([
                    "tool": ["type": "string", "enum": [.string(names.original(tool.name))]],
                    "arguments": schema.arguments(tool.parameters ?? ["type": "object"], "t\(index)"),
                ])
            )
        }
        if allowsAnswer { schema.forms.append(object([answer: ["type": "string"]])) }
        var root: JSONObject = schema.forms.count == 1 ? schema.forms[0].object ?? [:] : ["anyOf": .array(schema.forms)]
        if !schema.definitions.isEmpty { root["$defs"] = .object(schema.definitions) }
        return ["type": "json_schema", "json_schema": ["name": "tool_call", "schema": .object(root)]]
    }

    private static func object(_ properties: JSONObject) -> JSONValue {
        [
            "type": "object", "additionalProperties": false, "required": .array(properties.keys.map { .string($0) }),
            "properties": .object(properties),
        ]
    }

    /// A tool's schema as it can stand below another root.
    private mutating func arguments(_ schema: JSONValue, _ mark: String) -> JSONValue {
        guard case .object(var root) = schema else { return schema }
        var own = JSONObject()
        for place in ["$defs", "definitions"] {
            for (name, value) in root.removeValue(forKey: place)?.object ?? [:] { own[name] = value }
        }
        for name in ["$schema", "$id"] { root.removeValue(forKey: name) }
        var references = References(mark: mark)
        let body = references.moved(.object(root))
        for (name, value) in own { definitions["\(mark)_\(name)"] = references.moved(value) }
        guard references.needRoot else { return body }
        definitions[mark] = body
        return ["$ref": .string("#/$defs/\(mark)")]
    }
}

/// Follows the references of one schema to where their targets have moved.
private struct References {
    let mark: String
    /// Whether one leads to the schema itself.
    var needRoot = false

    init(mark: String) { self.mark = mark }

    mutating func moved(_ schema: JSONValue) -> JSONValue {
        switch schema {
        case .array(let elements): return .array(elements.map { moved($0) })
        case .object(let members):
            var result = JSONObject()
            for (name, value) in members {
                switch name {
                case "$ref": result[name] = value.string.map { .string(target($0)) } ?? value
                // Values, not schemas.
                case "const", "enum", "default", "examples": result[name] = value
                case "properties", "patternProperties", "$defs", "definitions":
                    var inner = JSONObject()
                    for (name, value) in value.object ?? [:] { inner[name] = moved(value) }
                    result[name] = .object(inner)
                default: result[name] = moved(value)
                }
            }
            return .object(result)
        default: return schema
        }
    }

    private mutating func target(_ reference: String) -> String {
        for place in ["#/$defs/", "#/definitions/"] where reference.hasPrefix(place) {
            return "#/$defs/\(mark)_\(reference.dropFirst(place.count))"
        }
        guard reference == "#" || reference.hasPrefix("#/") else { return reference }
        needRoot = true
        return "#/$defs/\(mark)\(reference.dropFirst())"
    }
}
