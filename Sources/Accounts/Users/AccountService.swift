// Users: created, changed, deactivated and listed, each change with its audit row.

package import Identity
import JSON
package import Storage

/// Users and logins.
///
/// Every change of rights ends the user's tokens (by their token version, in the same transaction) and makes the
/// authenticator of this process forget the user before the method returns.
package final class AccountService: Sendable {
    let database: any Database
    let authenticator: Authenticator
    let hasher: PasswordHasher
    let audit: any AuditSink
    let clock: WallClock
    let loginGuard = LoginGuard()
    /// Milliseconds for which a token is good; 24 h by default (seed, section 3.4).
    let tokenLifetime: Int64

    package init(
        database: any Database,
        authenticator: Authenticator,
        hasher: PasswordHasher = PasswordHasher(),
        audit: any AuditSink = AuditLog(),
        clock: WallClock = .system,
        tokenLifetime: Duration = .seconds(24 * 3600)
    ) {
        self.database = database
        self.authenticator = authenticator
        self.hasher = hasher
        self.audit = audit
        self.clock = clock
        self.tokenLifetime = max(1, tokenLifetime.components.seconds) * 1000
    }

    /// Creates a user. Needs `account.manage`; the teams must be among the creator's.
    ///
    /// - Throws: ``AccountFailure`` or ``CredentialFailure``, else the store's error.
    package func createUser(_ new: NewUser, by caller: Caller, requestID: String = "") async throws -> User {
        try caller.require(.accountManage)
        var new = new
        new.username = try FieldRules.username(new.username)
        new.email = try FieldRules.email(new.email)
        new.wecomID = try FieldRules.wecomID(new.wecomID)
        let domain = try FieldRules.text(
            UserDomain.normalized(new.domain),
            field: "domain",
            characters: 1...150
        )
        try Self.checkPassword(new.password)
        let teams = try Self.teams(new.teams, for: caller)
        let passwordHash = try await hasher.hash(new.password)
        let accepted = new
        let (audit, now) = (audit, clock.now())
        do {
            return try await database.write { connection in
                guard try UserRows.existing(teams: teams, on: connection).count == teams.count else {
                    throw AccountFailure.invalid(field: "teams", message: "must be teams that exist")
                }
                let user = try UserRows.insert(
                    accepted,
                    domain: domain,
                    passwordHash: passwordHash,
                    teams: teams,
                    at: now,
                    on: connection
                )
                let entry = AuditEntry(
                    by: caller,
                    action: "user.create",
                    objectType: "user",
                    objectID: String(user.id),
                    after: user.json,
                    at: now,
                    requestID: requestID,
                    team: teams.first
                )
                try audit.record(entry, on: connection)
                return user
            }
        } catch let error as DatabaseError where error.isUniqueViolation(of: "username", "domain") {
            throw AccountFailure.duplicateUser
        }
    }

    /// Sets a user's password and ends their tokens. Their API secrets go on.
    ///
    /// Others' passwords need `account.manage`. One's own can be set with the current one, which counts as a login
    /// towards the lock-out when it is wrong.
    package func setPassword(
        _ password: Secret,
        current: Secret? = nil,
        ofUser id: Int64,
        by caller: Caller,
        requestID: String = ""
    ) async throws {
        try Self.checkPassword(password)
        if !caller.may(.accountManage) {
            guard id == caller.userID, let current else { throw CredentialFailure.forbidden(.accountManage) }
            _ = try await checkedUser(username: caller.username, domain: caller.domain, password: current) { _, _ in }
        }
        let passwordHash = try await hasher.hash(password)
        try await change(id, column: .passwordHash, to: .text(passwordHash), by: caller, requestID: requestID) { _, _ in
            "user.set_password"
        }
    }

    /// Gives a user another role and ends their tokens. Needs `account.manage`.
    package func setRole(_ role: Role, ofUser id: Int64, by caller: Caller, requestID: String = "") async throws -> User
    {
        try caller.require(.accountManage)
        return try await change(id, column: .role, to: .text(role.rawValue), by: caller, requestID: requestID) {
            user,
            connection in
            if user.role == .administrator, role != .administrator, user.isActive,
                try !UserRows.hasOtherAdministrator(than: id, on: connection)
            {
                throw AccountFailure.lastAdministrator
            }
            return "user.set_role"
        }
    }

    /// Deactivates a user: from now on no credential of theirs is accepted. Needs `account.manage`.
    package func deactivate(user id: Int64, by caller: Caller, requestID: String = "") async throws -> User {
        try caller.require(.accountManage)
        return try await change(id, column: .isActive, to: .boolean(false), by: caller, requestID: requestID) {
            user,
            connection in
            if user.role == .administrator, user.isActive,
                try !UserRows.hasOtherAdministrator(than: id, on: connection)
            {
                throw AccountFailure.lastAdministrator
            }
            return "user.deactivate"
        }
    }

    /// Lets a deactivated user in again; the tokens of before stay void, API secrets work again. Needs `account.manage`.
    package func activate(user id: Int64, by caller: Caller, requestID: String = "") async throws -> User {
        try caller.require(.accountManage)
        return try await change(id, column: .isActive, to: .boolean(true), by: caller, requestID: requestID) { _, _ in
            "user.activate"
        }
    }

    /// The user, if the caller shares a team with them or it is the caller. Needs `account.manage` for others.
    package func user(_ id: Int64, for caller: Caller) async throws -> User {
        if id != caller.userID { try caller.require(.accountManage) }
        return try await database.read { connection in
            guard let stored = try UserRows.user(id, on: connection), Self.isVisible(stored.user, to: caller) else {
                throw AccountFailure.notFound
            }
            return stored.user
        }
    }

    /// The user of that name, for the command line, which knows names and not ids. Needs `account.manage`.
    package func user(named username: String, domain: String? = nil, for caller: Caller) async throws -> User {
        try caller.require(.accountManage)
        let domain = UserDomain.normalized(domain)
        return try await database.read { connection in
            guard let stored = try UserRows.user(named: username, domain: domain, on: connection),
                Self.isVisible(stored.user, to: caller)
            else { throw AccountFailure.notFound }
            return stored.user
        }
    }

    /// The users who share a team with the caller, by name. Needs `account.manage`.
    ///
    /// - Parameters:
    ///   - page: from 1.
    ///   - pageSize: 1 to 1000.
    ///   - search: a part of the user name; empty for all.
    package func listUsers(
        for caller: Caller,
        page: Int = 1,
        pageSize: Int = 20,
        search: String = ""
    ) async throws -> UserList {
        try caller.require(.accountManage)
        let offset = try FieldRules.offset(page: page, pageSize: pageSize)
        return try await database.read { connection in
            try UserRows.list(for: caller, search: search, limit: pageSize, offset: offset, on: connection)
        }
    }
}

