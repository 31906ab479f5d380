// From a JSON value to what the store keeps, or to the words that say why not.

import JSON
import Storage

/// Why a value does not fit its field; reads on from the field's name.
struct FieldFault: Error, Sendable {
    var message: String

    init(_ message: String) {
        self.message = message
    }
}

extension Field {
    /// No list has more elements than this.
    static let maximumElements = 1000

    /// The value as stored, after every rule of the declaration. Null is the caller's business, sealing of secrets too.
    func storable(_ value: JSONValue, checkingEnumeration: Bool = true) -> Result<SQLValue, FieldFault> {
        do throws(FieldFault) {
            let stored = try typed(value)
            if checkingEnumeration { try checkEnumeration(value) }
            if let message = check?(value) { throw FieldFault(message) }
            return .success(stored)
        } catch {
            return .failure(error)
        }
    }

    private func typed(_ value: JSONValue) throws(FieldFault) -> SQLValue {
        switch type {
        case .string, .text, .secret:
            return .text(try text(value))
        case .integer, .reference:
            return .integer(try integer(value))
        case .number:
            guard case .number(let number) = value else { throw mismatch("a number", value) }
            guard number.double.isFinite else { throw FieldFault("is too large") }
            try checkRange(number.double)
            return .real(number.double)
        case .boolean:
            guard case .bool(let flag) = value else { throw mismatch("a boolean", value) }
            return .integer(flag ? 1 : 0)
        case .timestamp:
            do throws(TimestampError) {
                return .integer(try Timestamp(json: value).milliseconds)
            } catch {
                throw FieldFault(error.message)
            }
        case .object, .configuration:
            guard case .object = value else { throw mismatch("an object", value) }
            return .text(try bounded(value))
        case .array:
            guard case .array = value else { throw mismatch("an array", value) }
            return .text(try bounded(value))
        case .stringList, .secretList, .integerList, .referenceList:
            return .text(try list(value))
        }
    }

    private func text(_ value: JSONValue, _ prefix: String = "") throws(FieldFault) -> String {
        guard case .string(let text) = value else { throw mismatch("\(prefix)a string", value) }
        // PostgreSQL's text cannot hold it (PostgreSQL manual, section 8.3).
        if text.utf8.contains(0) { throw FieldFault("must not contain the character U+0000") }
        if text.utf8.count > effectiveMaxLength, text.unicodeScalars.count > effectiveMaxLength {
            throw FieldFault("must not be longer than \(effectiveMaxLength) characters")
        }
        if text.utf8.count < effectiveMinLength * 4, text.unicodeScalars.count < effectiveMinLength {
            throw FieldFault(
                text.isEmpty ? "must not be empty" : "must not be shorter than \(effectiveMinLength) characters"
            )
        }
        return text
    }

    private func integer(_ value: JSONValue, _ prefix: String = "") throws(FieldFault) -> Int64 {
        guard case .number(let number) = value, let whole = number.int else {
            throw mismatch("\(prefix)an integer", value)
        }
        try checkRange(Double(whole))
        return whole
    }

    private func list(_ value: JSONValue) throws(FieldFault) -> String {
        guard case .array(let elements) = value else { throw mismatch("an array", value) }
        guard elements.count <= Self.maximumElements else {
            throw FieldFault("must not have more than \(Self.maximumElements) elements")
        }
        for element in elements {
            switch type {
            case .stringList, .secretList: _ = try text(element, "an array whose elements are each ")
            default: _ = try integer(element, "an array whose elements are each ")
            }
        }
        return value.text
    }

    private func bounded(_ value: JSONValue) throws(FieldFault) -> String {
        let text = value.text
        guard text.utf8.count <= effectiveMaxLength else {
            throw FieldFault("must not be longer than \(effectiveMaxLength) bytes of JSON")
        }
        return text
    }

    private func checkRange(_ number: Double) throws(FieldFault) {
        if let minimum, number < minimum { throw FieldFault("must be at least \(Self.plain(minimum))") }
        if let maximum, number > maximum { throw FieldFault("must be at most \(Self.plain(maximum))") }
    }

    private func checkEnumeration(_ value: JSONValue) throws(FieldFault) {
        guard let enumeration else { return }
        let values: [JSONValue] = if case .array(let elements) = value, type.isList { elements } else { [value] }
        for value in values where !enumeration.contains(value) {
            throw FieldFault("must be one of \(enumeration.map(\.text).joined(separator: ", "))")
        }
    }

    private func mismatch(_ expected: String, _ value: JSONValue) -> FieldFault {
        let vowel = ["array", "object", "integer"].contains(value.typeName)
        let given = value.isNull ? "null" : "\(vowel ? "an" : "a") \(value.typeName)"
        // A number that is no integer, an array with a wrong element: the type's name would say nothing.
        if case .number = value, expected.hasSuffix("an integer") { return FieldFault("must be \(expected)") }
        return FieldFault("must be \(expected), not \(given)")
    }

    private static func plain(_ number: Double) -> String {
        Int64(exactly: number).map(String.init) ?? String(number)
    }
}
