// From one filter of a list to its SQL condition, every value a parameter.

import JSON
import Storage

/// The comparisons that a parameter's name can end in, after `__`.
package enum FilterSuffix: String, CaseIterable, Sendable {
    case gte
    case lte
    case gt
    case lt
    case contains
    case isnull

    /// Whether the comparison means something for the field.
    func fits(_ field: Field) -> Bool {
        switch self {
        case .gte, .lte, .gt, .lt: field.type.isScalarOrder
        case .contains: field.type.isText
        case .isnull: field.isNullable
        }
    }

    /// Reads on from "the value".
    var meaning: String {
        switch self {
        case .gte: "is this or greater (later)"
        case .lte: "is this or less (earlier)"
        case .gt: "is greater (later) than this"
        case .lt: "is less (earlier) than this"
        case .contains: "contains this, in upper or lower case"
        case .isnull: "is missing"
        }
    }

    fileprivate var sqlOperator: String {
        switch self {
        case .gte: ">="
        case .lte: "<="
        case .gt: ">"
        case .lt: "<"
        case .contains, .isnull: ""
        }
    }
}

extension Resource {
    /// No filter has more alternatives than this, no search more words than the second.
    static let maximumAlternatives = 200
    static let maximumSearchWords = 10
    /// Bytes of one filter's value, or of the search text.
    static let maximumFilterBytes = 1000

    /// `field=a,b`: equal to one of them; for a list field: has one of them.
    func equality(_ field: Field, _ texts: [String], _ dialect: SQLDialect) throws(FieldFault) -> SQLFragment {
        guard texts.count <= Self.maximumAlternatives else {
            throw FieldFault("must not have more than \(Self.maximumAlternatives) values")
        }
        var values: [SQLValue] = []
        for text in texts { values.append(try filterValue(field, text)) }
        let column = SQLFragment.raw(qualified(field))
        if field.type.isList { return .element(of: qualified(field), in: values, dialect) }
        if values.count == 1 { return "\(column) = \(values[0])" }
        return "\(column) IN (\(list: values))"
    }

    /// `field__gte=…` and the others.
    func compared(
        _ field: Field,
        _ comparison: FilterSuffix,
        _ text: String,
        _ dialect: SQLDialect
    ) throws(FieldFault) -> SQLFragment {
        let column = SQLFragment.raw(qualified(field))
        switch comparison {
        case .gte, .lte, .gt, .lt:
            return "\(column) \(raw: comparison.sqlOperator) \(try filterValue(field, text))"
        case .contains:
            guard !text.isEmpty else { throw FieldFault("must not be empty") }
            try Self.checkText(text)
            return .contains(qualified(field), text, dialect)
        case .isnull:
            guard let flag = Self.boolean(text) else { throw FieldFault("must be true or false") }
            return flag ? "\(column) IS NULL" : "\(column) IS NOT NULL"
        }
    }

    /// `search=`: every word is somewhere in one of the searchable fields.
    func searchConditions(_ text: String, _ dialect: SQLDialect) throws(FieldFault) -> [SQLFragment] {
        let searched = fields.filter(\.isSearchable)
        guard !searched.isEmpty else { throw FieldFault("is not possible in this list") }
        try Self.checkText(text)
        let words = text.split(whereSeparator: \.isWhitespace)
        guard words.count <= Self.maximumSearchWords else {
            throw FieldFault("must not have more than \(Self.maximumSearchWords) words")
        }
        return words.map { word in
            .joined(searched.map { .contains(qualified($0), String(word), dialect) }, " OR ", empty: "1 = 0")
        }
    }

    /// `-a,b` as ORDER BY terms, the id last, so that pages never overlap.
    func orderingTerms(_ text: String?) throws(FieldFault) -> SQLFragment {
        var names = ordering
        if let text {
            names = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        }
        var terms: [SQLFragment] = []
        var seen: Set<String> = []
        for name in names {
            let descends = name.hasPrefix("-")
            let plain = descends ? String(name.dropFirst()) : name
            guard let field = field(plain), field.isOrderable || text == nil else {
                let possible = fields.filter(\.isOrderable).map(\.name).joined(separator: ", ")
                throw FieldFault(
                    "must name fields out of \(possible), not \(plain.isEmpty ? "nothing" : "\(plain.prefix(50))")"
                )
            }
            guard seen.insert(plain).inserted else { throw FieldFault("names \(plain) twice") }
            terms.append(term(field, descends))
        }
        if !seen.contains("id") {
            terms.append(.raw(qualified(StandardFields.id) + (lastDescends(names) ? " DESC" : "")))
        }
        var result = terms[0]
        for term in terms.dropFirst() { result = "\(result), \(term)" }
        return result
    }

