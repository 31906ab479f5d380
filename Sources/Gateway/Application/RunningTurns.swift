// The turns that are running, so that a server that stops can end what outlasts its patience.

import Conversation
import Synchronization

/// Keeps a way to cancel each running turn.
final class RunningTurns: Sendable {
    private struct State {
        var next: UInt64 = 0
        /// Set when the server has stopped: whoever comes now is cancelled at once.
        var closedFor: TurnEnd.CancellationCause?
        var cancels: [UInt64: @Sendable (TurnEnd.CancellationCause) -> Void] = [:]
    }

    private let state = Mutex(State())

    func add(_ cancel: @escaping @Sendable (TurnEnd.CancellationCause) -> Void) -> UInt64 {
        let (id, cause) = state.withLock { state in
            state.next += 1
            state.cancels[state.next] = cancel
            return (state.next, state.closedFor)
        }
        if let cause { cancel(cause) }
        return id
    }

    func remove(_ id: UInt64) {
        _ = state.withLock { $0.cancels.removeValue(forKey: id) }
    }

    var count: Int { state.withLock { $0.cancels.count } }

    /// Cancels what runs and what is still to come.
    func close(_ cause: TurnEnd.CancellationCause) {
        let cancels = state.withLock { state in
            state.closedFor = cause
            return Array(state.cancels.values)
        }
        for cancel in cancels { cancel(cause) }
    }

    /// Waits until nothing runs any more, but not for ever.
    func drain(within limit: Duration) async {
        let deadline = ContinuousClock.now + limit
        while count > 0, ContinuousClock.now < deadline { try? await Task.sleep(for: .milliseconds(10)) }
    }
}
