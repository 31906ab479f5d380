// A JSON value that stands on its own: for what is made, kept or changed rather than passed through.

/// Any JSON value. On the hot path prefer `JSONView`, which takes nothing out of the document.
package enum JSONValue: Sendable, Hashable {
    case null
    case bool(Bool)
    case number(JSONNumber)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)

    /// - Throws: `JSONError` with the path and byte of the first fault.
    package init(parsing bytes: [UInt8], limits: JSONLimits = .standard) throws(JSONError) {
        self = try JSONDocument(parsing: bytes, limits: limits).root.value
    }

    /// - Throws: `JSONError` with the path and byte of the first fault.
    package init(parsing text: String, limits: JSONLimits = .standard) throws(JSONError) {
        self = try JSONDocument(parsing: text, limits: limits).root.value
    }

    /// A whole number.
    package static func integer(_ value: some BinaryInteger) -> JSONValue {
        .number(JSONNumber(verbatim: String(value)))
    }

    /// A number with a fraction; `.null` when it is not finite, which JSON cannot say.
    package static func double(_ value: Double) -> JSONValue {
        value.isFinite ? .number(JSONNumber(value)) : .null
    }

    /// The value written without blanks.
    package var bytes: [UInt8] {
        var writer = JSONWriter(capacity: 64)
        writer.value(self)
        return writer.bytes
    }

    /// The value written without blanks.
    package var text: String { String(decoding: bytes, as: UTF8.self) }

    package var kind: JSONKind {
        switch self {
        case .null: .null
        case .bool: .bool
        case .number: .number
        case .string: .string
        case .array: .array
        case .object: .object
        }
    }

    /// The kind in the words of JSON Schema: `"string"`, `"object"`, `"boolean"` …
    package var typeName: String { kind.name }
}

extension JSONValue {
    package var isNull: Bool { self == .null }

    package var bool: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    package var string: String? {
        if case .string(let value) = self { value } else { nil }
    }

    package var number: JSONNumber? {
        if case .number(let value) = self { value } else { nil }
    }

    /// The value if it is a number without fractional part (`5`, also `5.0`) that fits.
    package var int: Int? {
        if case .number(let value) = self { value.int.map { Int($0) } } else { nil }
    }

    package var double: Double? {
        if case .number(let value) = self { value.double } else { nil }
    }

    package var array: [JSONValue]? {
        if case .array(let value) = self { value } else { nil }
    }

    package var object: JSONObject? {
        if case .object(let value) = self { value } else { nil }
    }

    /// The member of an object; `nil` for other kinds.
    package subscript(key: String) -> JSONValue? {
        if case .object(let object) = self { object[key] } else { nil }
    }

    /// The element of an array; `nil` outside its bounds and for other kinds.
    package subscript(position: Int) -> JSONValue? {
        guard case .array(let elements) = self, elements.indices.contains(position) else { return nil }
        return elements[position]
    }
}
