// Rounds that the client has not seen, kept until it comes back with its own tools' results.

import JSON
package import OpenAIProtocol
package import Storage

/// Keeps what happened inside a turn that ended with calls for the client.
///
/// The client knows only its own calls. When it comes back with their results, the assistant message that it repeats is
/// replaced by everything that the model really said and got, so that the conversation is whole again. In the store,
/// not in memory: the next request may reach another node.
package struct HeldRounds: Sendable {
    private let database: any Database
    /// How long a client may take to run its tools.
    private static let lifetime: Int64 = 24 * 3_600_000

    package init(database: any Database) {
        self.database = database
    }

    /// Keeps `messages` (comma-joined) under the ids of the client's calls.
    package func hold(_ messages: [UInt8], for callIDs: [String], userID: Int64, team: Int64, now: Int64) async throws {
        let text = String(decoding: messages, as: UTF8.self)
        try await database.write { connection in
            _ = try connection.execute("DELETE FROM conversation_held_round WHERE expires_at < $1", [.integer(now)])
            // The client names its first call wherever it names one.
            if let id = callIDs.first {
                _ = try connection.execute(
                    """
                    INSERT INTO conversation_held_round (call_id, user_id, team, messages, expires_at)
                    VALUES ($1, $2, $3, $4, $5)
                    ON CONFLICT (user_id, call_id) DO UPDATE SET messages = $4, expires_at = $5
                    """,
                    [.text(id), .integer(userID), .integer(team), .text(text), .integer(now + Self.lifetime)]
                )
            }
        }
    }

    /// Puts held rounds in the place of the assistant messages that stand for them.
    package func restore(
        _ messages: [UInt8],
        calls: [ChatRequest.AssistantCalls],
        userID: Int64,
        now: Int64
    ) async throws -> [UInt8] {
        let ids = calls.compactMap(\.ids.first)
        guard !ids.isEmpty else { return messages }
        let held = try await database.read { connection in
            var found: [String: [UInt8]] = [:]
            // One by one: the statement stays the same, and a conversation has few of them that are still open.
            for id in ids.suffix(32) {
                let rows = try connection.query(
                    """
                    SELECT messages FROM conversation_held_round
                    WHERE user_id = $1 AND call_id = $2 AND expires_at >= $3
                    """,
                    [.integer(userID), .text(id), .integer(now)]
                )
                if let row = rows.first { found[id] = Array(try row.text("messages").utf8) }
            }
            return found
        }
        let edits = calls.compactMap { call -> (range: Range<Int>, replacement: [UInt8])? in
            call.ids.first.flatMap { held[$0] }.map { (call.range, $0) }
        }
        return edits.isEmpty ? messages : splice(messages, edits)
    }
}
