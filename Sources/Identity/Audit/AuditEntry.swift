// One line of the audit log: who did what to which object, before and after.

package import JSON
package import Storage

/// Who did what to which object. Secrets in `before` and `after` are masked when the entry is made.
package struct AuditEntry: Sendable {
    package let userID: Int64
    package let username: String
    package let credential: CredentialReference
    /// `object.verb`, e.g. `api_secret.create`.
    package let action: String
    package let objectType: String
    package let objectID: String
    package let before: JSONValue?
    package let after: JSONValue?
    /// Epoch milliseconds, UTC.
    package let at: Int64
    /// The request that did it; empty for what no request did.
    package let requestID: String
    package let team: Int64

    /// - Parameter team: whose rows changed; nil for the caller's current team.
    package init(
        by caller: Caller,
        action: String,
        objectType: String,
        objectID: String,
        before: JSONValue? = nil,
        after: JSONValue? = nil,
        at: Int64,
        requestID: String = "",
        team: Int64? = nil
    ) {
        userID = caller.userID
        username = caller.username
        credential = caller.credential
        self.action = action
        self.objectType = objectType
        self.objectID = objectID
        self.before = before.map(AuditMask.masked)
        self.after = after.map(AuditMask.masked)
        self.at = at
        self.requestID = requestID
        self.team = team ?? caller.currentTeam ?? Team.defaultID
    }
}

/// Takes audit entries in the transaction of the change that they tell of: both are kept or neither.
package protocol AuditSink: Sendable {
    func record(_ entry: AuditEntry, on connection: any SQLConnection) throws
}

/// The table `audit_log`.
package struct AuditLog: AuditSink {
    package init() {}

    package func record(_ entry: AuditEntry, on connection: any SQLConnection) throws {
        _ = try connection.execute(
            """
            INSERT INTO audit_log (team, user_id, username, credential_kind, credential_id, credential_name, action,
                object_type, object_id, before_json, after_json, at, request_id)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
            """,
            [
                .integer(entry.team),
                .integer(entry.userID),
                .text(entry.username),
                .text(entry.credential.kind.rawValue),
                entry.credential.id.map(SQLValue.integer) ?? .null,
                .text(entry.credential.name),
                .text(entry.action),
                .text(entry.objectType),
                .text(entry.objectID),
                entry.before.map { SQLValue.text($0.text) } ?? .null,
                entry.after.map { SQLValue.text($0.text) } ?? .null,
                .integer(entry.at),
                .text(entry.requestID),
            ]
        )
    }
}
