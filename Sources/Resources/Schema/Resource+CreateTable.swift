// The table of a resource, as statements for a migration.

package import Storage

extension Resource {
    /// CREATE TABLE and its indexes, for use inside a `Migration`.
    ///
    /// The statements follow the declaration as it is now. A migration that has been released must go on making what
    /// it made then: when a declaration changes afterwards, the change needs a new migration with its own ALTER
    /// TABLE, and the released one must stop calling this helper (write out what it gave) or leave the field out. `schemaProblems` in a test
    /// shows when declaration and database have drifted apart.
    ///
    /// - Parameter later: fields that came after the migration's release, and have one of their own.
    package func createTableStatements(_ dialect: SQLDialect, without later: Set<String> = []) -> [String] {
        let definitions = fields.filter { !later.contains($0.name) }.map { "    " + definition(of: $0, dialect) }
        let table = "CREATE TABLE \(tableName) (\n\(definitions.joined(separator: ",\n"))\n)"
        return [table] + indexStatements
    }

    private func definition(of field: Field, _ dialect: SQLDialect) -> String {
        if field.name == "id" {
            // Counted up and never reused: the number of a deleted row is never given to another.
            return "\(field.column) \(dialect.identityColumn)"
        }
        var text = "\(field.column) \(field.columnType(dialect))"
        if !field.isNullable { text += " NOT NULL" }
        if case .reference(let target) = field.type { text += " REFERENCES \"\(target.table)\" (\"id\")" }
        return text
    }

    private var indexStatements: [String] {
        var unique = uniqueTogether
        var plain = indexes
        for field in fields {
            switch field.uniqueness {
            case .none: break
            case .withinTeam: unique.append(["team", field.name])
            case .everywhere: unique.append([field.name])
            }
            // A reference is looked up by its target's deletion.
            if case .reference = field.type {
                plain.append([field.name])
            } else if field.isIndexed {
                plain.append([field.name])
            }
        }
        if hasTeam { plain.append(["team"]) }
        return unique.map { statement("CREATE UNIQUE INDEX", "uq", $0) }
            + plain.map { statement("CREATE INDEX", "ix", $0) }
    }

    private func statement(_ verb: String, _ prefix: String, _ names: [String]) -> String {
        let index = String("\(prefix)_\(table)_\(names.joined(separator: "_"))".prefix(63))
        return "\(verb) \"\(index)\" ON \(tableName) (\(names.map { "\"\($0)\"" }.joined(separator: ", ")))"
    }
}

extension Field {
    /// The column's type. Texts compare byte by byte on both engines, so that orders are the same.
    func columnType(_ dialect: SQLDialect) -> String {
        switch type {
        case .integer, .timestamp, .reference: "BIGINT"
        case .number: "DOUBLE PRECISION"
        case .boolean: "INTEGER"
        case .string, .text, .secret, .secretList, .object, .configuration, .array, .stringList, .integerList,
            .referenceList:
            dialect == .postgresql ? "TEXT COLLATE \"C\"" : "TEXT"
        }
    }
}
