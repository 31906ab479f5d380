// What was told about something, for the tool `notification_log`.

package import Identity
package import JSON
package import Resources
package import Storage

/// Which notices are asked for; nil and empty mean any.
package struct NotificationLogFilter: Sendable, Hashable {
    package var topic: NoticeTopic?
    package var channel: Int64?
    package var receiver: String?
    package var states: [NoticeState]

    package init(
        topic: NoticeTopic? = nil,
        channel: Int64? = nil,
        receiver: String? = nil,
        states: [NoticeState] = []
    ) {
        self.topic = topic
        self.channel = channel
        self.receiver = receiver
        self.states = states
    }
}

/// One notice as the log shows it. Titles and outcomes hold text from outside.
package struct NotificationLogEntry: Sendable, Hashable {
    package var id: Int64
    /// `alert` or `incident`, and its id.
    package var topicType: String
    package var topicID: Int64
    package var transition: String
    package var channel: Int64
    /// nil when the channel is gone.
    package var channelName: String?
    package var receiver: String
    package var level: String
    package var state: NoticeState
    package var attempts: Int64
    package var told: String?
    package var title: String?
    package var outcome: String?
    /// The first notice of the digest that it went in.
    package var batch: Int64?
    package var createdAt: Timestamp
    package var dueAt: Timestamp
    package var sentAt: Timestamp?

    /// The entry as an object; what is not known is left out.
    package var json: JSONObject {
        var object: JSONObject = [
            "id": .integer(id), "topic_type": .string(topicType), "topic_id": .integer(topicID),
            "transition": .string(transition), "channel": .integer(channel),
            "channel_name": channelName.map { .string($0) } ?? .null, "receiver": .string(receiver),
            "level": .string(level), "state": .string(state.rawValue), "attempts": .integer(attempts),
            "created_at": createdAt.json,
        ]
        if let told { object["told"] = .string(told) }
        if let title { object["title"] = .string(title) }
        if let outcome { object["outcome"] = .string(outcome) }
        if let batch { object["batch"] = .integer(batch) }
        if let sentAt { object["sent_at"] = sentAt.json }
        if !state.isFinal { object["due_at"] = dueAt.json }
        return object
    }
}

/// A page of the log.
package struct NotificationLogPage: Sendable, Hashable {
    package var entries: [NotificationLogEntry]
    /// All that match, on every page.
    package var total: Int64
    /// To be given back for the next page; nil on the last.
    package var next: Int64?
}

package enum NotificationLog {
    /// Rows of a page at the most.
    package static let maximumRows = 50

    /// What was told, newest first, of the caller's teams. The permission is the caller's business.
    ///
    /// - Parameters:
    ///   - limit: 1 to `maximumRows`; what lies outside is taken for the nearer end.
    ///   - cursor: `next` of the page before.
    package static func rows(
        _ filter: NotificationLogFilter,
        limit: Int = maximumRows,
        cursor: Int64? = nil,
        caller: Caller,
        _ connection: any SQLConnection
    ) throws -> NotificationLogPage {
        let limit = min(max(limit, 1), maximumRows)
        let condition = conditions(filter, caller)
        let total = try connection.query(
            fragment: "SELECT COUNT(*) AS total FROM notification WHERE \(condition)"
        ).first?.int("total")
        let after: SQLFragment = cursor.map { "id < \($0)" } ?? "1 = 1"
        let rows = try connection.query(
            fragment: """
                SELECT id, topic_type, topic_id, transition, channel, receiver, level, state, attempts, told, title,
                    outcome, batch, created_at, due_at, sent_at
                FROM notification WHERE \(condition) AND \(after) ORDER BY id DESC LIMIT \(limit + 1)
                """
        )
        let shown = rows.prefix(limit)
        let names = try ChannelNames.of(shown.map { try $0.int("channel") }, connection)
        let entries = try shown.map { try entry($0, names) }
        return NotificationLogPage(
            entries: entries,
            total: total ?? 0,
            next: rows.count > limit ? entries.last?.id : nil
        )
    }

    private static func conditions(_ filter: NotificationLogFilter, _ caller: Caller) -> SQLFragment {
        var all: [SQLFragment] = []
        if let scope = caller.teamCondition(column: "notification.team") { all.append(scope) }
        if let topic = filter.topic { all.append("topic_type = \(topic.type) AND topic_id = \(topic.id)") }
        if let channel = filter.channel { all.append("channel = \(channel)") }
        if let receiver = filter.receiver { all.append("receiver = \(receiver)") }
        if !filter.states.isEmpty {
            all.append("state IN (\(list: filter.states.map { .text($0.rawValue) }))")
        }
        return SQLFragment.joined(all, " AND ", empty: "1 = 1")
    }

    private static func entry(_ row: SQLRow, _ names: [Int64: String]) throws -> NotificationLogEntry {
        let channel = try row.int("channel")
        return NotificationLogEntry(
            id: try row.int("id"),
            topicType: try row.text("topic_type"),
            topicID: try row.int("topic_id"),
            transition: try row.text("transition"),
            channel: channel,
            channelName: names[channel],
            receiver: try row.text("receiver"),
            level: try row.text("level"),
            state: NoticeState(rawValue: try row.text("state")) ?? .unknown,
            attempts: try row.int("attempts"),
            told: try row.optionalText("told"),
            title: try row.optionalText("title"),
            outcome: try row.optionalText("outcome"),
            batch: try row.optionalInt("batch"),
            createdAt: Timestamp(milliseconds: try row.int("created_at")),
            dueAt: Timestamp(milliseconds: try row.int("due_at")),
            sentAt: try row.optionalInt("sent_at").map { Timestamp(milliseconds: $0) }
        )
    }
}
