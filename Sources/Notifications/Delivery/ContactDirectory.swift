// The senders' way to the contacts of persons.

package import Identity
package import Storage

/// Looks contacts up for senders, which have no transaction of their own.
package struct ContactDirectory: Sendable {
    /// The contacts of those entries that are somebody, by the entry.
    package let contacts: @Sendable ([String]) async throws -> [String: Contact]

    package init(_ contacts: @escaping @Sendable ([String]) async throws -> [String: Contact]) {
        self.contacts = contacts
    }

    /// Out of the table `users`.
    package init(database: any Database) {
        self.init { entries in
            try await database.read { try ContactBook.contacts(entries, on: $0) }
        }
    }
}

/// Receivers sorted into those whom a channel reaches, and why it does not reach the others.
struct Reached: Sendable, Hashable {
    /// Addresses on the channel, each once, in the order of the receivers.
    var addresses: [String] = []
    /// Sentences about the others.
    var problems: [String] = []

    var problemText: String { problems.joined(separator: "; ") }

    /// - Parameters:
    ///   - way: what they lack who are not reached: `mail address`.
    ///   - address: the address out of a contact; empty when there is none.
    init(
        _ receivers: [String],
        _ contacts: [String: Contact],
        way: String,
        address: (Contact) -> String
    ) {
        for receiver in receivers {
            guard let contact = contacts[receiver] else {
                problems.append("there is no user \(receiver.shownLine(limit: 150))")
                continue
            }
            let found = address(contact)
            if !contact.isActive {
                problems.append("the user \(receiver) is deactivated")
            } else if found.isEmpty {
                problems.append("\(receiver) has no \(way)")
            } else if !addresses.contains(found) {
                addresses.append(found)
            }
        }
    }
}
