// An API secret as it is listed: never the secret itself, nor its hash.

package import Identity
package import JSON

/// What is known of an API secret after it was shown once.
package struct APISecretRecord: Sendable, Hashable {
    package let id: Int64
    package let name: String
    package let description: String
    package let userID: Int64
    package let username: String
    package let team: Int64
    /// `bkls_` and the first characters, by which people tell their secrets apart.
    package let prefix: String
    /// Epoch milliseconds, as are the other times.
    package let createdAt: Int64
    /// To the minute.
    package let lastUsedAt: Int64?
    package let expiresAt: Int64?

    /// The record for audit entries and answers; times stay epoch milliseconds.
    package var json: JSONValue {
        .object([
            "id": .integer(id),
            "name": .string(name),
            "description": .string(description),
            "user_id": .integer(userID),
            "username": .string(username),
            "team": .integer(team),
            "prefix": .string(prefix),
            "created_at": .integer(createdAt),
            "last_used_at": lastUsedAt.map { .integer($0) } ?? .null,
            "expires_at": expiresAt.map { .integer($0) } ?? .null,
        ])
    }
}

/// A new API secret and its record; the only time that the secret is told.
package struct GeneratedAPISecret: Sendable {
    package let record: APISecretRecord
    package let secret: Secret
}

/// One page of API secrets.
package struct APISecretList: Sendable {
    /// How many there are in all.
    package let count: Int
    package let results: [APISecretRecord]
}

/// What of a new API secret its owner chooses, already checked.
struct NewAPISecret: Sendable {
    let name: String
    let description: String
    let expiresAt: Int64?
}
