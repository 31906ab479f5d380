// A response as it is kept: what was asked, what was answered, and what it went on from.

import JSON
import Storage

/// One row of `conversation_response`.
package struct StoredResponse: Sendable, Hashable {
    /// `resp_…`, unique over all users.
    package var id: String
    package var userID: Int64
    package var team: Int64
    /// The response that it goes on from.
    package var previousID: String?
    /// The items of this request alone: a JSON array.
    package var input: String
    /// The whole response object as the client got it.
    package var body: String
    /// Milliseconds since 1970.
    package var createdAt: Int64

    package init(
        id: String,
        userID: Int64,
        team: Int64,
        previousID: String?,
        input: String,
        body: String,
        createdAt: Int64
    ) {
        self.id = id
        self.userID = userID
        self.team = team
        self.previousID = previousID
        self.input = input
        self.body = body
        self.createdAt = createdAt
    }

    init(_ row: SQLRow) throws {
        id = try row.text("id")
        userID = try row.int("user_id")
        team = try row.int("team")
        previousID = try row.optionalText("previous_id")
        input = try row.text("input")
        body = try row.text("body")
        createdAt = try row.int("created_at")
    }

    /// Its size in the store, bytes.
    package var bytes: Int { input.utf8.count + body.utf8.count }
}
