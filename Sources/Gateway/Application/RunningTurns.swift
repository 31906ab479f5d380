// The turns that are running, so that a server that stops can end what outlasts its patience.

import Conversation
import Synchronization

/// Keeps a way to cancel each running turn.
final class RunningTurns: Sendable {
    private struct State {
        var next: UInt64 = 0
        var cancels: [UInt64: @Sendable (TurnEnd.CancellationCause) -> Void] = [:]
    }

    private let state = Mutex(State())

    func add(_ cancel: @escaping @Sendable (TurnEnd.CancellationCause) -> Void) -> UInt64 {
        state.withLock { state in
            state.next += 1
            state.cancels[state.next] = cancel
            return state.next
        }
    }

    func remove(_ id: UInt64) {
        _ = state.withLock { $0.cancels.removeValue(forKey: id) }
    }

    var count: Int { state.withLock { $0.cancels.count } }

    func cancelAll(_ cause: TurnEnd.CancellationCause) {
        for cancel in state.withLock({ Array($0.cancels.values) }) { cancel(cause) }
    }
}
