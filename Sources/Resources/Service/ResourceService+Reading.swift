// Lists and single rows, inside a transaction.

package import Identity
package import JSON
package import Storage

extension ResourceService {
    /// A page for other rooms that read inside a transaction of theirs. The permission is the caller's business here.
    package func page(
        _ request: ListRequest,
        _ caller: Caller,
        on connection: any SQLConnection
    ) throws -> ResourcePage {
        let fields = resource.visibleFields
        let condition = SQLFragment.joined(request.conditions, " AND ", empty: "1 = 1")
        let rows = try connection.query(
            fragment: """
                SELECT \(raw: resource.columns(fields)) FROM \(raw: resource.tableName) WHERE \(condition) \
                ORDER BY \(request.ordering) LIMIT \(request.pageSize) OFFSET \(request.offset)
                """
        )
        let count: Int64
        if rows.count < request.pageSize, !rows.isEmpty || request.page == 1 {
            // The last page: what lies before it is known.
            count = Int64(request.offset + rows.count)
        } else {
            let counted = try connection.query(
                fragment: "SELECT COUNT(*) AS total FROM \(raw: resource.tableName) WHERE \(condition)"
            )
            count = try counted.first?.int("total") ?? 0
        }
        let records = rows.map { resource.record($0, fields) }
        return ResourcePage(
            count: count,
            page: request.page,
            pageSize: request.pageSize,
            results: try resource.objects(records, connection, caller)
        )
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
