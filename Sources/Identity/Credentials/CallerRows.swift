// The two questions that authentication asks the store.

import Storage

/// What the store knows of a presented API secret.
struct APISecretRow: Sendable {
    let id: Int64
    let name: String
    let team: Int64
    let hash: String
    let expiresAt: Int64?
    let lastUsedAt: Int64?
    let user: UserRow
}

/// What the store knows of the user behind a credential.
struct UserRow: Sendable {
    let id: Int64
    let username: String
    let domain: String
    /// Nil for a name that this program does not know; such a user is refused.
    let role: Role?
    let isActive: Bool
    let tokenVersion: Int64
    /// In the user's order; the first is the current one.
    let teams: [Int64]
}

/// The statements behind ``Authenticator``.
enum CallerRows {
    static func apiSecret(_ hash: CredentialHash, on connection: any SQLConnection) throws -> APISecretRow? {
        let rows = try connection.query(
            "SELECT id, name, team, hash, expires_at, last_used_at, user_id FROM api_secrets WHERE hash = $1",
            [.text(hash.hexadecimal)]
        )
        guard let row = rows.first, let user = try user(row.int("user_id"), on: connection) else { return nil }
        return APISecretRow(
            id: try row.int("id"),
            name: try row.text("name"),
            team: try row.int("team"),
            hash: try row.text("hash"),
            expiresAt: try row.optionalInt("expires_at"),
            lastUsedAt: try row.optionalInt("last_used_at"),
            user: user
        )
    }

    static func user(_ id: Int64, on connection: any SQLConnection) throws -> UserRow? {
        let users = try connection.query(
            "SELECT id, username, domain, role, is_active, token_version FROM users WHERE id = $1",
            [.integer(id)]
        )
        guard let row = users.first else { return nil }
        let teams = try connection.query(
            "SELECT team_id FROM user_teams WHERE user_id = $1 ORDER BY position, team_id",
            [.integer(id)]
        )
        return UserRow(
            id: id,
            username: try row.text("username"),
            domain: try row.text("domain"),
            role: Role(rawValue: try row.text("role")),
            isActive: try row.bool("is_active"),
            tokenVersion: try row.int("token_version"),
            teams: try teams.map { try $0.int("team_id") }
        )
    }

    /// Notes that an API secret is in use, unless that was noted after `threshold` (by this or another node).
    static func touch(secret id: Int64, at now: Int64, unlessAfter threshold: Int64, on connection: any SQLConnection)
        throws
    {
        _ = try connection.execute(
            "UPDATE api_secrets SET last_used_at = $1 WHERE id = $2 AND (last_used_at IS NULL OR last_used_at <= $3)",
            [.integer(now), .integer(id), .integer(threshold)]
        )
    }
}
