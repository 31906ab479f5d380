// The six kinds of value that JSON knows.

/// What a JSON value is (RFC 8259, section 3). `true` and `false` are one kind here.
package enum JSONKind: UInt8, Sendable, Hashable, CaseIterable {
    case null
    case bool
    case number
    case string
    case array
    case object

    /// The kind in the words of JSON Schema: `"null"`, `"boolean"`, `"number"`, `"string"`, `"array"`, `"object"`.
    package var name: String {
        switch self {
        case .null: "null"
        case .bool: "boolean"
        case .number: "number"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }
}
