// What a write changed, field by field, for the audit.

package import Identity
package import JSON
package import Storage

/// One change of one row: only the fields that differ, secrets as `***`.
package struct ResourceChange: Sendable {
    /// What was done.
    package enum Action: String, Sendable {
        case create
        case update
        case delete
    }

    package var action: Action
    /// `Resource.name`.
    package var resource: String
    package var id: Int64
    /// The row's team; nil for resources without teams.
    package var team: Int64?
    package var caller: Caller
    package var at: Timestamp
    /// The request that did it; empty for what no request did.
    package var requestID: String
    /// The changed fields as they were; empty at creation.
    package var before: JSONObject
    /// The changed fields as they are; empty at deletion.
    package var after: JSONObject
}

/// Takes a change inside the transaction that makes it: when it throws, the change is not made either.
package typealias ChangeRecorder = @Sendable (ResourceChange, any SQLConnection) throws -> Void

extension ResourceChange {
    /// The change as a line of the audit log: `alert_source.update`.
    package var auditEntry: AuditEntry {
        AuditEntry(
            by: caller,
            action: "\(resource).\(action.rawValue)",
            objectType: resource,
            objectID: String(id),
            before: action == .create ? nil : .object(before),
            after: action == .delete ? nil : .object(after),
            at: at.milliseconds,
            requestID: requestID,
            team: team
        )
    }
}

extension ResourceService {
    /// Writes every change to an audit sink, in the change's own transaction.
    package static func auditLog(_ sink: any AuditSink) -> ChangeRecorder {
        { change, connection in try sink.record(change.auditEntry, on: connection) }
    }
}

extension Resource {
    /// The change between two states of a row, either of which may be missing. `updated_at` alone is no change.
    func change(
        from before: ResourceRecord?,
        to after: ResourceRecord?,
        caller: Caller,
        at now: Timestamp,
        requestID: String
    ) -> ResourceChange {
        var change = ResourceChange(
            action: before == nil ? .create : after == nil ? .delete : .update,
            resource: name,
            id: after?.id ?? before?.id ?? 0,
            team: (after ?? before)?.integer("team"),
            caller: caller,
            at: now,
            requestID: requestID,
            before: JSONObject(),
            after: JSONObject()
        )
        for field in fields {
            let old = before?[field.name] ?? .null
            let new = after?[field.name] ?? .null
            guard old != new else { continue }
            if before != nil { change.before[field.name] = field.auditValue(old) }
            if after != nil { change.after[field.name] = field.auditValue(new) }
        }
        return change
    }
}

extension Field {
    private static let mask: JSONValue = "***"

    func auditValue(_ value: SQLValue) -> JSONValue {
        if type.isSecret { return value == .null ? .null : Self.mask }
        if case .configuration = type, case .text(let text) = value {
            return (try? JSONValue(parsing: text))?.replacingSealed { _ in Self.mask } ?? .null
        }
        return json(value)
    }
}
