// One turn in the books: who, with what, how much, how it ended. No content.

package import OpenAIProtocol

/// A row of the table `usage_record`. Times in milliseconds, `startedAt` since the epoch, UTC.
package struct UsageRow: Sendable {
    package var requestID: String
    package var startedAt: Int64
    package var userID: Int64
    package var username: String
    package var team: Int64
    /// `api_secret`, `token`, …
    package var credentialKind: String
    package var credentialID: Int64?
    /// The way the request came.
    package var surface: String
    package var requestedModel: String
    package var botID: String?
    package var provider: String?
    package var model: String?
    package var rounds: Int
    /// Tools that ran, in order.
    package var tools: [String]
    package var usage: Usage
    package var firstTokenMilliseconds: Int64?
    package var durationMilliseconds: Int64
    package var isStream: Bool
    /// `finished`, `client_gone`, `shut_down`, an error's code, …
    package var outcome: String
}
