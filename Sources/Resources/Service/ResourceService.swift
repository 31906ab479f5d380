// The verbs of a resource on a database: what a route calls, without HTTP.

package import Identity
package import JSON
package import Storage

/// Lists, gets, creates, replaces, patches and deletes rows of one resource, with the caller's rights.
///
/// Every method throws `ResourceError` for what the caller can mend and `DatabaseError` for what the store cannot do.
/// A write returns only after its commit is durable.
package struct ResourceService: Sendable {
    package let resource: Resource
    let references: [ResourceCatalog.InboundReference]
    let database: any Database
    let audit: ChangeRecorder?
    let clock: WallClock

    /// - Parameters:
    ///   - catalog: must contain the resource; it knows who refers to it.
    ///   - audit: called inside the transaction of each change; `auditLog` makes one out of an `AuditSink`.
    package init(
        _ resource: Resource,
        catalog: ResourceCatalog,
        database: any Database,
        audit: ChangeRecorder? = nil,
        clock: WallClock = .system
    ) throws(ResourceDeclarationError) {
        guard catalog.resource(named: resource.name) != nil else {
            throw ResourceDeclarationError(problems: ["\(resource.name) is not in the catalogue"])
        }
        self.resource = resource
        references = catalog.references(to: resource.name)
        self.database = database
        self.audit = audit
        self.clock = clock
    }

    /// The row number in a path; what is no number names no row.
    package static func id(_ text: String) throws(ResourceError) -> Int64 {
        guard let id = Int64(text), id > 0, text.utf8.allSatisfy({ (48...57).contains($0) }) else { throw .notFound }
        return id
    }

    /// A page of the rows that the caller may see. See `Resource.listRequest` for the parameters.
    package func list(query: [(String, String)], caller: Caller) async throws -> ResourcePage {
        try authorize(.list, caller)
        let request = try resource.listRequest(query, caller: caller, dialect: database.dialect)
        return try await database.read { try self.page(request, caller, on: $0) }
    }

    /// One row.
    package func get(id: Int64, caller: Caller) async throws -> JSONValue {
        try authorize(.get, caller)
        return try await database.read { connection in
            let record = try self.find(id, caller, on: connection)
            return .object(try self.rendered(record, caller, connection))
        }
    }

    /// A new row, in the caller's current team unless another of theirs is named. The answer is the row as stored,
    /// with the secrets made for it, which nobody will see again.
    package func create(
        _ body: JSONObject,
        caller: Caller,
        team: Int64? = nil,
        requestID: String = ""
    ) async throws -> JSONValue {
        try authorize(.create, caller)
        let input = try resource.prepare(body, for: .create)
        return try await database.write { try self.insert(input, caller, team, requestID, on: $0) }
    }

    /// The row with everything that can be written replaced (PUT).
    package func replace(
        id: Int64,
        _ body: JSONObject,
        caller: Caller,
        requestID: String = ""
    ) async throws -> JSONValue {
        try await change(id, body, .replace, caller, requestID)
    }

    /// The row with the given fields changed (PATCH).
    package func patch(
        id: Int64,
        _ body: JSONObject,
        caller: Caller,
        requestID: String = ""
    ) async throws -> JSONValue {
        try await change(id, body, .patch, caller, requestID)
    }

    /// Removes a row, unless something refers to it.
    package func delete(id: Int64, caller: Caller, requestID: String = "") async throws {
        try authorize(.delete, caller)
        try await database.write { try self.remove(id, caller, requestID, on: $0) }
    }

    private func change(
        _ id: Int64,
        _ body: JSONObject,
        _ operation: ResourceOperation,
        _ caller: Caller,
        _ requestID: String
    ) async throws -> JSONValue {
        try authorize(operation, caller)
        let input = try resource.prepare(body, for: operation)
        return try await database.write { try self.update(id, input, operation, caller, requestID, on: $0) }
    }

    /// Refuses verbs that the resource does not have and callers who lack the permission.
    package func authorize(_ operation: ResourceOperation, _ caller: Caller) throws(ResourceError) {
        guard resource.operations.contains(operation) else { throw .notAllowed(operation) }
        let permission = operation.isWrite ? resource.permissions.manage : resource.permissions.view
        guard caller.may(permission) else { throw .forbidden(permission) }
    }

    func now() -> Timestamp { Timestamp(milliseconds: clock.now()) }

    func rendered(
        _ record: ResourceRecord,
        _ caller: Caller,
        _ connection: any SQLConnection
    ) throws -> JSONObject {
        try resource.objects([record], connection, caller).first ?? JSONObject()
    }
}
