// A user as others see one, and what a new one needs.

package import Identity
package import JSON

/// A user. Holds no password, hashed or not.
package struct User: Sendable, Hashable {
    package let id: Int64
    package let username: String
    package let domain: String
    package let role: Role
    package let isActive: Bool
    /// The first is the current one.
    package let teams: [Int64]
    /// Where notices for them go; empty: nowhere.
    package let email: String
    /// Their id in the organisation's WeCom directory; empty: none.
    package let wecomID: String
    /// Epoch milliseconds, as are the other times.
    package let createdAt: Int64
    package let updatedAt: Int64
    package let lastLoginAt: Int64?

    /// The user for audit entries and answers; times stay epoch milliseconds.
    package var json: JSONValue {
        .object([
            "id": .integer(id),
            "username": .string(username),
            "domain": .string(domain),
            "role": .string(role.rawValue),
            "is_active": .bool(isActive),
            "teams": .array(teams.map { .integer($0) }),
            "email": .string(email),
            "wecom_id": .string(wecomID),
            "created_at": .integer(createdAt),
            "updated_at": .integer(updatedAt),
            "last_login_at": lastLoginAt.map { .integer($0) } ?? .null,
        ])
    }
}

/// What a new user needs.
package struct NewUser: Sendable {
    package var username: String
    /// nil or empty: the standard domain.
    package var domain: String?
    package var password: Secret
    package var role: Role
    /// nil: the creator's current team. The first is the user's current one.
    package var teams: [Int64]?
    /// A mail address, or empty.
    package var email: String
    /// An id in the organisation's WeCom directory, or empty.
    package var wecomID: String

    package init(
        username: String,
        domain: String? = nil,
        password: Secret,
        role: Role,
        teams: [Int64]? = nil,
        email: String = "",
        wecomID: String = ""
    ) {
        self.username = username
        self.domain = domain
        self.password = password
        self.role = role
        self.teams = teams
        self.email = email
        self.wecomID = wecomID
    }
}

/// One page of users.
package struct UserList: Sendable {
    /// How many there are in all.
    package let count: Int
    package let results: [User]
}
