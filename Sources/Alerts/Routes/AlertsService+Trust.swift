// Whether a sender is known before its body is read.

import Identity
import Storage

extension AlertsService {
    /// Whether one of the secrets in headers or query belongs to an active source. Only then a large body is worth its
    /// memory; whoever keeps the secret in the body has to be brief.
    ///
    /// The answer decides nothing else: `receive` checks the secret again, against the source that the body names.
    ///
    /// - Parameter sourceID: the source that the path names (`source/{source_id}/webhook/`); then it must be its secret.
    package func isKnownSender(
        secrets: [String],
        query: [(String, String)],
        sourceID: String? = nil
    ) async -> Bool {
        let presented = PresentedSource.hashes(secrets, query)
        guard !presented.isEmpty else { return false }
        guard let found = try? await directory.sources(withSecret: presented) else { return false }
        let now = clock.now()
        return found.sources.contains { source in
            source.isActive && source.accepts(presented, now: now) && (sourceID ?? source.sourceID) == source.sourceID
        }
    }
}
