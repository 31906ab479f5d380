// Compares a declaration with the table that the migrations made.

package import Storage

extension Resource {
    /// What the declaration says and the table does not have, in words; empty when they agree. For tests and `doctor`.
    package func schemaProblems(_ database: any Database) async throws -> [String] {
        try await database.read { try self.schemaProblems($0) }
    }

    /// The same inside a transaction.
    package func schemaProblems(_ connection: any SQLConnection) throws -> [String] {
        let columns = try Self.columns(of: table, connection)
        guard !columns.isEmpty else { return ["the table \(table) is not there"] }
        var problems: [String] = []
        // The key of a table is never null or counts itself; the columns of a view are not declared to be anything.
        let isView = columns["id"].map { !$0.notNull && !$0.hasDefault } ?? false
        for field in fields where field.name != "id" {
            guard let column = columns[field.name] else {
                problems.append("\(table).\(field.name) is not there")
                continue
            }
            let expected = Self.family(field.columnType(connection.dialect))
            if Self.family(column.type) != expected {
                problems.append("\(table).\(field.name) is \(column.type), not \(expected)")
            }
            if !isView, column.notNull == field.isNullable {
                problems.append("\(table).\(field.name) \(column.notNull ? "must not be" : "must be") NOT NULL")
            }
        }
        let declared = Set(fields.map(\.name))
        for (name, column) in columns.sorted(by: { $0.key < $1.key })
        where !declared.contains(name) && column.notNull && !column.hasDefault {
            problems.append("\(table).\(name) is NOT NULL without default and not declared: inserts will fail")
        }
        return problems
    }

    private struct Column {
        var type: String
        var notNull: Bool
        var hasDefault: Bool
    }

    private static func columns(of table: String, _ connection: any SQLConnection) throws -> [String: Column] {
        let rows =
            switch connection.dialect {
            case .sqlite:
                try connection.query(
                    """
                    SELECT name, type AS kind, "notnull" AS required, dflt_value IS NOT NULL OR pk > 0 AS defaulted
                    FROM pragma_table_info($1)
                    """,
                    [.text(table)]
                )
            case .postgresql:
                try connection.query(
                    """
                    SELECT column_name::text AS name, data_type::text AS kind,
                        CASE WHEN is_nullable = 'NO' THEN 1 ELSE 0 END AS required,
                        CASE WHEN column_default IS NOT NULL OR is_identity = 'YES' THEN 1 ELSE 0 END AS defaulted
                    FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = $1
                    """,
                    [.text(table)]
                )
            }
        var columns: [String: Column] = [:]
        for row in rows {
            columns[try row.text("name")] = Column(
                type: try row.text("kind"),
                notNull: try row.int("required") != 0,
                hasDefault: try row.int("defaulted") != 0
            )
        }
        return columns
    }

    /// Types that hold the same values, whatever they are called.
    private static func family(_ type: String) -> String {
        let name = type.uppercased()
        if name.contains("INT") { return "integer" }
        if name.contains("DOUBLE") || name.contains("REAL") { return "number" }
        return "text"
    }
}
