// Finds the contradictions in a declaration, so that they show at start and not in a request.

import Identity
import JSON

extension Resource {
    /// The query parameters that every list has.
    static let listParameters: Set<String> = ["page", "page_size", "ordering", "search"]

    /// What is wrong with the declaration; empty when it can be used. `ResourceCatalog` refuses what has problems.
    package var problems: [String] {
        var problems: [String] = []
        if !Self.isIdentifier(name) { problems.append("the name \(name) is no identifier") }
        if !Self.isIdentifier(table) { problems.append("the table \(table) is no identifier") }
        if !path.hasPrefix("/") || path.hasSuffix("/") {
            problems.append("the path \(path) must begin with a slash and not end with one")
        }
        for permission in [permissions.view, permissions.manage] where !Permission.all.contains(permission) {
            problems.append("the permission \(permission.name) is not in the catalogue, so nobody has it")
        }
        var seen: Set<String> = []
        for field in fields {
            if !seen.insert(field.name).inserted { problems.append("the field \(field.name) is declared twice") }
            problems += faults(in: field).map { "\(field.name) \($0)" }
        }
        for computed in computed where !seen.insert(computed.name).inserted {
            problems.append("the computed field \(computed.name) has the name of another")
        }
        for name in ordering.map({ $0.hasPrefix("-") ? String($0.dropFirst()) : $0 }) where field(name) == nil {
            problems.append("is ordered by \(name), which is no field")
        }
        for name in (uniqueTogether + indexes).joined() where field(name) == nil {
            problems.append("has an index on \(name), which is no field")
        }
        for referrer in referrers
        where !Self.isIdentifier(referrer.table) || !Self.isIdentifier(referrer.column) {
            problems.append("the referrer \(referrer.name) names no table or column")
        }
        return problems + filterProblems
    }

    private func faults(in field: Field) -> [String] {
        var problems: [String] = []
        if !Self.isIdentifier(field.name) || field.name.contains("__") { problems.append("is no good name") }
        if field.isSecret, field.isSearchable || field.isFilterable || field.isOrderable {
            problems.append("is secret and cannot be searched, filtered or ordered by")
        }
        if field.isSecret, field.isRequired, field.isReadOnly { problems.append("is secret and cannot be read-only") }
        if field.isSearchable, !field.type.isText { problems.append("is no text and cannot be searched") }
        switch field.type {
        case .object, .configuration, .array:
            if field.isFilterable || field.isOrderable { problems.append("cannot be filtered or ordered by") }
        case .stringList, .integerList, .referenceList:
            if field.isOrderable { problems.append("is a list and cannot be ordered by") }
        default: break
        }
        if field.isFilterable, Self.listParameters.contains(field.name) {
            problems.append("has the name of a list parameter and cannot be filtered")
        }
        if field.uniqueness == .withinTeam, !hasTeam { problems.append("is unique in a team that is not there") }
        if field.ordersByEnumeration, field.enumeration == nil { problems.append("has no enumeration to order by") }
        if let value = field.defaultValue {
            if field.isRequired { problems.append("is required and has a default") }
            if case .failure(let fault) = field.storable(value) {
                problems.append("has a default that \(fault.message)")
            }
        }
        for value in field.enumeration ?? [] {
            let elements: JSONValue = field.type.isList ? .array([value]) : value
            if case .failure(let fault) = field.storable(elements, checkingEnumeration: false) {
                problems.append("allows a value that \(fault.message)")
            }
        }
        return problems
    }

    private var filterProblems: [String] {
        var problems: [String] = []
        for filter in filters {
            switch filter.pattern {
            case .exact(let name):
                if Self.listParameters.contains(name) || field(name)?.isFilterable == true {
                    problems.append("the filter \(name) has the name of another parameter")
                }
            case .prefix(let prefix):
                if prefix.isEmpty { problems.append("a filter takes every parameter") }
                if let field = fields.first(where: { $0.isFilterable && $0.name.hasPrefix(prefix) }) {
                    problems.append("the filter \(prefix)… hides the field \(field.name)")
                }
            }
        }
        return problems
    }

    /// `[a-z_][a-z0-9_]*`, at most 63 bytes (PostgreSQL's limit): what needs no escaping in SQL.
    static func isIdentifier(_ name: String) -> Bool {
        let bytes = name.utf8
        guard let first = bytes.first, bytes.count <= 63 else { return false }
        return (first == UInt8(ascii: "_") || (97...122).contains(first))
            && bytes.allSatisfy { $0 == UInt8(ascii: "_") || (97...122).contains($0) || (48...57).contains($0) }
    }
}

extension Field {
    var isSecret: Bool { type.isSecret }
}
