// What the connections of a listener share.

import NIOCore
import Synchronization

/// The open connections, and whether there will be more.
final class ListenerState: Sendable {
    private struct State {
        var open: [ObjectIdentifier: (connection: Connection, handler: NIOLoopBound<ConnectionHandler>)] = [:]
        var isStopping = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    let configuration: Listener.Configuration
    let responder: Listener.Responder
    let closing = LoopsClosing()
    private let state = Mutex(State())

    init(configuration: Listener.Configuration, responder: @escaping Listener.Responder) {
        self.configuration = configuration
        self.responder = responder
    }

    /// Whether the listener accepts no more.
    var isStopping: Bool { state.withLock { $0.isStopping } }

    var connections: [Connection] { state.withLock { $0.open.values.map(\.connection) } }

    /// - Returns: how many connections there are above the bound; 0 or less when there is room.
    func add(_ connection: Connection, _ handler: NIOLoopBound<ConnectionHandler>) -> Int {
        state.withLock { state in
            state.open[ObjectIdentifier(connection)] = (connection, handler)
            return state.open.count - configuration.maximumConnections
        }
    }

    func remove(_ connection: Connection) {
        let waiters = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            state.open[ObjectIdentifier(connection)] = nil
            guard state.open.isEmpty else { return [] }
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    func stop() {
        let open = state.withLock { state in
            state.isStopping = true
            return Array(state.open.values)
        }
        for (connection, handler) in open {
            let channel = connection.channel
            connection.onLoop { handler.value.closeIfIdle(channel) }
        }
    }

    func drained() async {
        await withCheckedContinuation { waiter in
            let isEmpty = state.withLock { state in
                if !state.open.isEmpty { state.waiters.append(waiter) }
                return state.open.isEmpty
            }
            if isEmpty { waiter.resume() }
        }
    }
}
