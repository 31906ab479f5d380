// The statements about API secrets.

import Identity
import Storage

/// The statements behind ``APISecretService``. All of them run inside the caller's transaction.
enum APISecretRows {
    private static let selection = """
        SELECT api_secrets.id AS id, api_secrets.name AS name, api_secrets.description AS description,
            api_secrets.user_id AS user_id, users.username AS username, api_secrets.team AS team,
            api_secrets.prefix AS prefix, api_secrets.created_at AS created_at,
            api_secrets.last_used_at AS last_used_at, api_secrets.expires_at AS expires_at
        FROM api_secrets JOIN users ON users.id = api_secrets.user_id
        """

    static func insert(
        _ new: NewAPISecret,
        secret: Secret,
        user: Int64,
        username: String,
        team: Int64,
        at now: Int64,
        on connection: any SQLConnection
    ) throws -> APISecretRecord {
        let prefix = APISecretFormat.shownPrefix(of: secret)
        let rows = try connection.query(
            """
            INSERT INTO api_secrets (name, description, user_id, team, hash, prefix, created_at, expires_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id
            """,
            [
                .text(new.name), .text(new.description), .integer(user), .integer(team),
                .text(CredentialHash(of: secret.reveal()).hexadecimal), .text(prefix), .integer(now),
                .optional(new.expiresAt),
            ]
        )
        guard let id = try rows.first?.int("id") else {
            throw DatabaseError(.statement, "INSERT returned no id")
        }
        return APISecretRecord(
            id: id,
            name: new.name,
            description: new.description,
            userID: user,
            username: username,
            team: team,
            prefix: prefix,
            createdAt: now,
            lastUsedAt: nil,
            expiresAt: new.expiresAt
        )
    }

    static func count(ofUser id: Int64, on connection: any SQLConnection) throws -> Int64 {
        let rows = try connection.query("SELECT COUNT(*) AS total FROM api_secrets WHERE user_id = $1", [.integer(id)])
        return try rows.first?.int("total") ?? 0
    }

    static func secret(_ id: Int64, on connection: any SQLConnection) throws -> APISecretRecord? {
        try connection.query("\(selection) WHERE api_secrets.id = $1", [.integer(id)]).first.map(record)
    }

    /// True if it was there.
    static func delete(_ id: Int64, on connection: any SQLConnection) throws -> Bool {
        try connection.execute("DELETE FROM api_secrets WHERE id = $1", [.integer(id)]) > 0
    }

    /// The caller's own, or with `ofTeams` those of the caller's teams; newest first.
    static func list(
        for caller: Caller,
        ofTeams: Bool,
        userID: Int64?,
        search: String,
        limit: Int,
        offset: Int64,
        on connection: any SQLConnection
    ) throws -> APISecretList {
        var conditions: [String] = []
        var parameters: [SQLValue] = []
        func add(_ value: SQLValue) -> String {
            parameters.append(value)
            return "$\(parameters.count)"
        }
        if !ofTeams {
            conditions.append("api_secrets.user_id = \(add(.integer(caller.userID)))")
        } else if !caller.isSystem {
            let teams = caller.teams.map { add(.integer($0)) }.joined(separator: ", ")
            guard !teams.isEmpty else { return APISecretList(count: 0, results: []) }
            conditions.append("api_secrets.team IN (\(teams))")
        }
        if let userID { conditions.append("api_secrets.user_id = \(add(.integer(userID)))") }
        if !search.isEmpty {
            let pattern = add(.text(SQLDialect.likePattern(containing: search)))
            conditions.append(connection.dialect.caseInsensitiveLike("api_secrets.name", pattern))
        }
        let filter = conditions.isEmpty ? "" : " WHERE " + conditions.joined(separator: " AND ")
        let total = try connection.query("SELECT COUNT(*) AS total FROM api_secrets\(filter)", parameters)
        let page = "LIMIT \(add(.int(limit))) OFFSET \(add(.integer(offset)))"
        let rows = try connection.query("\(selection)\(filter) ORDER BY api_secrets.id DESC \(page)", parameters)
        return APISecretList(count: Int(try total.first?.int("total") ?? 0), results: try rows.map(record))
    }

    private static func record(_ row: SQLRow) throws -> APISecretRecord {
        APISecretRecord(
            id: try row.int("id"),
            name: try row.text("name"),
            description: try row.text("description"),
            userID: try row.int("user_id"),
            username: try row.text("username"),
            team: try row.int("team"),
            prefix: try row.text("prefix"),
            createdAt: try row.int("created_at"),
            lastUsedAt: try row.optionalInt("last_used_at"),
            expiresAt: try row.optionalInt("expires_at")
        )
    }
}
