// From the names that people write into rules to where these people are reached.

package import Storage

/// Where a person is reached. Empty: not on that way.
package struct Contact: Sendable, Hashable {
    /// What was written: a user name or a mail address.
    package var entry: String
    package var email: String
    /// The person's id in the organisation's WeCom directory.
    package var wecomID: String
    /// A deactivated user is not told anything.
    package var isActive: Bool

    package init(entry: String, email: String = "", wecomID: String = "", isActive: Bool = true) {
        self.entry = entry
        self.email = email
        self.wecomID = wecomID
        self.isActive = isActive
    }
}

/// Looks people up in the table `users`.
package enum ContactBook {
    /// No look-up asks for more names at once than this (PostgreSQL has 65,535 parameters).
    private static let chunk = 500

    /// The contacts of those entries that are somebody, by the entry.
    ///
    /// A user name is looked for in the standard domain first, then in the others by their age. An entry with `@` is a
    /// mail address itself; if it is also a user's name, that user's WeCom id comes with it.
    package static func contacts(
        _ entries: [String],
        on connection: any SQLConnection
    ) throws -> [String: Contact] {
        var found: [String: Contact] = [:]
        let names = Array(Set(entries)).sorted()
        for start in stride(from: 0, to: names.count, by: chunk) {
            let part = names[start..<min(start + chunk, names.count)]
            let rows = try connection.query(
                """
                SELECT username, domain, email, wecom_id, is_active FROM users
                WHERE username IN (\(SQLDialect.parameters(part.count))) ORDER BY id
                """,
                part.map(SQLValue.text)
            )
            for row in rows {
                let name = try row.text("username")
                let isStandard = try row.text("domain") == UserDomain.standard
                guard isStandard || found[name] == nil else { continue }
                found[name] = Contact(
                    entry: name,
                    email: try row.text("email"),
                    wecomID: try row.text("wecom_id"),
                    isActive: try row.bool("is_active")
                )
            }
        }
        for entry in names where entry.utf8.contains(UInt8(ascii: "@")) {
            var contact = found[entry] ?? Contact(entry: entry)
            contact.email = entry
            found[entry] = contact
        }
        return found
    }
}
