// What a write must agree with in the store: the state the sender saw, what it refers to, what refers to it.

import Identity
import JSON
import Storage

extension ResourceService {
    /// Referring rows that a refusal names.
    private static let namedReferrers = 10

    /// What the sender sent back unasked must be what is there; `updated_at` decides whether they saw the last state.
    func checkUnchanged(_ input: PreparedInput, _ before: ResourceRecord) throws(ResourceError) {
        if let seen = input.expectedUpdate, let last = before.timestamp("updated_at"), seen != last {
            throw .conflict(
                message: "\(resource.name) \(before.id) was changed meanwhile",
                errors: [FieldError("updated_at", "is \(last.text) now, not \(seen.text)")]
            )
        }
        var errors: [FieldError] = []
        for (field, value) in input.echoes where !field.matches(value, before[field.name]) {
            errors.append(
                FieldError(
                    field.name,
                    field.isReadOnly
                        ? "is set by the server and cannot be changed" : "is set at creation and cannot be changed"
                )
            )
        }
        guard errors.isEmpty else { throw .invalid(errors) }
    }

    /// Every row referred to exists, and the caller may know of it.
    func checkReferences(
        _ values: [String: SQLValue],
        _ caller: Caller,
        _ connection: any SQLConnection
    ) throws {
        var errors: [FieldError] = []
        for field in resource.fields {
            guard let target = field.type.target, let value = values[field.name], value != .null else { continue }
            let wanted = Self.identifiers(value)
            guard !wanted.isEmpty else { continue }
            var condition: SQLFragment = "\"id\" IN (\(list: wanted.map { .integer($0) }))"
            if target.hasTeam, let scope = caller.teamCondition(column: "\"team\"") {
                condition = "\(condition) AND \(scope)"
            }
            // Locked, so that a delete of the target and this write cannot pass each other by.
            let lock = connection.dialect == .postgresql ? " FOR KEY SHARE" : ""
            let rows = try connection.query(
                fragment: "SELECT \"id\" AS id FROM \"\(raw: target.table)\" WHERE \(condition)\(raw: lock)"
            )
            let found = Set(try rows.map { try $0.int("id") })
            let missing = wanted.filter { !found.contains($0) }
            if !missing.isEmpty {
                let list = missing.prefix(Self.namedReferrers).map(String.init).joined(separator: ", ")
                errors.append(FieldError(field.name, "refers to \(target.resource) \(list), which does not exist"))
            }
        }
        guard errors.isEmpty else { throw ResourceError.invalid(errors) }
    }

    /// What refers to a row, one entry for each field that does. Rows of other teams are counted, not named.
    func referrers(to id: Int64, _ caller: Caller, _ connection: any SQLConnection) throws -> [FieldError] {
        var found: [FieldError] = []
        for reference in references {
            let column = reference.resource.qualified(reference.field)
            let condition: SQLFragment =
                reference.field.type.isList
                ? .element(of: column, in: [.integer(id)], connection.dialect) : "\(raw: column) = \(id)"
            let table = reference.resource.tableName
            guard let total = try count(table, condition, connection) else { continue }
            var visible = condition
            if let scope = reference.resource.scope(caller) { visible = "\(condition) AND \(scope)" }
            let rows = try connection.query(
                fragment: """
                    SELECT \(raw: table)."id" AS id FROM \(raw: table) WHERE \(visible) \
                    ORDER BY \(raw: table)."id" LIMIT \(Self.namedReferrers)
                    """
            )
            let ids = try rows.map { String(try $0.int("id")) }.joined(separator: ", ")
            found.append(
                FieldError(
                    reference.resource.name,
                    "\(total) \(total == 1 ? "row refers" : "rows refer") to it by \(reference.field.name)"
                        + (ids.isEmpty ? "" : ": \(ids)\(total > Int64(rows.count) ? " …" : "")")
                )
            )
        }
        let declared = Set(references.map { "\($0.resource.table).\($0.field.name)" })
        for referrer in resource.referrers where !declared.contains("\(referrer.table).\(referrer.column)") {
            let condition: SQLFragment = "\"\(raw: referrer.column)\" = \(id)"
            if let total = try count("\"\(referrer.table)\"", condition, connection) {
                found.append(FieldError(referrer.name, "\(total) \(total == 1 ? "row refers" : "rows refer") to it"))
            }
        }
        return found
    }

    /// How many rows, or nil for none.
    private func count(_ table: String, _ condition: SQLFragment, _ connection: any SQLConnection) throws -> Int64? {
        let rows = try connection.query(
            fragment: "SELECT COUNT(*) AS total FROM \(raw: table) WHERE \(condition)"
        )
        let total = try rows.first?.int("total") ?? 0
        return total == 0 ? nil : total
    }

    /// Runs a statement, and tells a broken rule of the schema as the fault of a field.
    func translatingConstraints<T>(
        deleting: Bool = false,
        _ statement: () throws(DatabaseError) -> T
    ) throws -> T {
        do throws(DatabaseError) {
            return try statement()
        } catch {
            guard case .constraint(let constraint) = error.kind else { throw error }
            // PostgreSQL quotes columns that are called like a word of SQL.
            let columns = error.constraintColumns.map { $0.filter { $0 != "\"" } }
            let fields = columns.filter { resource.field($0) != nil && $0 != "team" }
            switch constraint {
            case .unique:
                throw ResourceError.conflict(
                    message: fields.isEmpty
                        ? "such a \(resource.name) exists already"
                        : "a \(resource.name) with this \(fields.joined(separator: " and ")) exists already",
                    errors: fields.map { FieldError($0, "is taken") }
                )
            case .foreignKey where deleting:
                throw ResourceError.conflict(
                    message: "\(resource.name) cannot be deleted: it is referred to",
                    errors: []
                )
            case .foreignKey:
                throw ResourceError.invalid(
                    (fields.isEmpty ? [""] : fields).map { FieldError($0, "refers to a row that does not exist") }
                )
            case .notNull, .check:
                throw ResourceError.invalid(
                    (fields.isEmpty ? [""] : fields).map { FieldError($0, "has a value that is not allowed") }
                )
            }
        }
    }

    /// The ids in a reference, or in the JSON text of a list of them, each once.
    private static func identifiers(_ value: SQLValue) -> [Int64] {
        switch value {
        case .integer(let id):
            return [id]
        case .text(let text):
            let elements = (try? JSONValue(parsing: text))?.array ?? []
            var seen: Set<Int64> = []
            return elements.compactMap { $0.int.map { Int64($0) } }.filter { seen.insert($0).inserted }
        default:
            return []
        }
    }
}

extension Field {
    /// Whether a value that was sent back is the one that is stored.
    func matches(_ given: JSONValue, _ stored: SQLValue) -> Bool {
        if given.isNull { return stored == .null }
        if case .success(let value) = storable(given, checkingEnumeration: false), value == stored { return true }
        return given == json(stored)
    }
}
