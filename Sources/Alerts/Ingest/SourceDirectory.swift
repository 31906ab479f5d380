// Finds the source of a body by its name or its secret, mostly from memory.

import Identity
import Storage
import Synchronization

/// Sources by name and by secret. What is remembered may be out of date: every ingest transaction compares it with the
/// store (`SourceRows.changed`), so that a deleted source or an old secret is noticed at once, on every node. And nobody
/// is refused on the word of memory alone.
final class SourceDirectory: Sendable {
    private enum Key: Hashable {
        case name(String)
        case secret(String)
    }

    private let database: any Database
    private let known = Mutex<[Key: [AlertSource]]>([:])
    /// More would be somebody trying names; then memory starts over.
    private let capacity = 4_096
    let news = SourceNews()

    init(database: any Database) {
        self.database = database
    }

    /// What was found, and whether it comes from memory.
    struct Found {
        var sources: [AlertSource]
        var isRemembered: Bool
    }

    /// The source that senders call so, if there is one.
    func source(named name: String) async throws -> Found {
        try await find(.name(name)) { connection in
            try SourceRows.named(name, connection).map { [$0] } ?? []
        }
    }

    /// The sources that have, or had, one of these secrets.
    func sources(withSecret hashes: [CredentialHash]) async throws -> Found {
        let key = Key.secret(hashes.map(\.hexadecimal).joined(separator: " "))
        return try await find(key) { try SourceRows.withSecret(hashes, $0) }
    }

    /// Forgets everything; what is asked next comes from the store.
    func forget() {
        known.withLock { $0.removeAll() }
    }

    /// Only what was found is remembered: what is not there may be there in a moment.
    private func find(
        _ key: Key,
        _ load: @escaping @Sendable (any SQLConnection) throws -> [AlertSource]
    ) async throws -> Found {
        if let found = known.withLock({ $0[key] }) { return Found(sources: found, isRemembered: true) }
        let found = try await database.read(load)
        if !found.isEmpty {
            news.remember(found)
            known.withLock { known in
                if known.count >= capacity { known.removeAll() }
                known[key] = found
            }
        }
        return Found(sources: found, isRemembered: false)
    }
}
