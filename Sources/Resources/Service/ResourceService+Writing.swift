// Inserts, updates and deletes, inside a transaction.

package import Identity
package import JSON
package import Storage

extension ResourceService {
    /// Creates a row inside a transaction of the caller's. Permission and verb are not asked for again.
    package func create(
        _ body: JSONObject,
        caller: Caller,
        team: Int64? = nil,
        requestID: String = "",
        on connection: any SQLConnection
    ) throws -> JSONValue {
        try insert(try resource.prepare(body, for: .create), caller, team, requestID, on: connection)
    }

    /// Changes a row inside a transaction of the caller's (PATCH).
    package func patch(
        id: Int64,
        _ body: JSONObject,
        caller: Caller,
        requestID: String = "",
        on connection: any SQLConnection
    ) throws -> JSONValue {
        try update(id, try resource.prepare(body, for: .patch), .patch, caller, requestID, on: connection)
    }

    func insert(
        _ input: PreparedInput,
        _ caller: Caller,
        _ team: Int64?,
        _ requestID: String,
        on connection: any SQLConnection
    ) throws -> JSONValue {
        let now = now()
        var record = ResourceRecord(resource.initialValues.merging(input.values) { _, given in given })
        if resource.hasTeam {
            guard let team = team ?? caller.currentTeam else {
                throw ResourceError.invalid("team", "cannot be set: the caller belongs to no team")
            }
            guard caller.seesRows(ofTeam: team) else {
                throw ResourceError.invalid("team", "is not a team of the caller")
            }
            record.set("team", team)
        }
        if resource.standard.contains(.createdAt) { record.set("created_at", now) }
        if resource.standard.contains(.updatedAt) { record.set("updated_at", now) }
        if resource.standard.contains(.createdBy) { record.set("created_by", caller.username) }
        try checkReferences(input.values, caller, connection)
        let context = WriteContext(
            operation: .create,
            before: nil,
            caller: caller,
            connection: connection,
            now: now
        )
        try resource.settleConfigurations(&record, nil)
        try resource.hooks.beforeWrite?(&record, context)

        let columns = resource.fields.filter { $0.name != "id" || record[$0.name] != .null }
        let stored = try translatingConstraints {
            () throws(DatabaseError) in
            try connection.query(
                fragment: """
                    INSERT INTO \(raw: resource.tableName) (\(raw: resource.columns(columns))) \
                    VALUES (\(list: columns.map { record[$0.name] })) \
                    RETURNING \(raw: resource.columns(resource.fields))
                    """
            )
        }
        guard let row = stored.first else {
            throw DatabaseError(.decoding, "INSERT into \(resource.table) returned no row")
        }
        let created = resource.record(row, resource.fields)
        try resource.hooks.afterWrite?(created, context)
        try audit?(
            resource.change(from: nil, to: created, caller: caller, at: now, requestID: requestID),
            connection
        )
        var answer = try rendered(created, caller, connection)
        for (name, secret) in input.generated { answer[name] = .string(secret) }
        return .object(answer)
    }

    func update(
        _ id: Int64,
        _ input: PreparedInput,
        _ operation: ResourceOperation,
        _ caller: Caller,
        _ requestID: String,
        on connection: any SQLConnection
    ) throws -> JSONValue {
        let before = try find(id, caller, on: connection, forUpdate: true)
        try checkUnchanged(input, before)
        try checkReferences(input.values.filter { before[$0.key] != $0.value }, caller, connection)
        // Later than the last change even when the clock stands still or went back: the value stands for the state.
        let now = max(self.now(), before.timestamp("updated_at")?.adding(milliseconds: 1) ?? self.now())
        var record = before
        for (name, value) in input.values { record[name] = value }
        let context = WriteContext(
            operation: operation,
            before: before,
            caller: caller,
            connection: connection,
            now: now
        )
        try resource.settleConfigurations(&record, before)
        try resource.hooks.beforeWrite?(&record, context)
        let changed = resource.fields.filter { $0.name != "id" && record[$0.name] != before[$0.name] }
        guard !changed.isEmpty else { return .object(try rendered(before, caller, connection)) }
        if resource.standard.contains(.updatedAt) { record.set("updated_at", now) }

        let written = resource.fields.filter { $0.name != "id" && record[$0.name] != before[$0.name] }
        var assignments: SQLFragment = "\(raw: written[0].column) = \(record[written[0].name])"
        for field in written.dropFirst() {
            assignments = "\(assignments), \(raw: field.column) = \(record[field.name])"
        }
        let stored = try translatingConstraints {
            () throws(DatabaseError) in
            try connection.query(
                fragment: """
                    UPDATE \(raw: resource.tableName) SET \(assignments) WHERE "id" = \(id) \
                    RETURNING \(raw: resource.columns(resource.fields))
                    """
            )
        }
        guard let row = stored.first else { throw ResourceError.notFound }
        let after = resource.record(row, resource.fields)
        try resource.hooks.afterWrite?(after, context)
        try audit?(
            resource.change(from: before, to: after, caller: caller, at: now, requestID: requestID),
            connection
        )
        return .object(try rendered(after, caller, connection))
    }

    func remove(_ id: Int64, _ caller: Caller, _ requestID: String, on connection: any SQLConnection) throws {
        let before = try find(id, caller, on: connection, forUpdate: true)
        let context = WriteContext(
            operation: .delete,
            before: before,
            caller: caller,
            connection: connection,
            now: now()
        )
        try resource.hooks.beforeDelete?(before, context)
        let obstacles = try referrers(to: id, caller, connection)
        guard obstacles.isEmpty else {
            throw ResourceError.conflict(
                message: "\(resource.name) \(id) cannot be deleted: it is referred to",
                errors: obstacles
            )
        }
        try translatingConstraints(deleting: true) { () throws(DatabaseError) in
            _ = try connection.execute(
                fragment: "DELETE FROM \(raw: resource.tableName) WHERE \"id\" = \(id)"
            )
        }
        try resource.hooks.afterDelete?(before, context)
        try audit?(
            resource.change(from: before, to: nil, caller: caller, at: context.now, requestID: requestID),
            connection
        )
    }
}
