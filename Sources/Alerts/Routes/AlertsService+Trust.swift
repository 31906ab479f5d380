// Whether a sender is known before its body is read.

import Identity
import Resources
import Storage

extension AlertsService {
    /// Whether one of the secrets in headers or query belongs to an active source. Only then a large body is worth its
    /// memory; whoever keeps the secret in the body has to be brief.
    ///
    /// The answer decides nothing else: `receive` checks the secret again, against the source that the body names.
    package func isKnownSender(secrets: [String], query: [(String, String)]) async -> Bool {
        let presented = (secrets + query.filter { $0.0 == "secret" }.map(\.1))
            .filter { !$0.isEmpty && $0.utf8.count <= 1000 }.prefix(8).map { CredentialHash(of: $0) }
        guard !presented.isEmpty else { return false }
        guard let found = try? await directory.sources(withSecret: Array(presented)) else { return false }
        let now = clock.now()
        return found.sources.contains { $0.isActive && $0.accepts(Array(presented), now: now) }
    }
}
