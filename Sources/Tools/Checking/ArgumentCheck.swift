// Checks a call's arguments against the tool's JSON Schema and says what would have been right.

package import JSON

/// Checks values against the part of JSON Schema (2020-12) that tools use: `type`, `enum`, `properties`, `required`,
/// `additionalProperties: false`, `items`, `minimum`, `maximum`, `maxLength`, `maxItems`.
package struct ArgumentCheck: Sendable {
    private let schema: JSONValue

    package init(schema: JSONValue) {
        self.schema = schema
    }

    /// Reads a model's arguments text and checks it. An empty text counts as `{}`, which several models send for a
    /// call without arguments.
    ///
    /// - Returns: the arguments, or one sentence for each thing that is wrong, naming the valid names or values.
    package func check(_ text: String) -> Result<JSONObject, ArgumentFault> {
        let trimmed = text.allSatisfy(\.isWhitespace) ? "{}" : text
        let value: JSONValue
        do {
            value = try JSONValue(parsing: trimmed)
        } catch {
            return .failure(ArgumentFault(problems: ["The arguments are not valid JSON: \(error.message)"]))
        }
        guard case .object(let object) = value else {
            return .failure(ArgumentFault(problems: ["The arguments must be a JSON object, not \(value.typeName)."]))
        }
        var problems: [String] = []
        check(value, against: schema, path: "", into: &problems)
        return problems.isEmpty ? .success(object) : .failure(ArgumentFault(problems: Array(problems.prefix(8))))
    }

    private func check(_ value: JSONValue, against schema: JSONValue, path: String, into problems: inout [String]) {
        if problems.count >= 8 { return }
        let name = path.isEmpty ? "the arguments" : "`\(path)`"
        let types = schema.typeNames
        if !types.isEmpty, !types.contains(where: { value.isOf(type: $0) }) {
            problems.append("\(name) must be \(types.joined(separator: " or ")), not \(value.typeName).")
            return
        }
        if let allowed = schema["enum"]?.array, !allowed.contains(value) {
            problems.append("\(name) must be one of \(allowed.map(\.text).joined(separator: ", ")).")
        }
        switch value {
        case .object(let object): checkObject(object, schema, path, &problems)
        case .array(let elements): checkArray(elements, schema, path, name, &problems)
        case .number(let number): checkNumber(number, schema, name, &problems)
        case .string(let text):
            if let most = schema["maxLength"]?.int, text.unicodeScalars.count > most {
                problems.append("\(name) is longer than \(most) characters.")
            }
        default: break
        }
    }

    private func checkObject(_ object: JSONObject, _ schema: JSONValue, _ path: String, _ problems: inout [String]) {
        let properties = schema["properties"]?.object ?? [:]
        for required in schema["required"]?.array ?? [] {
            guard let name = required.string else { continue }
            let takesNull = properties[name]?.typeNames.contains("null") ?? true
            if object[name] == nil || (object[name] == .null && !takesNull) {
                problems.append("`\(joined(path, name))` is required.")
            }
        }
        for (name, value) in object {
            if let inner = properties[name] {
                // A model often writes null for an optional argument that it leaves out.
                if value == .null, !(inner.typeNames.contains("null")) { continue }
                check(value, against: inner, path: joined(path, name), into: &problems)
            } else if schema["additionalProperties"]?.bool == false {
                let valid = properties.keys.map { "`\($0)`" }.joined(separator: ", ")
                problems.append(
                    "`\(joined(path, name))` is not an argument; valid are \(valid.isEmpty ? "none" : valid)."
                )
            }
        }
    }

    private func checkArray(
        _ elements: [JSONValue],
        _ schema: JSONValue,
        _ path: String,
        _ name: String,
        _ problems: inout [String]
    ) {
        if let most = schema["maxItems"]?.int, elements.count > most {
            problems.append("\(name) has more than \(most) elements.")
        }
        guard let items = schema["items"] else { return }
        for (index, element) in elements.enumerated() {
            check(element, against: items, path: "\(path)[\(index)]", into: &problems)
        }
    }

    private func checkNumber(_ number: JSONNumber, _ schema: JSONValue, _ name: String, _ problems: inout [String]) {
        if let least = schema["minimum"]?.double, number.double < least {
            problems.append("\(name) must be at least \(schema["minimum"]?.text ?? "").")
        }
        if let most = schema["maximum"]?.double, number.double > most {
            problems.append("\(name) must be at most \(schema["maximum"]?.text ?? "").")
        }
    }

    private func joined(_ path: String, _ name: String) -> String {
        path.isEmpty ? name : "\(path).\(name)"
    }
}

/// What is wrong with a call's arguments, a sentence each.
package struct ArgumentFault: Error, Sendable {
    package let problems: [String]

    package var message: String { problems.joined(separator: " ") }
}

extension JSONValue {
    fileprivate var typeNames: [String] {
        switch self["type"] {
        case .string(let one): [one]
        case .array(let several): several.compactMap(\.string)
        default: []
        }
    }

    fileprivate func isOf(type: String) -> Bool {
        switch (type, self) {
        case ("string", .string), ("boolean", .bool), ("array", .array), ("object", .object), ("null", .null),
            ("number", .number):
            true
        case ("integer", .number(let number)): number.int != nil
        default: false
        }
    }
}
