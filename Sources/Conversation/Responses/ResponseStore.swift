// The table `conversation_response`: conversations that the gateway keeps for its clients.

import Logging
package import Storage

/// Keeps responses so that a request may go on from one by its id, on whichever node it arrives. A response belongs to
/// the user who asked; to everybody else it is not there.
package struct ResponseStore: Sendable {
    /// How long a response is kept after it was last gone on from, milliseconds: thirty days, as OpenAI does.
    package static let lifetime: Int64 = 30 * 86_400_000
    /// Bytes of one response, its input included. A larger one is answered and not kept.
    package static let largest = 4 << 20
    /// Bytes of a whole conversation.
    package static let largestConversation: Int64 = 16 << 20
    /// Responses of one conversation.
    private static let longest = 1_000
    private static let day: Int64 = 86_400_000

    /// What one user may have kept; the oldest go first.
    package struct Quota: Sendable {
        package var responses: Int64
        package var bytes: Int64

        package init(responses: Int64 = 10_000, bytes: Int64 = 256 << 20) {
            self.responses = responses
            self.bytes = bytes
        }
    }

    private let database: any Database
    private let quota: Quota
    /// Whether anything is kept at all; what was kept before can be read and deleted all the same.
    package let isOn: Bool

    package init(database: any Database, isOn: Bool = true, quota: Quota = Quota()) {
        self.database = database
        self.quota = quota
        self.isOn = isOn
    }

    /// What came of looking for a conversation.
    package enum Conversation: Sendable {
        /// Its responses, the oldest first.
        case found([StoredResponse])
        /// One of its responses is unknown, another user's, deleted or over; its id.
        case missing(String)
        /// It is longer than what is gone on from.
        case tooLong
    }

    /// Keeps a response; clears away what is over at times.
    ///
    /// - Parameter sweeps: whether to clear away now; by default about every 64th time, and the likelier the larger the
    ///   response is, so that a user's quota is passed by some megabytes and not by many large ones.
    package func keep(_ response: StoredResponse, sweeps: Bool? = nil) async throws {
        let sweeps = sweeps ?? (Int.random(in: 0..<Self.largest) < max(response.bytes, Self.largest / 64))
        try await database.write { connection in
            _ = try connection.execute(
                """
                INSERT INTO conversation_response (id, user_id, team, previous_id, input, body, bytes, created_at,
                    expires_at)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
                """,
                [
                    .text(response.id), .integer(response.userID), .integer(response.team),
                    .optional(response.previousID), .text(response.input), .text(response.body),
                    .integer(Int64(response.bytes)), .integer(response.createdAt),
                    .integer(response.createdAt + Self.lifetime),
                ]
            )
            guard sweeps else { return }
            _ = try connection.execute(
                "DELETE FROM conversation_response WHERE expires_at < $1",
                [.integer(response.createdAt)]
            )
            _ = try connection.execute(
                Self.sweep,
                [.integer(response.userID), .integer(quota.responses), .integer(quota.bytes)]
            )
        }
    }

    /// The conversation up to a response. Everything in it is kept for thirty days more: one that is gone on with must
    /// not lose its beginning.
    package func conversation(upTo id: String, userID: Int64, now: Int64) async throws -> Conversation {
        let values: [SQLValue] = [.text(id), .integer(userID), .integer(now)]
        let (found, isAging) = try await database.read { connection -> (Conversation, Bool) in
            let ids = try connection.query(
                Self.chain
                    + """
                     SELECT r.id, r.previous_id, r.bytes, r.expires_at FROM chain
                     JOIN conversation_response r ON r.id = chain.id ORDER BY chain.depth DESC
                    """,
                values
            )
            guard let oldest = ids.first else { return (.missing(id), false) }
            if try ids.count >= Self.longest || ids.reduce(0, { try $0 + $1.int("bytes") }) > Self.largestConversation {
                return (.tooLong, false)
            }
            if let before = try oldest.optionalText("previous_id") { return (.missing(before), false) }
            let isAging = try ids.contains { try $0.int("expires_at") < now + Self.lifetime - Self.day }
            let rows = try connection.query(
                Self.chain
                    + """
                     SELECT r.* FROM chain JOIN conversation_response r ON r.id = chain.id ORDER BY chain.depth DESC
                    """,
                values
            )
            return (.found(try rows.map(StoredResponse.init)), isAging)
        }
        if isAging {
            try await database.write { connection in
                _ = try connection.execute(
                    Self.chain
                        + " UPDATE conversation_response SET expires_at = $4 WHERE id IN (SELECT id FROM chain)",
                    values + [.integer(now + Self.lifetime)]
                )
            }
        }
        return found
    }

    /// One response.
    package func response(_ id: String, userID: Int64, now: Int64) async throws -> StoredResponse? {
        try await database.read { connection in
            try connection.query(
                "SELECT * FROM conversation_response WHERE id = $1 AND user_id = $2 AND expires_at >= $3",
                [.text(id), .integer(userID), .integer(now)]
            ).first.map(StoredResponse.init)
        }
    }

    /// Forgets a response.
    ///
    /// - Returns: whether it was there.
    package func delete(_ id: String, userID: Int64) async throws -> Bool {
        try await database.write { connection in
            try connection.execute(
                "DELETE FROM conversation_response WHERE id = $1 AND user_id = $2",
                [.text(id), .integer(userID)]
            ) > 0
        }
    }

    /// Forgets what a user ($1) has kept beyond so many ($2) or so many bytes ($3). An index has all that it looks at:
    /// `bytes` stands behind the bodies, which would otherwise be read to get there.
    static let sweep = """
        DELETE FROM conversation_response WHERE id IN (
            SELECT id FROM (
                SELECT id, ROW_NUMBER() OVER newest AS place, CAST(SUM(bytes) OVER newest AS BIGINT) AS total
                FROM conversation_response WHERE user_id = $1
                WINDOW newest AS (ORDER BY created_at DESC, id DESC)
            ) AS kept
            WHERE place > $2 OR total > $3
        )
        """

    /// The ids of a conversation, the newest first.
    private static let chain = """
        WITH RECURSIVE chain (id, previous_id, depth) AS (
            SELECT id, previous_id, 1 FROM conversation_response
            WHERE id = $1 AND user_id = $2 AND expires_at >= $3
            UNION ALL
            SELECT r.id, r.previous_id, chain.depth + 1 FROM conversation_response r
            JOIN chain ON r.id = chain.previous_id
            WHERE r.user_id = $2 AND r.expires_at >= $3 AND chain.depth < \(longest)
        )
        """
}
