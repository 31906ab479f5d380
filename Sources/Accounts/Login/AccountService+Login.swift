// Logging in: a password for a token.

package import Identity
import Storage

/// What a successful login gives.
package struct Login: Sendable {
    package let token: Secret
    /// Epoch milliseconds.
    package let expiresAt: Int64
    package let user: User
}

extension AccountService {
    /// Exchanges a password for a token.
    ///
    /// An unknown name takes as long as a wrong password and is answered alike. Ten failures within fifteen minutes lock
    /// the name (known or not) for fifteen minutes, for the right password too.
    ///
    /// - Throws: `.wrongPassword`, `.inactive` (only after the right password), `.locked`, `.busy` or `.unavailable`.
    package func login(
        username: String,
        password: Secret,
        domain: String? = nil,
        requestID: String = ""
    ) async throws(CredentialFailure) -> Login {
        let (audit, clock) = (audit, clock)
        let (user, version) = try await checkedUser(
            username: username,
            domain: UserDomain.normalized(domain),
            password: password
        ) { user, connection in
            let now = clock.now()
            try UserRows.noteLogin(user.id, at: now, on: connection)
            let entry = AuditEntry(
                by: Self.caller(for: user),
                action: "user.login",
                objectType: "user",
                objectID: String(user.id),
                at: now,
                requestID: requestID
            )
            try audit.record(entry, on: connection)
        }
        let issued = try await authenticator.issueToken(
            userID: user.id,
            username: user.username,
            version: version,
            lifetime: tokenLifetime
        )
        return Login(token: issued.token, expiresAt: issued.expiresAt, user: user)
    }

    /// The user whose password this is, and their token version; `onSuccess` runs in the transaction that says so.
    func checkedUser(
        username: String,
        domain: String,
        password: Secret,
        onSuccess: @escaping @Sendable (User, any SQLConnection) throws -> Void
    ) async throws(CredentialFailure) -> (User, Int64) {
        // A name that cannot be one is counted and checked like any other, only not at any length.
        let username = String(username.prefix(300))
        let key = LoginGuard.key(username: username, domain: domain)
        do {
            // A locked name is told so before it waits for its turn.
            try await checkLock(key)
            return try await hasher.withTurn { turn in
                let now = clock.now()
                let stored = try await database.read { [loginGuard] connection in
                    try loginGuard.check(key, now: now, on: connection)
                    return try UserRows.user(named: username, domain: domain, on: connection)
                }
                guard await turn.isCorrect(password, stored: stored?.passwordHash), let stored else {
                    try await recordFailure(key, user: stored?.user)
                    throw CredentialFailure.wrongPassword
                }
                return try await accept(stored, key: key, onSuccess: onSuccess)
            }
        } catch let failure as CredentialFailure {
            throw failure
        } catch {
            throw .unavailable
        }
    }

    private func checkLock(_ key: String) async throws {
        let now = clock.now()
        try await database.read { [loginGuard] connection in
            try loginGuard.check(key, now: now, on: connection)
        }
    }

    private func recordFailure(_ key: String, user: User?) async throws {
        let (audit, loginGuard, now) = (audit, loginGuard, clock.now())
        try await database.write { connection in
            let locked = try loginGuard.recordFailure(key, now: now, on: connection)
            guard locked, let user else { return }
            let entry = AuditEntry(
                by: Self.caller(for: user),
                action: "user.lock",
                objectType: "user",
                objectID: String(user.id),
                at: now
            )
            try audit.record(entry, on: connection)
        }
    }

    /// The password was right; whether that counts is decided on the user as they are now.
    private func accept(
        _ checked: StoredUser,
        key: String,
        onSuccess: @escaping @Sendable (User, any SQLConnection) throws -> Void
    ) async throws -> (User, Int64) {
        let (loginGuard, now) = (loginGuard, clock.now())
        return try await database.write { connection in
            try loginGuard.check(key, now: now, on: connection)
            guard let current = try UserRows.user(checked.user.id, on: connection, forUpdate: true),
                current.passwordHash == checked.passwordHash
            else { throw CredentialFailure.wrongPassword }
            guard current.user.isActive else { throw CredentialFailure.inactive }
            try loginGuard.clear(key, on: connection)
            try onSuccess(current.user, connection)
            return (current.user, current.tokenVersion)
        }
    }

    private static func caller(for user: User) -> Caller {
        Caller(
            userID: user.id,
            username: user.username,
            domain: user.domain,
            role: user.role,
            teams: user.teams,
            credential: CredentialReference(kind: .local, name: "password")
        )
    }
}
