// What tests and the bodies they hand in use to wait for each other.

import Dispatch
import Support
import Synchronization

/// Keeps a database's thread busy, so that what is handed in meanwhile must wait.
final class Gate: Sendable {
    private let opened = DispatchSemaphore(value: 0)
    private let state = Mutex(false)  // whether a body has come

    /// Returns when a body waits at the gate.
    func occupied() async throws {
        try await eventually("a body is at the gate", holds: { state.withLock { $0 } })
    }

    /// To be called in a body.
    func pass() {
        state.withLock { $0 = true }
        opened.wait()
    }

    func open() { opened.signal() }
}

/// Counts what tasks have done.
final class Counter: Sendable {
    private let state = Mutex(0)
    var count: Int { state.withLock { $0 } }
    func add() { state.withLock { $0 += 1 } }
}
