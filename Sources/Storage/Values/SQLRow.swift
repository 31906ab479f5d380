// One row of a result, and the typed ways to read its columns.

/// The names of a result's columns, shared by its rows.
final class SQLColumns: Sendable {
    let names: [String]
    let positions: [String: Int]

    init(_ names: [String]) {
        self.names = names
        self.positions = Dictionary(zip(names, names.indices), uniquingKeysWith: { first, _ in first })
    }
}

/// A row. Columns are addressed by the names that the statement gives them; give every expression a lower-case alias
/// (`COUNT(*) AS total`), since engines name and fold the others differently. Of two columns of one name the first
/// counts.
package struct SQLRow: Sendable {
    private let shared: SQLColumns
    /// The values in the order of `columns`.
    package let values: [SQLValue]

    init(_ columns: SQLColumns, _ values: [SQLValue]) {
        self.shared = columns
        self.values = values
    }

    /// A row made by hand, for tests of code that reads rows.
    package init(columns: [String], values: [SQLValue]) {
        self.init(SQLColumns(columns), values)
    }

    /// The names of the columns, in order.
    package var columns: [String] { shared.names }

    /// The column's value; NULL when there is no such column (the typed getters throw then).
    package subscript(_ column: String) -> SQLValue {
        guard let position = shared.positions[column], position < values.count else { return .null }
        return values[position]
    }

    /// The integer in the column. A boolean counts as 0 or 1, and a real without a fraction as an integer.
    package func int(_ column: String) throws(DatabaseError) -> Int64 {
        try required(column, "an integer", Self.integer)
    }

    /// The integer in the column, `nil` for NULL.
    package func optionalInt(_ column: String) throws(DatabaseError) -> Int64? {
        try optional(column, "an integer", Self.integer)
    }

    /// The text in the column.
    package func text(_ column: String) throws(DatabaseError) -> String {
        try required(column, "text", Self.text)
    }

    /// The text in the column, `nil` for NULL.
    package func optionalText(_ column: String) throws(DatabaseError) -> String? {
        try optional(column, "text", Self.text)
    }

    /// The number in the column.
    package func real(_ column: String) throws(DatabaseError) -> Double {
        try required(column, "a number", Self.real)
    }

    /// The number in the column, `nil` for NULL.
    package func optionalReal(_ column: String) throws(DatabaseError) -> Double? {
        try optional(column, "a number", Self.real)
    }

    /// The boolean in the column: the integers 0 and 1, nothing else.
    package func bool(_ column: String) throws(DatabaseError) -> Bool {
        try required(column, "0 or 1", Self.boolean)
    }

    /// The boolean in the column, `nil` for NULL.
    package func optionalBool(_ column: String) throws(DatabaseError) -> Bool? {
        try optional(column, "0 or 1", Self.boolean)
    }

    /// The bytes in the column.
    package func blob(_ column: String) throws(DatabaseError) -> [UInt8] {
        try required(column, "a blob", Self.bytes)
    }

    /// The bytes in the column, `nil` for NULL.
    package func optionalBlob(_ column: String) throws(DatabaseError) -> [UInt8]? {
        try optional(column, "a blob", Self.bytes)
    }

    private func required<T>(
        _ column: String,
        _ wanted: String,
        _ convert: (SQLValue) -> T?
    ) throws(DatabaseError) -> T {
        guard let value = try optional(column, wanted, convert) else {
            throw DatabaseError(.decoding, "column \(column): \(wanted) was expected, found NULL")
        }
        return value
    }

    private func optional<T>(
        _ column: String,
        _ wanted: String,
        _ convert: (SQLValue) -> T?
    ) throws(DatabaseError) -> T? {
        guard let position = shared.positions[column], position < values.count else {
            throw DatabaseError(.decoding, "the result has no column \(column)")
        }
        if values[position].isNull { return nil }
        guard let value = convert(values[position]) else {
            throw DatabaseError(
                .decoding,
                "column \(column): \(wanted) was expected, found \(values[position].kindName)"
            )
        }
        return value
    }

    private static func integer(_ value: SQLValue) -> Int64? {
        switch value {
        case .integer(let number): number
        case .boolean(let flag): flag ? 1 : 0
        case .real(let number): Int64(exactly: number)
        default: nil
        }
    }

    private static func real(_ value: SQLValue) -> Double? {
        switch value {
        case .real(let number): number
        case .integer(let number): Double(number)
        default: nil
        }
    }

    private static func text(_ value: SQLValue) -> String? {
        if case .text(let text) = value { text } else { nil }
    }

    private static func boolean(_ value: SQLValue) -> Bool? {
        switch value {
        case .boolean(let flag): flag
        case .integer(0): false
        case .integer(1): true
        default: nil
        }
    }

    private static func bytes(_ value: SQLValue) -> [UInt8]? {
        if case .blob(let bytes) = value { bytes } else { nil }
    }
}
