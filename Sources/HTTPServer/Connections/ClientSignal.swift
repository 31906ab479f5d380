// Says that a client has gone, also while nobody reads or writes.

import Synchronization

/// Fires once when its connection's inbound side has closed.
package final class ClientSignal: Sendable {
    private struct State {
        var isGone = false
        var handler: (@Sendable () -> Void)?
        /// Tells the handlers of one connection's requests apart.
        var token: UInt64 = 0
    }

    private let state = Mutex(State())

    init() {}

    /// Calls `handler` when the client goes, at once if it has gone already. One handler at a time: requests of a
    /// connection follow one another.
    ///
    /// - Returns: what `settle` takes.
    @discardableResult
    package func onGone(_ handler: @escaping @Sendable () -> Void) -> UInt64 {
        let (isGone, token) = state.withLock { state in
            state.token += 1
            if !state.isGone { state.handler = handler }
            return (state.isGone, state.token)
        }
        if isGone { handler() }
        return token
    }

    /// Forgets that handler: its request is over. The next request's handler may be in place by then, and stays.
    package func settle(_ token: UInt64) {
        state.withLock { state in
            if state.token == token { state.handler = nil }
        }
    }

    func fire() {
        let handler = state.withLock { state in
            state.isGone = true
            defer { state.handler = nil }
            return state.handler
        }
        handler?()
    }
}
