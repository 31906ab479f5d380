// Lists and single rows, inside a transaction.

package import Identity
package import JSON
package import Storage

extension ResourceService {
    /// A page for other rooms that read inside a transaction of theirs. The permission is the caller's business here.
    ///
    /// - Parameter path: by which indexes SQLite is to read; then the matches are counted first, since their number
    ///   decides how the page is read.
    package func page(
        _ request: ListRequest,
        _ caller: Caller,
        path: AccessPath? = nil,
        on connection: any SQLConnection
    ) throws -> ResourcePage {
        let condition = SQLFragment.joined(request.conditions, " AND ", empty: "1 = 1")
        let dialect = connection.dialect
        let known = try path.map { try total(condition, $0.counting(dialect), connection) }
        let reading = path.map { $0.reading(matches: known ?? 0, dialect) } ?? ""
        let fields = resource.visibleFields
        let rows = try connection.query(
            fragment: """
                SELECT \(raw: resource.columns(fields)) FROM \(raw: resource.tableName)\(raw: reading) \
                WHERE \(condition) ORDER BY \(request.ordering) LIMIT \(request.pageSize) OFFSET \(request.offset)
                """
        )
        let count: Int64
        if let known {
            count = known
        } else if rows.count < request.pageSize, !rows.isEmpty || request.page == 1 {
            // The last page: what lies before it is known.
            count = Int64(request.offset + rows.count)
        } else {
            count = try total(condition, "", connection)
        }
        let records = rows.map { resource.record($0, fields) }
        return ResourcePage(
            count: count,
            page: request.page,
            pageSize: request.pageSize,
            results: try resource.objects(records, connection, caller)
        )
    }

    /// - Parameter access: what follows the table's name.
    private func total(
        _ condition: SQLFragment,
        _ access: String,
        _ connection: any SQLConnection
    ) throws -> Int64 {
        // Without WHERE SQLite adds up the pages of an index instead of stepping through its rows.
        let restriction: SQLFragment = condition == "1 = 1" ? "" : " WHERE \(condition)"
        return try connection.query(
            fragment: "SELECT COUNT(*) AS total FROM \(raw: resource.tableName)\(raw: access)\(restriction)"
        ).first?.int("total") ?? 0
    }

    /// One row as answers show it, for other rooms that read inside a transaction of theirs.
    package func row(_ id: Int64, _ caller: Caller, on connection: any SQLConnection) throws -> JSONObject {
        try rendered(try find(id, caller, on: connection), caller, connection)
    }

    /// The row, whole, if it exists and the caller may know of it; a row of another team is not found either.
    package func find(
        _ id: Int64,
        _ caller: Caller,
        on connection: any SQLConnection,
        forUpdate: Bool = false
    ) throws -> ResourceRecord {
        var condition: SQLFragment = "\(raw: resource.qualified(StandardFields.id)) = \(id)"
        if let scope = resource.scope(caller) { condition = "\(condition) AND \(scope)" }
        let lock = forUpdate ? connection.dialect.forUpdate() : ""
        let rows = try connection.query(
            fragment: """
                SELECT \(raw: resource.columns(resource.fields)) FROM \(raw: resource.tableName) \
                WHERE \(condition)\(raw: lock)
                """
        )
        guard let row = rows.first else { throw ResourceError.notFound }
        return resource.record(row, resource.fields)
    }
}
