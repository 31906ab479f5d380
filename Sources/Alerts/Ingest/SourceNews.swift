// What the log has to hear of sources that were good once and are refused now: at most a line a minute for each.

import Identity
import Synchronization

/// Remembers whose secret was whose, beyond the source's end: a sender that goes on after its source was deleted shall
/// be named, and not just be one more wrong secret.
final class SourceNews: Sendable {
    private struct State {
        var bySecret: [String: AlertSource] = [:]
        var toldAt: [Int64: Int64] = [:]
    }

    private let state = Mutex(State())
    /// More would be a very large house; then memory starts over.
    private static let capacity = 4_096
    /// Milliseconds between two lines about one source.
    private static let interval: Int64 = 60_000

    /// Takes note of sources as they are in the store.
    func remember(_ sources: [AlertSource]) {
        state.withLock { state in
            if state.bySecret.count >= Self.capacity { state.bySecret.removeAll() }
            for source in sources {
                state.bySecret[source.secret.hexadecimal] = source
                if let previous = source.previousSecret { state.bySecret[previous.hexadecimal] = source }
            }
        }
    }

    /// The source that one of these secrets was good for when it was last seen.
    func owner(of secrets: [CredentialHash]) -> AlertSource? {
        state.withLock { state in secrets.compactMap { state.bySecret[$0.hexadecimal] }.first }
    }

    /// Whether a line about the source may be written now; if so, the next has to wait.
    func isDue(_ source: Int64, now: Int64) -> Bool {
        state.withLock { state in
            if let toldAt = state.toldAt[source], now - toldAt < Self.interval, now >= toldAt { return false }
            if state.toldAt.count >= Self.capacity { state.toldAt.removeAll() }
            state.toldAt[source] = now
            return true
        }
    }
}
