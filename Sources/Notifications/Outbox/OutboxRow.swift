// A row of the outbox as the workers read it.

import JSON
import Resources
import Storage

/// A row of `notification` with what a worker must know of it besides the notice.
struct OutboxRow: Sendable {
    var id: Int64
    var receiver: String
    var state: NoticeState
    var attempts: Int
    var generation: Int64
    var dueAt: Int64
    /// What the receiver was told or may have been told; nil when surely nothing.
    var told: String?
    /// Under which id it was sent or may have been sent; nil when surely not.
    var messageID: String?
    /// nil when the row's topic or transition is not known to this program.
    var stored: StoredNotice?

    static let columns = """
        id, team, channel, receiver, topic_type, topic_id, transition, sequence, level, payload, state, attempts, \
        due_at, generation, told, message_id, created_at
        """

    init(_ row: SQLRow) throws {
        id = try row.int("id")
        receiver = try row.text("receiver")
        state = NoticeState(rawValue: try row.text("state")) ?? .pending
        attempts = Int(try row.int("attempts"))
        generation = try row.int("generation")
        dueAt = try row.int("due_at")
        told = try row.optionalText("told")
        messageID = try row.optionalText("message_id")
        guard let topic = NoticeTopic(type: try row.text("topic_type"), id: try row.int("topic_id")),
            let transition = NoticeTransition(rawValue: try row.text("transition"))
        else { return }
        var payload = JSONObject()
        if case .object(let object)? = try? JSONValue(parsing: try row.text("payload")) { payload = object }
        stored = StoredNotice(
            id: id,
            notice: Notice(
                team: try row.int("team"),
                channel: try row.int("channel"),
                receiver: receiver,
                topic: topic,
                transition: transition,
                sequence: try row.int("sequence"),
                level: try row.text("level"),
                payload: payload
            ),
            createdAt: try row.int("created_at"),
            attempts: attempts
        )
    }
}

extension SQLFragment {
    /// Whether an integer column is one of `ids`: one text and one parameter for any number of them.
    static func among(_ column: String, _ ids: [Int64], _ dialect: SQLDialect) -> SQLFragment {
        .placing(.text("[\(ids.map(String.init).joined(separator: ","))]")) { list in
            dialect.isAmongIntegers(column, list)
        }
    }
}
