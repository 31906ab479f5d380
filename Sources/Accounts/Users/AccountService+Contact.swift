// Where users are reached: changed by an administrator, or by themselves.

package import Identity
import Storage

extension AccountService {
    /// Changes where notices for a user go; nil leaves a way as it is, an empty text ends it. One's own, or
    /// `account.manage`. The user's tokens go on.
    ///
    /// - Throws: ``AccountFailure`` with field `email` or `wecom_id`, ``CredentialFailure``, else the store's error.
    package func setContact(
        email: String? = nil,
        wecomID: String? = nil,
        ofUser id: Int64,
        by caller: Caller,
        requestID: String = ""
    ) async throws -> User {
        if id != caller.userID { try caller.require(.accountManage) }
        let email = try email.map(FieldRules.email)
        let wecomID = try wecomID.map(FieldRules.wecomID)
        let (audit, now) = (audit, clock.now())
        return try await database.write { connection in
            guard let before = try UserRows.user(id, on: connection, forUpdate: true)?.user,
                Self.isVisible(before, to: caller)
            else { throw AccountFailure.notFound }
            try UserRows.setContact(id, email: email, wecomID: wecomID, at: now, on: connection)
            guard let after = try UserRows.user(id, on: connection)?.user else { throw AccountFailure.notFound }
            let entry = AuditEntry(
                by: caller,
                action: "user.set_contact",
                objectType: "user",
                objectID: String(id),
                before: before.json,
                after: after.json,
                at: now,
                requestID: requestID,
                team: before.teams.first
            )
            try audit.record(entry, on: connection)
            return after
        }
    }
}
