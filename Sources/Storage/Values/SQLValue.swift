// One value that goes into or comes out of a statement.

/// A value of the store. What both drivers share, and no more.
///
/// Booleans are stored as the integers 0 and 1 and come back as `.integer` from both drivers. Text never holds U+0000
/// (PostgreSQL cannot store it): both drivers put U+FFFD in its place, so that outside text cannot make a write fail.
/// A `.real` that is not a number becomes NULL in SQLite; do not store one. One without a fraction may come back as
/// `.integer` from SQLite's RETURNING: read numbers by `SQLRow.real`.
package enum SQLValue: Sendable, Hashable {
    case null
    case integer(Int64)
    case real(Double)
    case text(String)
    case blob([UInt8])
    case boolean(Bool)

    /// An integer of any width; traps when it does not fit into 64 bits, as `Int64.init` does.
    package static func int(_ value: some BinaryInteger) -> SQLValue { .integer(Int64(value)) }

    /// Text, or NULL for `nil`.
    package static func optional(_ value: String?) -> SQLValue { value.map(SQLValue.text) ?? .null }

    /// An integer, or NULL for `nil`.
    package static func optional(_ value: Int64?) -> SQLValue { value.map(SQLValue.integer) ?? .null }

    /// A real, or NULL for `nil`.
    package static func optional(_ value: Double?) -> SQLValue { value.map(SQLValue.real) ?? .null }

    /// A boolean, or NULL for `nil`.
    package static func optional(_ value: Bool?) -> SQLValue { value.map(SQLValue.boolean) ?? .null }

    /// Whether it is NULL.
    package var isNull: Bool { self == .null }

    /// The name of its kind, for messages.
    package var kindName: String {
        switch self {
        case .null: "NULL"
        case .integer: "an integer"
        case .real: "a real"
        case .text: "text"
        case .blob: "a blob"
        case .boolean: "a boolean"
        }
    }
}

extension SQLValue: ExpressibleByNilLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByStringLiteral, ExpressibleByStringInterpolation, ExpressibleByBooleanLiteral
{
    package init(nilLiteral: ()) { self = .null }
    package init(integerLiteral value: Int64) { self = .integer(value) }
    package init(floatLiteral value: Double) { self = .real(value) }
    package init(stringLiteral value: String) { self = .text(value) }
    package init(booleanLiteral value: Bool) { self = .boolean(value) }
}

extension String {
    /// The text as both drivers store it: U+0000 replaced by U+FFFD.
    var storable: String {
        // Asked of every text that is stored.
        let bytes = utf8.span
        guard bytes.indices.contains(where: { bytes[$0] == 0 }) else { return self }
        return String(String.UnicodeScalarView(unicodeScalars.map { $0 == "\0" ? "\u{FFFD}" : $0 }))
    }
}
