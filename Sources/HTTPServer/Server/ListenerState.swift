// What the connections of a listener share.

import Synchronization

/// How many connections there are, and whether there will be more.
final class ListenerState: Sendable {
    private struct State {
        var count = 0
        var isStopping = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    let configuration: Listener.Configuration
    let responder: Listener.Responder
    private let state = Mutex(State())

    init(configuration: Listener.Configuration, responder: @escaping Listener.Responder) {
        self.configuration = configuration
        self.responder = responder
    }

    /// Whether the listener accepts no more.
    var isStopping: Bool { state.withLock { $0.isStopping } }

    var count: Int { state.withLock { $0.count } }

    /// - Returns: how many connections there are above the bound; 0 or less when there is room.
    func enter() -> Int {
        state.withLock { state in
            state.count += 1
            return state.count - configuration.maximumConnections
        }
    }

    func leave() {
        let waiters = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            state.count -= 1
            guard state.count == 0 else { return [] }
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    func stop() {
        state.withLock { $0.isStopping = true }
    }

    func drained() async {
        await withCheckedContinuation { waiter in
            let isEmpty = state.withLock { state in
                if state.count > 0 { state.waiters.append(waiter) }
                return state.count == 0
            }
            if isEmpty { waiter.resume() }
        }
    }
}
