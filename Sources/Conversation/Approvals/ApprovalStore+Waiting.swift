// Which approvals wait: for the list of a person, and for a turn that goes on after the client's tools have run.

import Storage

extension ApprovalStore {
    /// The pending ones of a user, oldest first, with their number.
    func pending(
        userID: Int64,
        now: Int64,
        limit: Int,
        offset: Int
    ) async throws -> (count: Int64, approvals: [Approval]) {
        try await database.read { connection in
            let condition = "FROM approval WHERE user_id = $1 AND state = 'pending' AND expires_at > $2"
            let count = try connection.query("SELECT count(*) AS n \(condition)", [.integer(userID), .integer(now)])
            let rows = try connection.query(
                "SELECT * \(condition) ORDER BY id LIMIT $3 OFFSET $4",
                [.integer(userID), .integer(now), .int(limit), .int(offset)]
            )
            return (try count.first?.int("n") ?? 0, try rows.map(Approval.init))
        }
    }

    /// Remembers that these were asked for in a round whose rest the client has to do.
    func hold(_ approvals: [Approval], under callID: String) async throws {
        try await database.write { connection in
            for approval in approvals {
                _ = try connection.execute(
                    "UPDATE approval SET held_call = $2 WHERE id = $1",
                    [.integer(approval.id), .text(callID)]
                )
            }
        }
    }

    /// Those that still wait of a round that was held under the client's call.
    func held(under callID: String, userID: Int64, bot: String, now: Int64) async throws -> [Approval] {
        try await database.read { connection in
            try connection.query(
                """
                SELECT * FROM approval
                WHERE user_id = $1 AND bot_id = $2 AND held_call = $3 AND state = 'pending' AND expires_at > $4
                ORDER BY id
                """,
                [.integer(userID), .text(bot), .text(callID), .integer(now)]
            ).map(Approval.init)
        }
    }
}
