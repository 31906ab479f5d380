// The states of a row in the outbox.

/// Where a notice is on its way. The raw value stands in the column `state`.
///
/// `pending` → `sending` → one of the final ones, or back to `pending` for another attempt. A person can send `dead` and
/// `unknown` rows again; then they are `pending`.
package enum NoticeState: String, Sendable, Hashable, CaseIterable {
    /// Waits until `due_at`.
    case pending
    /// A worker has it until `claimed_until`; after that any worker may take it.
    case sending
    /// The other side took it.
    case sent
    /// There was nothing left to tell; `outcome` says why.
    case dropped
    /// Refused, or tried too often: a person has to look at it.
    case dead
    /// Sent perhaps, and the receiver could not tell a second one from the first: a person decides.
    case unknown

    package static let names = allCases.map(\.rawValue)

    /// Whether nothing happens to it any more by itself.
    package var isFinal: Bool { self != .pending && self != .sending }

    /// Whether a person may send it again.
    package var canBeSentAgain: Bool { self == .dead || self == .unknown }

    /// The condition on rows that are not final, in the words of the partial index: only so will it be used.
    static let isWaiting = "state IN ('pending', 'sending')"
    /// The condition on rows that a person has to look at, in the words of the partial index.
    static let isStuck = "state IN ('dead', 'unknown')"
    /// The condition on final rows, in the words of the partial index.
    static let isOver = "state IN ('sent', 'dropped', 'dead', 'unknown')"
}
