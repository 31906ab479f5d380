// What else is to be told, or was told, of the same things.

import JSON
import Notifications
import Storage

/// The notices of topics, by channel and receiver.
struct SiblingRows {
    private struct Key: Hashable {
        var topic: Int64
        var channel: Int64
        var receiver: String
    }

    private var rows: [Key: [SiblingNotice]] = [:]

    /// All notices of these topics.
    static func of(type: String, _ topics: Set<Int64>, _ connection: any SQLConnection) throws -> SiblingRows {
        var siblings = SiblingRows()
        let list = JSONValue.array(topics.sorted().map { JSONValue.integer($0) }).text
        let among = connection.dialect.isAmongIntegers("topic_id", "$2")
        for row in try connection.query(
            """
            SELECT id, topic_id, channel, receiver, transition, state, told, due_at FROM notification
            WHERE topic_type = $1 AND \(among) ORDER BY COALESCE(sent_at, due_at), id
            """,
            [.text(type), .text(list)]
        ) {
            guard let transition = NoticeTransition(rawValue: try row.text("transition")) else { continue }
            let key = Key(
                topic: try row.int("topic_id"),
                channel: try row.int("channel"),
                receiver: try row.text("receiver")
            )
            siblings.rows[key, default: []].append(
                SiblingNotice(
                    id: try row.int("id"),
                    transition: transition,
                    state: try row.text("state"),
                    told: try row.optionalText("told"),
                    dueAt: try row.int("due_at")
                )
            )
        }
        return siblings
    }

    /// Those to the same receiver, without the notice itself.
    func others(_ stored: StoredNotice) -> [SiblingNotice] {
        let key = Key(
            topic: stored.notice.topic.id,
            channel: stored.notice.channel,
            receiver: stored.notice.receiver
        )
        return (rows[key] ?? []).filter { $0.id != stored.id }
    }
}
