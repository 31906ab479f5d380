// How a notice gets its words: the room that knows the topic composes it, at the moment it is sent and not before.

package import JSON
package import Storage

/// A notice as it waits in the outbox.
package struct StoredNotice: Sendable, Hashable {
    /// The row in `notification`.
    package var id: Int64
    package var notice: Notice
    /// Epoch milliseconds, UTC.
    package var createdAt: Int64
    /// Attempts before this one.
    package var attempts: Int

    package init(id: Int64, notice: Notice, createdAt: Int64, attempts: Int) {
        self.id = id
        self.notice = notice
        self.createdAt = createdAt
        self.attempts = attempts
    }
}

/// What there is to tell.
package struct NoticeContent: Sendable, Hashable {
    /// What templates may use: `title`, `level`, `status`, `host`, `description`, `started_at`, `ended_at`,
    /// `duration`, `source`, `link`, `labels` (object), `people`, `transition`. Texts from outside, not yet escaped.
    package var variables: JSONObject
    /// The state that is told (`firing`, `resolved`, …). Kept with the row, so that nobody is told twice.
    package var told: String

    package init(variables: JSONObject, told: String) {
        self.variables = variables
        self.told = told
    }
}

/// What becomes of a notice when its turn has come.
package enum NoticeVerdict: Sendable, Hashable {
    case send(NoticeContent)
    /// There is nothing left to tell, and why.
    case drop(String)
    /// Something else must be told first; epoch milliseconds.
    case postpone(until: Int64)
}

/// Composes notices about the topics of a room. Called on the database's thread, in the transaction that claims.
package protocol NoticeComposer: Sendable {
    /// One verdict for each notice, by the row's id; what is missing is dropped as unknown.
    func compose(
        _ notices: [StoredNotice],
        now: Int64,
        on connection: any SQLConnection
    ) throws -> [Int64: NoticeVerdict]
}
