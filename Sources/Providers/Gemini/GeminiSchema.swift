// JSON Schema as far as Gemini understands it: the subset of OpenAPI 3.0 in its `Schema` type.

import JSON

/// Cleans schemas of what Gemini refuses: `additionalProperties`, `$schema`, `$ref`, `const`, lists of types and more.
/// What can be said otherwise is; what cannot be is left out, which makes a schema wider, never narrower.
///
/// Gemini knows no references: each becomes what it stands for. One that leads back into itself is followed a few times,
/// and then only its type is said. A few that lead on to one another many times over can stand for more than fits
/// anywhere, so there is a bound for all schemas of a request together.
struct GeminiSchema {
    private struct TooLarge: Error {}

    private let provider: String
    private var root = JSONValue.null
    /// The references that led to the schema that is being cleaned, and how often each is among them.
    private var path: [String] = []
    private var visits: [String: Int] = [:]
    /// So often one may be.
    private var mostVisits = 3
    private var hasReferences = false
    /// What may still be written or looked at, about in bytes; each schema counts as `share` at least.
    private var rest = bound
    private static let bound = 1 << 20
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
        let before = rest
        if mostVisits > 1 {
            if let result = try? whole(schema) { return result }
            // From now on for all schemas, or each could cost as much.
            mostVisits = 1
            rest = before
        }
        do {
            return try whole(schema)
        } catch {
            let size = "the schemas as far as that of \(whose) in '\(field)' are too large"
            throw .unsupported(
                hasReferences
                    ? "The provider \(provider) takes no references in schemas, and without them \(size)."
                    : "For the provider \(provider) \(size).",
                provider: provider,
                parameter: field
            )
        }
    }

    private mutating func whole(_ schema: JSONValue) throws(TooLarge) -> JSONValue {
        leave(to: 0)
        enter("#")
        return try clean(schema, depth: 0)
    }

    /// What recursions say more than once may take no more than half, and leaves the rest to what is said once.
    private mutating func spend(_ amount: Int) throws(TooLarge) {
        rest -= amount
        if rest < (mostVisits > 1 ? Self.bound / 2 : 0) { throw TooLarge() }
    }

    /// What is read and not written costs time, too.
    private mutating func spend(lookingAt object: JSONObject) throws(TooLarge) {
        try spend(
            object.members.reduce(Self.share) { $0 + 1 + ($1.value.array?.count ?? 0) + ($1.value.object?.count ?? 0) }
        )
    }

    private mutating func enter(_ reference: String) {
        path.append(reference)
        visits[reference, default: 0] += 1
    }

    private mutating func leave(to count: Int) {
        while path.count > count, let last = path.popLast() { visits[last, default: 1] -= 1 }
    }

    /// Schemas are followed so deep.
    private static let deepest = 24

    private mutating func clean(_ value: JSONValue, depth: Int) throws(TooLarge) -> JSONValue {
        let start = path.count
        defer { leave(to: start) }
        let end = depth < Self.deepest ? try flattened(value, depth: 0) : try outline(value, depth: 0)
        guard let object = end else { return ["type": "object"] }
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
    /// leads nowhere.
    private mutating func flattened(_ value: JSONValue, depth: Int) throws(TooLarge) -> JSONObject? {
        // `true` and `{}` stand for anything.
        guard var object = value.object, depth < Self.deepest else { return value == true ? [:] : nil }
        try spend(lookingAt: object)
        if let reference = object["$ref"]?.string {
            try spend(reference.utf8.count)
            hasReferences = true
            guard let target = Self.find(reference, in: root) else { return nil }
            let followed: JSONObject?
            if visits[reference, default: 0] < mostVisits {
                enter(reference)
                followed = try flattened(target, depth: depth + 1)
            } else {
                followed = try outline(target, depth: 0)
            }
            guard var other = followed else { return nil }
            for (name, member) in object where name != "$ref" { other[name] = member }
            return other
        }
        guard let all = object["allOf"]?.array else { return object }
        object["allOf"] = nil
        try join(all, to: &object, depth: depth)
        return object
    }

    /// Lays the parts of an `allOf` under a schema. What grows with each part is kept apart: in the object it would be
    /// copied for each.
    private mutating func join(
        _ parts: [JSONValue],
        to object: inout JSONObject,
        depth: Int
    ) throws(TooLarge) {
        var properties = object["properties"]?.object
        var required = object["required"]?.array
        // What one part has followed leads no other part back; for what is inside of them together all of it counts.
        let start = path.count
        var followed: Set<String> = []
        for part in parts {
            let other = try flattened(part, depth: depth + 1)
            followed.formUnion(path[start...])
            leave(to: start)
            for (name, member) in other ?? [:] {
                switch (name, member) {
                case ("properties", .object(let more)):
                    try spend(more.count)
                    properties = properties ?? [:]
                    for (key, property) in more where properties?[key] == nil { properties?[key] = property }
                case ("required", .array(let more)):
                    try spend(more.count)
                    required = required ?? []
                    required?.append(contentsOf: more)
                default: if object[name] == nil { object[name] = member }
                }
            }
        }
        for reference in followed { enter(reference) }
        if let properties { object["properties"] = .object(properties) }
        if let required { object["required"] = .array(required) }
    }

    /// Of a schema that is not followed any more its type, or those of its alternatives; nil for references that lead
    /// nowhere.
    private mutating func outline(_ value: JSONValue, depth: Int) throws(TooLarge) -> JSONObject? {
        guard let object = value.object, depth < 4 else { return value == true ? [:] : nil }
        try spend(lookingAt: object)
        var result: JSONObject = [:]
        Self.setType(object, in: &result)
        if result["type"] != nil || result["anyOf"] != nil { return result }
        if let reference = object["$ref"]?.string {
            try spend(reference.utf8.count)
            return try Self.find(reference, in: root).flatMap { target throws(TooLarge) in
                try outline(target, depth: depth + 1)
            }
        }
        for part in object["allOf"]?.array ?? [] {
            if let outline = try outline(part, depth: depth + 1), !outline.isEmpty { return outline }
        }
        var alternatives: [JSONValue] = []
        for other in object["anyOf"]?.array ?? object["oneOf"]?.array ?? [] {
            // One that may be anything makes the whole so.
            guard let outline = try outline(other, depth: depth + 1), !outline.isEmpty else { return [:] }
            alternatives.append(.object(outline))
        }
        if !alternatives.isEmpty { result["anyOf"] = .array(alternatives) }
        return result
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
