// JSON Schema as far as Gemini understands it: the subset of OpenAPI 3.0 in its `Schema` type.

import JSON

/// Cleans schemas of what Gemini refuses: `additionalProperties`, `$schema`, `$ref`, `const`, lists of types and more.
/// What can be said otherwise is; what cannot be is left out, which makes a schema wider, never narrower.
enum GeminiSchema {
    static func cleaned(_ schema: JSONValue) -> JSONValue {
        clean(schema, root: schema, depth: 0)
    }

    /// References are followed so deep; a schema that contains itself ends there.
    private static let deepest = 24

    private static func clean(_ value: JSONValue, root: JSONValue, depth: Int) -> JSONValue {
        guard depth < deepest, let object = flattened(value, root: root, depth: 0) else { return ["type": "object"] }
        var result: JSONObject = [:]
        setType(object, in: &result)
        for name in ["title", "description", "minimum", "maximum", "minItems", "maxItems"] {
            if let member = object[name], !member.isNull { result[name] = member }
        }
        for name in ["minLength", "maxLength", "pattern"] where result["type"] == "string" {
            result[name] = object[name]
        }
        if let format = object["format"]?.string, isKnown(format: format, type: result["type"]?.string) {
            result["format"] = .string(format)
        }
        setEnumeration(object, in: &result)
        if let properties = object["properties"]?.object, !properties.isEmpty {
            var cleaned: JSONObject = [:]
            for (name, property) in properties { cleaned[name] = clean(property, root: root, depth: depth + 1) }
            result["properties"] = .object(cleaned)
            let required = (object["required"]?.array ?? []).filter { cleaned[$0.string ?? ""] != nil }
            if !required.isEmpty { result["required"] = .array(required) }
        }
        if result["type"] == "array" {
            let items = object["items"] ?? object["prefixItems"]?.array?.first
            result["items"] = items.map { clean($0, root: root, depth: depth + 1) } ?? ["type": "string"]
        }
        setAlternatives(object, root: root, depth: depth, in: &result)
        return .object(result)
    }

    /// The schema with its reference followed and the parts of `allOf` laid over one another.
    private static func flattened(_ value: JSONValue, root: JSONValue, depth: Int) -> JSONObject? {
        // `true` and `{}` stand for anything.
        guard var object = value.object, depth < deepest else { return value == true ? [:] : nil }
        if let reference = object["$ref"]?.string {
            guard let target = find(reference, in: root),
                var other = flattened(target, root: root, depth: depth + 1)
            else { return nil }
            for (name, member) in object where name != "$ref" { other[name] = member }
            return other
        }
        guard let all = object["allOf"]?.array else { return object }
        object["allOf"] = nil
        for part in all {
            guard let other = flattened(part, root: root, depth: depth + 1) else { continue }
            for (name, member) in other {
                switch (name, object[name]) {
                case ("properties", .object(let mine)?):
                    var both = mine
                    for (key, property) in member.object ?? [:] where both[key] == nil { both[key] = property }
                    object[name] = .object(both)
                case ("required", .array(let mine)?): object[name] = .array(mine + (member.array ?? []))
                case (_, nil): object[name] = member
                default: continue
                }
            }
        }
        return object
    }

    /// `#/$defs/name`, `#/definitions/name` and any other pointer into the schema (RFC 6901).
    private static func find(_ reference: String, in root: JSONValue) -> JSONValue? {
        guard reference.hasPrefix("#") else { return nil }
        var value: JSONValue? = root
        for part in reference.dropFirst().split(separator: "/") {
            let name = part.replacing("~1", with: "/").replacing("~0", with: "~")
            value = value?[String(name)]
        }
        return value
    }

    private static func setType(_ object: JSONObject, in result: inout JSONObject) {
        if let type = object["type"]?.string {
            result["type"] = .string(type)
        } else if let types = object["type"]?.array {
            if types.contains("null") { result["nullable"] = true }
            let others = types.filter { $0 != "null" }
            if others.count == 1 { result["type"] = others[0] }
            if others.count > 1 { result["anyOf"] = .array(others.map { ["type": $0] as JSONValue }) }
        } else if object["properties"] != nil {
            result["type"] = "object"
        } else if object["items"] != nil {
            result["type"] = "array"
        } else if let value = object["const"] ?? object["enum"]?.array?.first, value.kind != .null {
            result["type"] = .string(value.typeName)
        }
        if object["nullable"] == true { result["nullable"] = true }
    }

    /// Only texts can be listed. Numbers are told in the description.
    private static func setEnumeration(_ object: JSONObject, in result: inout JSONObject) {
        guard var values = object["enum"]?.array ?? object["const"].map({ [$0] }) else { return }
        if values.contains(.null) { result["nullable"] = true }
        values.removeAll { $0.isNull }
        if values.allSatisfy({ $0.kind == .string }), !values.isEmpty {
            result["enum"] = .array(values)
        } else if !values.isEmpty {
            let said = result["description"]?.string.map { $0 + " " } ?? ""
            result["description"] = .string("\(said)One of: \(values.map(\.text).joined(separator: ", ")).")
        }
    }

    private static func setAlternatives(
        _ object: JSONObject,
        root: JSONValue,
        depth: Int,
        in result: inout JSONObject
    ) {
        guard let all = object["anyOf"]?.array ?? object["oneOf"]?.array else { return }
        let others = all.filter { $0["type"] != "null" && $0["const"] != .null }
        if others.count < all.count { result["nullable"] = true }
        let cleaned = others.map { clean($0, root: root, depth: depth + 1) }
        if cleaned.count == 1, let only = cleaned[0].object {
            for (name, member) in only where result[name] == nil { result[name] = member }
        } else if !cleaned.isEmpty {
            result["anyOf"] = .array(cleaned)
        }
    }

    private static func isKnown(format: String, type: String?) -> Bool {
        switch type {
        case "string": format == "date-time" || format == "enum"
        case "integer": format == "int32" || format == "int64"
        case "number": format == "float" || format == "double"
        default: false
        }
    }
}
