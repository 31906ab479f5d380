// A resource whose rows stand beside entries of the environment and of files, which can only be seen here.

package import Identity
package import JSON
import Logging
package import Resources
import Storage

/// The verbs of such a resource. Writes are in force on this node when they return.
package struct ShelvedResource: Sendable {
    /// The rows.
    package let service: ResourceService
    let database: any Database
    let list: ShelvedList
    /// Members by which a path may name an entry.
    let names: [String]
    /// What is no row, as far as it is in force.
    let fixed: @Sendable () -> [FixedEntry]
    /// Puts what is stored in force.
    var apply: @Sendable () async throws -> Void
    let logger: Logger
    /// What a caller without the permission to manage does not see.
    var hidden: [String] = []
    /// Other names of members, taken at creation when they hold a text.
    var aliases: [String: String] = [:]

    /// Query parameters of the list, besides those of every list.
    package var filters: [String] { list.filters }
    package var orderings: [String] { list.ordered }

    /// A page of all: rows, and what stands beside them.
    package func list(query: [(String, String)], caller: Caller) async throws -> ResourcePage {
        try service.authorize(.get, caller)
        let resource = service.resource
        let rows = try await database.read { connection in
            try resource.objects(
                try StoredConfiguration.records(of: resource, connection),
                connection,
                caller
            )
        }
        return try list.page(of: (rows + fixed().map(\.object)).map { seen($0, caller) }, query: query)
    }

    package func get(_ id: String, caller: Caller) async throws -> JSONValue {
        try service.authorize(.get, caller)
        switch try await find(id) {
        case .fixed(let entry): return .object(seen(entry.object, caller))
        case .row(let id): return try await row(id, caller)
        }
    }

    package func create(_ body: JSONObject, caller: Caller, requestID: String) async throws -> JSONValue {
        var body = body
        for (alias, name) in aliases where body[name] == nil && body[alias]?.string != nil {
            body[name] = body.removeValue(forKey: alias)
        }
        let made = try await service.create(body, caller: caller, requestID: requestID)
        return await inForce(made, made["id"]?.number?.int ?? 0, caller)
    }

    /// PUT or PATCH.
    package func change(
        _ id: String,
        _ body: JSONObject,
        as operation: ResourceOperation,
        caller: Caller,
        requestID: String
    ) async throws -> JSONValue {
        try service.authorize(operation, caller)
        let id = try await rowID(id, "changed")
        let written =
            if operation == .replace {
                try await service.replace(id: id, body, caller: caller, requestID: requestID)
            } else {
                try await service.patch(id: id, body, caller: caller, requestID: requestID)
            }
        return await inForce(written, id, caller)
    }

    package func delete(_ id: String, caller: Caller, requestID: String) async throws {
        try service.authorize(.delete, caller)
        try await service.delete(id: try await rowID(id, "deleted"), caller: caller, requestID: requestID)
        do { try await apply() } catch { tellLate(error) }
    }

    /// A row that has been written, as it stands now that it is in force. It is committed, so that nothing that fails
    /// here is the write's failure: the row is answered as it was written, and the watch puts it in force.
    private func inForce(_ written: JSONValue, _ id: Int64, _ caller: Caller) async -> JSONValue {
        do {
            try await apply()
            return try await row(id, caller)
        } catch {
            tellLate(error)
            return .object(seen(written.object ?? [:], caller))
        }
    }

    private func tellLate(_ error: any Error) {
        logger.warning(
            "a stored change is not in force yet",
            metadata: ["resource": "\(service.resource.name)", "reason": "\(error)"]
        )
    }

    // MARK: Who is meant

    enum Found {
        case row(Int64)
        case fixed(FixedEntry)
    }

    /// By number, else by name: then whoever is in force under it, else the row of that name.
    func find(_ text: String) async throws -> Found {
        let entries = fixed()
        if let id = Int64(text) {
            if id > 0 { return .row(id) }
            guard let entry = entries.first(where: { $0.id == id }) else { throw ResourceError.notFound }
            return .fixed(entry)
        }
        if text.utf8.contains(0) { throw ResourceError.notFound }
        if let entry = entries.first(where: { entry in names.contains { entry.object[$0]?.string == text } }) {
            return .fixed(entry)
        }
        let (members, table) = (names, service.resource.table)
        let id = try await database.read { connection -> Int64? in
            for name in members {
                let rows = try connection.query("SELECT id FROM \"\(table)\" WHERE \"\(name)\" = $1", [.text(text)])
                if let row = rows.first { return try row.int("id") }
            }
            return nil
        }
        guard let id else { throw ResourceError.notFound }
        return .row(id)
    }

    private func rowID(_ text: String, _ verb: String) async throws -> Int64 {
        switch try await find(text) {
        case .row(let id): return id
        case .fixed(let entry):
            let name = names.lazy.compactMap { entry.object[$0]?.string }.first ?? text
            throw ResourceError.conflict(
                message: "\(name) comes from \(entry.source) and is read-only here; it is \(verb) there",
                errors: []
            )
        }
    }

    /// The row as it stands now that it is in force.
    private func row(_ id: Int64, _ caller: Caller) async throws -> JSONValue {
        guard case .object(let object) = try await service.get(id: id, caller: caller) else {
            throw ResourceError.notFound
        }
        return .object(seen(object, caller))
    }

    private func seen(_ object: JSONObject, _ caller: Caller) -> JSONObject {
        if hidden.isEmpty || caller.may(service.resource.permissions.manage) { return object }
        return JSONObject(object.filter { !hidden.contains($0.key) })
    }
}
