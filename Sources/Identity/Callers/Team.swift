// Teams, and the domain that user names live in.

/// A group of people who own rows together. Every row that people own carries the id of its team.
package struct Team: Sendable, Hashable {
    package let id: Int64
    package let name: String

    package init(id: Int64, name: String) {
        self.id = id
        self.name = name
    }

    /// The team that the first migration creates.
    package static let defaultID: Int64 = 1
}

/// The name space of user names.
package enum UserDomain {
    /// The only domain of a fresh installation (seed, section 3.1.1).
    package static let standard = "domain.com"

    /// A missing or empty domain means the standard one; case and surrounding blanks do not matter.
    package static func normalized(_ domain: String?) -> String {
        let trimmed = (domain ?? "").trimmedASCII.lowercased()
        return trimmed.isEmpty ? standard : trimmed
    }
}
