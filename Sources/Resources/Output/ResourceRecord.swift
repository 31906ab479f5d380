// A row in memory: values by field name, as the store holds them.

package import JSON
package import Storage

/// The values of one row. Booleans are integers 0 and 1, times epoch milliseconds, JSON its text.
package struct ResourceRecord: Sendable, Hashable {
    package var values: [String: SQLValue]

    package init(_ values: [String: SQLValue] = [:]) {
        self.values = values
    }

    /// The value of a field; null when it is not set.
    package subscript(_ field: String) -> SQLValue {
        get { values[field] ?? .null }
        set { values[field] = newValue }
    }

    /// The row's number; 0 before it has one.
    package var id: Int64 { integer("id") ?? 0 }

    package func integer(_ field: String) -> Int64? {
        switch self[field] {
        case .integer(let number): number
        case .boolean(let flag): flag ? 1 : 0
        default: nil
        }
    }

    package func text(_ field: String) -> String? {
        if case .text(let text) = self[field] { text } else { nil }
    }

    package func number(_ field: String) -> Double? {
        switch self[field] {
        case .real(let number): number
        case .integer(let number): Double(number)
        default: nil
        }
    }

    package func boolean(_ field: String) -> Bool? { integer(field).map { $0 != 0 } }

    package func timestamp(_ field: String) -> Timestamp? { integer(field).map { Timestamp(milliseconds: $0) } }

    /// The value of an object, array or list field.
    package func json(_ field: String) -> JSONValue? { text(field).flatMap { try? JSONValue(parsing: $0) } }

    package mutating func set(_ field: String, _ value: String?) { self[field] = value.map { .text($0) } ?? .null }
    package mutating func set(_ field: String, _ value: Int64?) { self[field] = value.map { .integer($0) } ?? .null }
    package mutating func set(_ field: String, _ value: Bool) { self[field] = .integer(value ? 1 : 0) }
    package mutating func set(_ field: String, _ value: Timestamp?) { set(field, value?.milliseconds) }
    package mutating func set(_ field: String, json value: JSONValue) { self[field] = .text(value.text) }
}

extension Resource {
    /// A record out of a row that holds `fields`.
    func record(_ row: SQLRow, _ fields: [Field]) -> ResourceRecord {
        var record = ResourceRecord()
        record.values.reserveCapacity(fields.count)
        for field in fields { record.values[field.name] = row[field.name] }
        return record
    }

    /// The columns of `fields` for a SELECT or RETURNING list.
    func columns(_ fields: [Field]) -> String {
        fields.map(\.column).joined(separator: ", ")
    }
}
