// Who is acting, with which credential, for which teams, and what they may do.

/// Which credential a caller came with; kept in usage and audit rows.
package struct CredentialReference: Sendable, Hashable {
    /// The kinds of credential.
    package enum Kind: String, Sendable {
        case apiSecret = "api_secret"
        case token
        /// The program itself, or a person at its command line.
        case local
    }

    package let kind: Kind
    /// The API secret's row; nil for the other kinds.
    package let id: Int64?
    /// The API secret's name, or the token's identifier (`jti`). Never the credential itself.
    package let name: String

    package init(kind: Kind, id: Int64? = nil, name: String) {
        self.kind = kind
        self.id = id
        self.name = name
    }
}

/// Who is acting. Made by ``Authenticator`` from a request's headers and handed to whatever acts: an object, because that
/// is much.
package final class Caller: Sendable {
    package let userID: Int64
    package let username: String
    package let domain: String
    package let role: Role
    /// The teams whose rows the caller sees; the first is the current one, new rows are theirs.
    package let teams: [Int64]
    package let credential: CredentialReference

    package init(
        userID: Int64,
        username: String,
        domain: String = UserDomain.standard,
        role: Role,
        teams: [Int64],
        credential: CredentialReference
    ) {
        self.userID = userID
        self.username = username
        self.domain = domain
        self.role = role
        self.teams = teams
        self.credential = credential
    }

    /// The program itself: background work, and the command line on the machine that holds the data.
    package static let system = Caller(
        userID: 0,
        username: "system",
        role: .administrator,
        teams: [Team.defaultID],
        credential: CredentialReference(kind: .local, name: "system")
    )

    /// Whether this is the program itself, which belongs to no team and sees them all.
    package var isSystem: Bool {
        userID == 0 && credential.kind == .local
    }

    /// Whether the caller's role grants the permission.
    package func may(_ permission: Permission) -> Bool {
        role.permissions.contains(permission)
    }

    /// Throws ``CredentialFailure/forbidden(_:)`` unless the caller's role grants the permission.
    package func require(_ permission: Permission) throws(CredentialFailure) {
        guard may(permission) else { throw .forbidden(permission) }
    }

    /// Whether the caller may see rows of the team.
    package func sees(team: Int64) -> Bool {
        isSystem || teams.contains(team)
    }

    /// The team that new rows belong to; nil for a user whom nobody has put into a team yet.
    package var currentTeam: Int64? {
        teams.first
    }

    /// The same caller working in another of their teams; nil if it is not one of theirs.
    package func working(in team: Int64) -> Caller? {
        guard sees(team: team) else { return nil }
        return Caller(
            userID: userID,
            username: username,
            domain: domain,
            role: role,
            teams: [team] + teams.filter { $0 != team },
            credential: credential
        )
    }
}
