// Inserts and updates of many rows with few statements, in SQL that both engines share.

/// Sizes in which rows go to the engine: few texts, so that they stay prepared.
private let batchSizes = [64, 16, 4, 1]

/// Cuts rows into runs of the sizes above.
private func inBatches(_ count: Int, _ body: (_ size: Int, Range<Int>) throws -> Void) rethrows {
    var next = 0
    for size in batchSizes {
        while count - next >= size {
            try body(size, next..<(next + size))
            next += size
        }
    }
}

/// `INSERT INTO table (columns) VALUES (…), (…)`.
package struct BatchInsert: Sendable {
    private let statements: [Int: String]

    /// - Parameter suffix: what follows the values: `RETURNING id`, `ON CONFLICT DO NOTHING`.
    package init(_ table: String, _ columns: [String], suffix: String = "") {
        var statements: [Int: String] = [:]
        for size in batchSizes {
            let tuples = (0..<size).map { row in
                "(\(SQLDialect.parameters(columns.count, from: row * columns.count + 1)))"
            }
            statements[size] =
                "INSERT INTO \(table) (\(columns.joined(separator: ", "))) VALUES \(tuples.joined(separator: ", ")) "
                + suffix
        }
        self.statements = statements
    }

    /// Inserts the rows, each with a value for each column; what `RETURNING` gives.
    @discardableResult
    package func run(_ rows: [[SQLValue]], _ connection: any SQLConnection) throws -> [SQLRow] {
        try run(rows.count, connection) { index, values in values += rows[index] }
    }

    /// The same with rows that are put into the statements' values as they go.
    ///
    /// - Parameter append: appends the values of a row.
    @discardableResult
    package func run(
        _ count: Int,
        _ connection: any SQLConnection,
        _ append: (_ row: Int, _ values: inout [SQLValue]) -> Void
    ) throws -> [SQLRow] {
        var returned: [SQLRow] = []
        try inBatches(count) { size, rows in
            var values: [SQLValue] = []
            for row in rows { append(row, &values) }
            returned += try connection.query(statements[size] ?? "", values)
        }
        return returned
    }
}

/// `UPDATE table SET … FROM (VALUES …) WHERE table.id = …`.
package struct BatchUpdate: Sendable {
    private let statements: [Int: String]

    /// - Parameter columns: with their types, since a parameter in VALUES has none of its own.
    package init(_ table: String, _ columns: [(name: String, type: String)]) {
        let all = [("id", "BIGINT")] + columns
        let sets = columns.enumerated().map { "\($0.element.name) = v.column\($0.offset + 2)" }
        var statements: [Int: String] = [:]
        for size in batchSizes {
            let tuples = (0..<size).map { row in
                let values = all.enumerated().map { column, definition in
                    "CAST($\(row * all.count + column + 1) AS \(definition.1))"
                }
                return "(\(values.joined(separator: ", ")))"
            }
            statements[size] =
                "UPDATE \(table) SET \(sets.joined(separator: ", ")) "
                + "FROM (VALUES \(tuples.joined(separator: ", "))) AS v WHERE \(table).id = v.column1"
        }
        self.statements = statements
    }

    /// Updates the rows; each begins with the id.
    package func run(_ rows: [[SQLValue]], _ connection: any SQLConnection) throws {
        try inBatches(rows.count) { size, range in
            _ = try connection.execute(statements[size] ?? "", Array(rows[range].joined()))
        }
    }
}
