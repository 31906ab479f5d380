// The statements about users.

import Identity
import Storage

/// A user with what only this room may see.
struct StoredUser: Sendable {
    let user: User
    let passwordHash: String
    let tokenVersion: Int64
}

/// The statements behind ``AccountService``. All of them run inside the caller's transaction.
enum UserRows {
    private static let columns =
        "id, username, domain, password_hash, role, is_active, token_version, email, wecom_id, created_at, updated_at, "
        + "last_login_at"

    static func user(_ id: Int64, on connection: any SQLConnection, forUpdate: Bool = false) throws -> StoredUser? {
        let lock = forUpdate ? connection.dialect.forUpdate() : ""
        let rows = try connection.query("SELECT \(columns) FROM users WHERE id = $1\(lock)", [.integer(id)])
        return try rows.first.map { try stored($0, on: connection) }
    }

    static func user(named username: String, domain: String, on connection: any SQLConnection) throws -> StoredUser? {
        let rows = try connection.query(
            "SELECT \(columns) FROM users WHERE username = $1 AND domain = $2",
            [.text(username), .text(domain)]
        )
        return try rows.first.map { try stored($0, on: connection) }
    }

    static func isEmpty(on connection: any SQLConnection) throws -> Bool {
        try connection.query("SELECT id FROM users LIMIT 1").isEmpty
    }

    static func insert(
        _ new: NewUser,
        domain: String,
        passwordHash: String,
        teams: [Int64],
        at now: Int64,
        on connection: any SQLConnection
    ) throws -> User {
        let rows = try connection.query(
            """
            INSERT INTO users (username, domain, password_hash, role, email, wecom_id, created_at, updated_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $7) RETURNING id
            """,
            [
                .text(new.username), .text(domain), .text(passwordHash), .text(new.role.rawValue), .text(new.email),
                .text(new.wecomID), .integer(now),
            ]
        )
        guard let id = try rows.first?.int("id") else {
            throw DatabaseError(.statement, "INSERT returned no id")
        }
        for (position, team) in teams.enumerated() {
            try connection.execute(
                "INSERT INTO user_teams (user_id, team_id, position) VALUES ($1, $2, $3)",
                [.integer(id), .integer(team), .int(position)]
            )
        }
        return User(
            id: id,
            username: new.username,
            domain: domain,
            role: new.role,
            isActive: true,
            teams: teams,
            email: new.email,
            wecomID: new.wecomID,
            createdAt: now,
            updatedAt: now,
            lastLoginAt: nil
        )
    }

    /// Which of the teams exist.
    static func existing(teams: [Int64], on connection: any SQLConnection) throws -> Set<Int64> {
        guard !teams.isEmpty else { return [] }
        let rows = try connection.query(
            "SELECT id FROM teams WHERE id IN (\(SQLDialect.parameters(teams.count)))",
            teams.map(SQLValue.integer)
        )
        return Set(try rows.map { try $0.int("id") })
    }

    /// Changes one column and ends all tokens of the user.
    static func change(
        _ id: Int64,
        column: ChangeableColumn,
        to value: SQLValue,
        at now: Int64,
        on connection: any SQLConnection
    ) throws {
        try connection.execute(
            """
            UPDATE users SET \(column.rawValue) = $1, token_version = token_version + 1, updated_at = $2
            WHERE id = $3
            """,
            [value, .integer(now), .integer(id)]
        )
    }

    /// Changes where a user is reached. Their tokens go on: nothing about their rights has changed.
    static func setContact(
        _ id: Int64,
        email: String?,
        wecomID: String?,
        at now: Int64,
        on connection: any SQLConnection
    ) throws {
        try connection.execute(
            """
            UPDATE users SET email = COALESCE($1, email), wecom_id = COALESCE($2, wecom_id), updated_at = $3
            WHERE id = $4
            """,
            [
                email.map(SQLValue.text) ?? .null, wecomID.map(SQLValue.text) ?? .null, .integer(now), .integer(id),
            ]
        )
    }

    enum ChangeableColumn: String {
        case passwordHash = "password_hash"
        case role
        case isActive = "is_active"
    }

    static func noteLogin(_ id: Int64, at now: Int64, on connection: any SQLConnection) throws {
        try connection.execute("UPDATE users SET last_login_at = $1 WHERE id = $2", [.integer(now), .integer(id)])
    }

    /// Active administrators other than this user. The rows are locked, so that two administrators cannot remove each
    /// other at once.
    static func hasOtherAdministrator(than id: Int64, on connection: any SQLConnection) throws -> Bool {
        let rows = try connection.query(
            "SELECT id FROM users WHERE role = $1 AND is_active = 1 ORDER BY id\(connection.dialect.forUpdate())",
            [.text(Role.administrator.rawValue)]
        )
        return try rows.contains { try $0.int("id") != id }
    }

    /// Users who share a team with the caller (the program itself sees all), by name.
    static func list(
        for caller: Caller,
        search: String,
        limit: Int,
        offset: Int64,
        on connection: any SQLConnection
    ) throws -> UserList {
        var conditions: [String] = []
        var parameters: [SQLValue] = []
        if !caller.isSystem {
            guard !caller.teams.isEmpty else { return UserList(count: 0, results: []) }
            let teams = SQLDialect.parameters(caller.teams.count)
            conditions.append("id IN (SELECT user_id FROM user_teams WHERE team_id IN (\(teams)))")
            parameters += caller.teams.map(SQLValue.integer)
        }
        if !search.isEmpty {
            parameters.append(.text(SQLDialect.likePattern(containing: search)))
            conditions.append(connection.dialect.caseInsensitiveLike("username", "$\(parameters.count)"))
        }
        let filter = conditions.isEmpty ? "" : " WHERE " + conditions.joined(separator: " AND ")
        let total = try connection.query("SELECT COUNT(*) AS total FROM users\(filter)", parameters)
        let next = parameters.count + 1
        let rows = try connection.query(
            "SELECT \(columns) FROM users\(filter) ORDER BY username, id LIMIT $\(next) OFFSET $\(next + 1)",
            parameters + [.int(limit), .integer(offset)]
        )
        return UserList(
            count: Int(try total.first?.int("total") ?? 0),
            results: try rows.map { try stored($0, on: connection).user }
        )
    }

    private static func stored(_ row: SQLRow, on connection: any SQLConnection) throws -> StoredUser {
        let id = try row.int("id")
        guard let role = Role(rawValue: try row.text("role")) else {
            throw DatabaseError(.decoding, "column role: not a role of this program")
        }
        let teams = try connection.query(
            "SELECT team_id FROM user_teams WHERE user_id = $1 ORDER BY position, team_id",
            [.integer(id)]
        )
        let user = User(
            id: id,
            username: try row.text("username"),
            domain: try row.text("domain"),
            role: role,
            isActive: try row.bool("is_active"),
            teams: try teams.map { try $0.int("team_id") },
            email: try row.text("email"),
            wecomID: try row.text("wecom_id"),
            createdAt: try row.int("created_at"),
            updatedAt: try row.int("updated_at"),
            lastLoginAt: try row.optionalInt("last_login_at")
        )
        return StoredUser(
            user: user,
            passwordHash: try row.text("password_hash"),
            tokenVersion: try row.int("token_version")
        )
    }
}
