// API secrets: made, listed and deleted, each change with its audit row.

package import Identity
package import Storage

/// API secrets of users (seed, section 3.1).
package final class APISecretService: Sendable {
    private let database: any Database
    private let authenticator: Authenticator
    private let audit: any AuditSink
    private let clock: WallClock

    /// How many API secrets a user may have.
    package static let maximumPerUser = 200

    package init(
        database: any Database,
        authenticator: Authenticator,
        audit: any AuditSink = AuditLog(),
        clock: WallClock = .system
    ) {
        self.database = database
        self.authenticator = authenticator
        self.audit = audit
        self.clock = clock
    }

    /// Makes an API secret for the caller, in the caller's current team. Needs `secret.manage`.
    ///
    /// - Parameter expiresAt: epoch milliseconds, in the future; nil for one that lasts until it is deleted.
    /// - Throws: ``AccountFailure`` or ``CredentialFailure``, else the store's error.
    package func generate(
        name: String,
        description: String = "",
        expiresAt: Int64? = nil,
        for caller: Caller,
        requestID: String = ""
    ) async throws -> GeneratedAPISecret {
        try caller.require(.secretManage)
        return try await generate(
            name: name,
            description: description,
            expiresAt: expiresAt,
            user: (caller.userID, caller.username, caller.currentTeam),
            by: caller,
            requestID: requestID
        )
    }

    /// Makes an API secret for another user, in that user's current team. Needs `account.manage`; for the command line.
    package func generate(
        name: String,
        description: String = "",
        expiresAt: Int64? = nil,
        forUser user: User,
        by caller: Caller,
        requestID: String = ""
    ) async throws -> GeneratedAPISecret {
        try caller.require(.accountManage)
        guard caller.isSystem || user.teams.contains(where: caller.sees(team:)) else { throw AccountFailure.notFound }
        return try await generate(
            name: name,
            description: description,
            expiresAt: expiresAt,
            user: (user.id, user.username, user.teams.first),
            by: caller,
            requestID: requestID
        )
    }

    private func generate(
        name: String,
        description: String,
        expiresAt: Int64?,
        user: (id: Int64, name: String, team: Int64?),
        by caller: Caller,
        requestID: String
    ) async throws -> GeneratedAPISecret {
        let (audit, now) = (audit, clock.now())
        if let expiresAt, expiresAt <= now {
            throw AccountFailure.invalid(field: "expires_at", message: "must be in the future")
        }
        let new = NewAPISecret(
            name: try FieldRules.text(name, field: "name", characters: 1...100),
            description: try FieldRules.text(
                description,
                field: "description",
                characters: 0...1000,
                allowingLines: true
            ),
            expiresAt: expiresAt
        )
        guard let team = user.team else {
            throw AccountFailure.invalid(field: "team", message: "the user is in no team")
        }
        let secret = APISecretFormat.generate()
        let record = try await database.write { connection in
            guard try APISecretRows.count(ofUser: user.id, on: connection) < Self.maximumPerUser else {
                throw AccountFailure.tooManySecrets(maximum: Self.maximumPerUser)
            }
            let record = try APISecretRows.insert(
                new,
                secret: secret,
                user: user.id,
                username: user.name,
                team: team,
                at: now,
                on: connection
            )
            let entry = AuditEntry(
                by: caller,
                action: "api_secret.create",
                objectType: "api_secret",
                objectID: String(record.id),
                after: record.json,
                at: now,
                requestID: requestID,
                team: team
            )
            try audit.record(entry, on: connection)
            return record
        }
        return GeneratedAPISecret(record: record, secret: secret)
    }

    /// The caller's own API secrets, newest first; with `account.manage` those of all users in the caller's teams.
    /// Needs `secret.manage` or `account.manage`.
    ///
    /// - Parameters:
    ///   - page: from 1.
    ///   - pageSize: 1 to 1000.
    ///   - userID: only this user's; nil for all that the caller may see.
    ///   - search: a part of the name; empty for all.
    package func list(
        for caller: Caller,
        page: Int = 1,
        pageSize: Int = 20,
        userID: Int64? = nil,
        search: String = ""
    ) async throws -> APISecretList {
        let ofTeams = caller.may(.accountManage)
        if !ofTeams { try caller.require(.secretManage) }
        let offset = try FieldRules.offset(page: page, pageSize: pageSize)
        return try await database.read { connection in
            try APISecretRows.list(
                for: caller,
                ofTeams: ofTeams,
                userID: userID,
                search: search,
                limit: pageSize,
                offset: offset,
                on: connection
            )
        }
    }

    /// One API secret that ``list(for:page:pageSize:userID:search:)`` would show.
    package func secret(_ id: Int64, for caller: Caller) async throws -> APISecretRecord {
        try Self.requireAny(caller)
        return try await database.read { connection in
            guard let record = try APISecretRows.secret(id, on: connection), Self.isVisible(record, to: caller) else {
                throw AccountFailure.notFound
            }
            return record
        }
    }

    /// Deletes an API secret: one's own, or any of one's teams with `account.manage`. When this returns, the secret is
    /// refused, by this process at once.
    package func delete(_ id: Int64, by caller: Caller, requestID: String = "") async throws {
        try Self.requireAny(caller)
        let (audit, now) = (audit, clock.now())
        try await database.write { connection in
            guard let record = try APISecretRows.secret(id, on: connection), Self.isVisible(record, to: caller),
                try APISecretRows.delete(id, on: connection)
            else { throw AccountFailure.notFound }
            let entry = AuditEntry(
                by: caller,
                action: "api_secret.delete",
                objectType: "api_secret",
                objectID: String(id),
                before: record.json,
                at: now,
                requestID: requestID,
                team: record.team
            )
            try audit.record(entry, on: connection)
        }
        authenticator.forget(secret: id)
    }

    private static func requireAny(_ caller: Caller) throws(CredentialFailure) {
        if !caller.may(.accountManage) { try caller.require(.secretManage) }
    }

    private static func isVisible(_ record: APISecretRecord, to caller: Caller) -> Bool {
        record.userID == caller.userID || (caller.may(.accountManage) && caller.sees(team: record.team))
    }
}
