// JSON Schema as far as Gemini understands it: the subset of OpenAPI 3.0 in its `Schema` type.

import JSON

/// Cleans schemas of what Gemini refuses: `additionalProperties`, `$schema`, `$ref`, `const`, lists of types and more.
/// What can be said otherwise is; what cannot be is left out, which makes a schema wider, never narrower.
///
/// Gemini knows no references: each becomes what it stands for, and one that leads back into itself any object. A few
/// that lead on to one another many times over can stand for more than fits anywhere, so there is a bound for all
/// schemas of a request together.
struct GeminiSchema {
    private struct TooLarge: Error {}

    private let provider: String
    private var root = JSONValue.null
    /// The references that led to the schema that is being cleaned.
    private var path: Set<String> = []
    /// What may still be written, about in bytes; each schema counts as `share` at least.
    private var rest = 1 << 20
    private static let share = 50

    init(provider: String) {
        self.provider = provider
    }

    /// - Parameters:
    ///   - field: the member of the request, for the failure.
    ///   - whose: what it is the schema of, for the failure.
    /// - Throws: `badRequest` when it stands for too much.
    mutating func cleaned(
        _ schema: JSONValue,
        of field: String,
        _ whose: String
    ) throws(ProviderFailure) -> JSONValue {
        root = schema
        path = ["#"]
        do {
            return try clean(schema, depth: 0)
        } catch {
            throw .unsupported(
                "The provider \(provider) takes no references in schemas, and without them the schema of \(whose) in "
                    + "'\(field)' is too large for it.",
                provider: provider,
                parameter: field
            )
        }
    }

    private mutating func spend(_ amount: Int) throws(TooLarge) {
        rest -= amount
        if rest < 0 { throw TooLarge() }
    }

    /// Schemas are followed so deep.
    private static let deepest = 24

    private mutating func clean(_ value: JSONValue, depth: Int) throws(TooLarge) -> JSONValue {
        let before = path
        defer { path = before }
        guard depth < Self.deepest, let object = try flattened(value, depth: 0) else { return ["type": "object"] }
        var result: JSONObject = [:]
        Self.setType(object, in: &result)
        for name in ["title", "description", "minimum", "maximum", "minItems", "maxItems"] {
            if let member = object[name], !member.isNull { result[name] = member }
        }
        for name in ["minLength", "maxLength", "pattern"] where result["type"] == "string" {
            result[name] = object[name]
        }
        if let format = object["format"]?.string, Self.isKnown(format: format, type: result["type"]?.string) {
            result["format"] = .string(format)
        }
        Self.setEnumeration(object, in: &result)
        try spend(JSONValue.object(result).bytes.count)
        if let properties = object["properties"]?.object, !properties.isEmpty {
            var cleaned: JSONObject = [:]
            for (name, property) in properties {
                try spend(name.utf8.count)
                cleaned[name] = try clean(property, depth: depth + 1)
            }
            result["properties"] = .object(cleaned)
            let required = (object["required"]?.array ?? []).filter { cleaned[$0.string ?? ""] != nil }
            if !required.isEmpty { result["required"] = .array(required) }
        }
        if result["type"] == "array" {
            let items = object["items"] ?? object["prefixItems"]?.array?.first
            if let items {
                result["items"] = try clean(items, depth: depth + 1)
            } else {
                result["items"] = ["type": "string"]
            }
        }
        try setAlternatives(object, depth: depth, in: &result)
        return .object(result)
    }

    /// The schema with its reference followed and the parts of `allOf` laid over one another; nil for a reference that
    /// leads back or nowhere.
    private mutating func flattened(_ value: JSONValue, depth: Int) throws(TooLarge) -> JSONObject? {
        // `true` and `{}` stand for anything.
        guard var object = value.object, depth < Self.deepest else { return value == true ? [:] : nil }
        // What is read and not written costs time, too.
        try spend(
            object.members.reduce(Self.share) { $0 + 1 + ($1.value.array?.count ?? 0) + ($1.value.object?.count ?? 0) }
        )
        if let reference = object["$ref"]?.string {
            try spend(reference.utf8.count)
            guard path.insert(reference).inserted, let target = Self.find(reference, in: root),
                var other = try flattened(target, depth: depth + 1)
            else { return nil }
            for (name, member) in object where name != "$ref" { other[name] = member }
            return other
        }
        guard let all = object["allOf"]?.array else { return object }
        object["allOf"] = nil
        for part in all {
            guard let other = try flattened(part, depth: depth + 1) else { continue }
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

    private mutating func setAlternatives(
        _ object: JSONObject,
        depth: Int,
        in result: inout JSONObject
    ) throws(TooLarge) {
        guard let all = object["anyOf"]?.array ?? object["oneOf"]?.array else { return }
        let others = all.filter { $0["type"] != "null" && $0["const"] != .null }
        if others.count < all.count { result["nullable"] = true }
        var cleaned: [JSONValue] = []
        for other in others { cleaned.append(try clean(other, depth: depth + 1)) }
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