    /// The id follows the direction of the last term, so that an index on that term serves for both.
    private func lastDescends(_ names: [String]) -> Bool { names.last?.hasPrefix("-") ?? false }

    private func term(_ field: Field, _ descends: Bool) -> SQLFragment {
        var term = SQLFragment.raw(qualified(field))
        if field.ordersByEnumeration, let enumeration = field.enumeration {
            var cases: SQLFragment = "CASE \(term)"
            for (place, value) in enumeration.enumerated() {
                if case .success(let stored) = field.storable(value) {
                    cases = "\(cases) WHEN \(stored) THEN \(raw: String(place))"
                }
            }
            term = "\(cases) ELSE \(raw: String(enumeration.count)) END"
        }
        // Without it SQLite puts nulls first and PostgreSQL last.
        let nulls: SQLFragment = field.isNullable ? " NULLS LAST" : ""
        return "\(term)\(raw: descends ? " DESC" : "")\(nulls)"
    }

    /// A parameter's text as a value of the field.
    private func filterValue(_ field: Field, _ text: String) throws(FieldFault) -> SQLValue {
        try Self.checkText(text)
        switch field.type {
        case .integer, .reference, .integerList, .referenceList:
            guard let number = Int64(text) else { throw FieldFault("must be an integer") }
            return .integer(number)
        case .number:
            guard let number = Double(text), number.isFinite else { throw FieldFault("must be a number") }
            return .real(number)
        case .boolean:
            guard let flag = Self.boolean(text) else { throw FieldFault("must be true or false") }
            return .integer(flag ? 1 : 0)
        case .timestamp:
            do throws(TimestampError) {
                return .integer(try Timestamp(query: text).milliseconds)
            } catch {
                throw FieldFault(error.message)
            }
        case .string, .text, .stringList:
            if let enumeration = field.enumeration, !enumeration.contains(.string(text)) {
                throw FieldFault("must be one of \(enumeration.map(\.text).joined(separator: ", "))")
            }
            return .text(text)
        case .object, .configuration, .array, .secret, .secretList:
            throw FieldFault("is not a parameter of this list")
        }
    }

    static func checkText(_ text: String) throws(FieldFault) {
        guard text.utf8.count <= maximumFilterBytes else {
            throw FieldFault("must not be longer than \(maximumFilterBytes) bytes")
        }
        if text.utf8.contains(0) { throw FieldFault("must not contain the character U+0000") }
    }

    private static func boolean(_ text: String) -> Bool? {
        switch text {
        case "true", "True", "1": true
        case "false", "False", "0": false
        default: nil
        }
    }
}

extension SQLFragment {
    /// Contains, without regard to case (SQLite: of ASCII letters); `%` and `_` stand for themselves.
    static func contains(_ column: String, _ text: String, _ dialect: SQLDialect) -> SQLFragment {
        .placing(.text(SQLDialect.likePattern(containing: text))) { dialect.caseInsensitiveLike(column, $0) }
    }

    /// The JSON array in a column has one of the values as an element.
    static func element(of column: String, in values: [SQLValue], _ dialect: SQLDialect) -> SQLFragment {
        switch dialect {
        case .sqlite:
            return "EXISTS (SELECT 1 FROM json_each(\(raw: column)) WHERE json_each.value IN (\(list: values)))"
        case .postgresql:
            let texts = values.map { value in
                if case .integer(let number) = value { SQLValue.text(String(number)) } else { value }
            }
            return """
                EXISTS (SELECT 1 FROM json_array_elements_text(\(raw: column)::json) AS element (value) \
                WHERE element.value IN (\(list: texts)))
                """
        }
    }
}
