// Finds the source of a body by its name or its secret, mostly from memory.

import Identity
import Storage
import Synchronization

/// Sources by name and by secret. What is remembered may be out of date: every ingest transaction compares it with the
/// store (`SourceRows.changed`), so that a deleted source or an old secret is noticed at once, on every node.
final class SourceDirectory: Sendable {
    private enum Key: Hashable {
        case name(String)
        case secret(String)
    }

    private let database: any Database
    private let known = Mutex<[Key: [AlertSource]]>([:])
    /// More would be somebody trying names; then memory starts over.
    private let capacity = 4_096

    init(database: any Database) {
        self.database = database
    }

    /// The source that senders call so; nil when there is none.
    func source(named name: String) async throws -> AlertSource? {
        let found = try await sources(.name(name)) { connection in
            try SourceRows.named(name, connection).map { [$0] } ?? []
        }
        return found.first
    }

    /// The sources that have, or had, one of these secrets.
    func sources(withSecret hashes: [CredentialHash]) async throws -> [AlertSource] {
        let key = Key.secret(hashes.map(\.hexadecimal).joined(separator: " "))
        return try await sources(key) { try SourceRows.withSecret(hashes, $0) }
    }

    /// Forgets everything; what is asked next comes from the store.
    func forget() {
        known.withLock { $0.removeAll() }
    }

    /// Only what was found is remembered: what is not there may be there in a moment.
    private func sources(
        _ key: Key,
        _ load: @escaping @Sendable (any SQLConnection) throws -> [AlertSource]
    ) async throws -> [AlertSource] {
        if let found = known.withLock({ $0[key] }) { return found }
        let found = try await database.read(load)
        if !found.isEmpty {
            known.withLock { known in
                if known.count >= capacity { known.removeAll() }
                known[key] = found
            }
        }
        return found
    }
}
