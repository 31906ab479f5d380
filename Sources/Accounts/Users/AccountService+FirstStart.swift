// The first start: an administrator and one API secret, told once.

package import Identity
import Storage

/// What the first start made. Shown once and kept nowhere.
package struct FirstStart: Sendable {
    package let user: User
    package let password: Secret
    package let secret: APISecretRecord
    package let secretText: Secret
}

extension AccountService {
    /// Creates the administrator and one API secret if there are no users at all; nil if there are.
    ///
    /// - Parameters:
    ///   - password: nil or empty to make one up.
    ///   - secret: nil or empty to make one up; otherwise `bkls_` and at least twenty letters, digits, `-` or `_`.
    /// - Throws: ``AccountFailure`` with field `OPSGATE_ADMIN_PASSWORD` or `OPSGATE_ADMIN_SECRET`, or the store's error.
    package func firstStart(
        username: String = "admin",
        password: Secret? = nil,
        secret: Secret? = nil
    ) async throws -> FirstStart? {
        guard try await database.read({ try UserRows.isEmpty(on: $0) }) else { return nil }
        let password = password.flatMap { $0.isEmpty ? nil : $0 } ?? GeneratedPassword.make()
        if let objection = PasswordRules.objection(to: password) {
            throw AccountFailure.invalid(field: "OPSGATE_ADMIN_PASSWORD", message: objection)
        }
        let secret = secret.flatMap { $0.isEmpty ? nil : $0 } ?? APISecretFormat.generate()
        guard APISecretFormat.isValid(secret.reveal()) else {
            throw AccountFailure.invalid(
                field: "OPSGATE_ADMIN_SECRET",
                message: "must be '\(APISecretFormat.prefix)' and \(APISecretFormat.minimumLength) to "
                    + "\(APISecretFormat.maximumLength) letters, digits, '-' or '_'"
            )
        }
        let new = NewUser(username: try FieldRules.username(username), password: password, role: .administrator)
        let passwordHash = try await hasher.hash(password)
        let (audit, now) = (audit, clock.now())
        do {
            return try await database.write { connection in
                // Another node may have been first.
                guard try UserRows.isEmpty(on: connection) else { return nil }
                let user = try UserRows.insert(
                    new,
                    domain: UserDomain.standard,
                    passwordHash: passwordHash,
                    teams: [Team.defaultID],
                    at: now,
                    on: connection
                )
                let record = try APISecretRows.insert(
                    NewAPISecret(name: "first start", description: "Made by the first start", expiresAt: nil),
                    secret: secret,
                    user: user.id,
                    username: user.username,
                    team: Team.defaultID,
                    at: now,
                    on: connection
                )
                let entries = [
                    AuditEntry(
                        by: .system,
                        action: "user.create",
                        objectType: "user",
                        objectID: String(user.id),
                        after: user.json,
                        at: now
                    ),
                    AuditEntry(
                        by: .system,
                        action: "api_secret.create",
                        objectType: "api_secret",
                        objectID: String(record.id),
                        after: record.json,
                        at: now
                    ),
                ]
                for entry in entries { try audit.record(entry, on: connection) }
                return FirstStart(user: user, password: password, secret: record, secretText: secret)
            }
        } catch let error as DatabaseError where error.isUniqueViolation() {
            return nil
        }
    }
}