extension AccountService {
    /// One column, its audit row and the end of the user's tokens in one transaction; then the cache.
    ///
    /// `check` looks at the user as they are and names the action for the audit log, or throws.
    @discardableResult
    private func change(
        _ id: Int64,
        column: UserRows.ChangeableColumn,
        to value: SQLValue,
        by caller: Caller,
        requestID: String,
        check: @escaping @Sendable (User, any SQLConnection) throws -> String
    ) async throws -> User {
        let (audit, now) = (audit, clock.now())
        let user = try await database.write { connection in
            guard let before = try UserRows.user(id, on: connection, forUpdate: true)?.user,
                Self.isVisible(before, to: caller)
            else { throw AccountFailure.notFound }
            let action = try check(before, connection)
            try UserRows.change(id, column: column, to: value, at: now, on: connection)
            guard let after = try UserRows.user(id, on: connection)?.user else { throw AccountFailure.notFound }
            let entry = AuditEntry(
                by: caller,
                action: action,
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
        authenticator.forget(user: id)
        return user
    }

    static func isVisible(_ user: User, to caller: Caller) -> Bool {
        user.id == caller.userID || caller.isSystem || user.teams.contains(where: caller.sees(team:))
    }

    static func checkPassword(_ password: Secret) throws(AccountFailure) {
        if let objection = PasswordRules.objection(to: password) {
            throw .invalid(field: "password", message: objection)
        }
    }

    private static func teams(_ wanted: [Int64]?, for caller: Caller) throws(AccountFailure) -> [Int64] {
        let teams = wanted ?? caller.currentTeam.map { [$0] } ?? []
        guard Set(teams).count == teams.count, teams.count <= 100 else {
            throw .invalid(field: "teams", message: "must be at most 100 different teams")
        }
        guard !teams.isEmpty else { throw .invalid(field: "teams", message: "must name at least one team") }
        guard teams.allSatisfy(caller.sees(team:)) else {
            throw .invalid(field: "teams", message: "must be teams of yours")
        }
        return teams
    }
}
