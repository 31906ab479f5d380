// What the tools tell of notices: who was told what over which channel, and how it went.

import Identity
import JSON
import Notifications
import Resources
import Storage

/// Rows of `notification` as a model sees them. Receivers and outcomes are texts from outside.
enum NoticeLog {
    /// The states of a row, as the outbox has them.
    static let states = ["pending", "sending", "sent", "dropped", "dead", "unknown"]

    /// The newest first.
    static func rows(
        _ conditions: SQLFragment,
        limit: Int,
        _ connection: any SQLConnection
    ) throws -> [(id: Int64, at: Int64, json: JSONObject)] {
        try connection.query(
            fragment: """
                SELECT n.*, c.name AS channel_name, c.channel_type AS channel_type FROM notification n
                LEFT JOIN notification_channel c ON c.id = n.channel
                WHERE \(conditions) ORDER BY n.created_at DESC, n.id DESC LIMIT \(limit)
                """
        ).map { row in
            let at = try row.int("created_at")
            var json: JSONObject = [
                "id": .integer(try row.int("id")),
                "at": AlertJSON.time(at),
                "about": .string("\(try row.text("topic_type")) \(try row.int("topic_id"))"),
                "transition": .string(try row.text("transition")),
                "channel": .integer(try row.int("channel")),
                "channel_name": .string((try row.optionalText("channel_name") ?? "(deleted)").harmless(limit: 100)),
                "receiver": .string((try row.text("receiver")).harmless(limit: 100)),
                "state": .string(try row.text("state")),
                "attempts": .integer(try row.int("attempts")),
            ]
            if let sent = try row.optionalInt("sent_at") { json["sent_at"] = AlertJSON.time(sent) }
            if let outcome = try row.optionalText("outcome"), !outcome.isEmpty {
                json["outcome"] = .string(outcome.harmless(limit: 300))
            }
            return (try row.int("id"), at, json)
        }
    }

    static func count(_ conditions: SQLFragment, _ connection: any SQLConnection) throws -> Int64 {
        try connection.query(fragment: "SELECT COUNT(*) AS total FROM notification n WHERE \(conditions)").first?
            .int("total") ?? 0
    }
}

/// How many notices of a thing are in which state.
enum NoticeSummary {
    /// `{"sent":2,"pending":1}`; nil when there are none.
    static func of(_ topic: NoticeTopic, _ connection: any SQLConnection) throws -> JSONValue? {
        let rows = try connection.query(
            """
            SELECT state, COUNT(*) AS total FROM notification WHERE topic_type = $1 AND topic_id = $2
            GROUP BY state ORDER BY state
            """,
            [.text(topic.type), .integer(topic.id)]
        )
        guard !rows.isEmpty else { return nil }
        var summary: JSONObject = [:]
        for row in rows { summary[try row.text("state")] = .integer(try row.int("total")) }
        return .object(summary)
    }
}
