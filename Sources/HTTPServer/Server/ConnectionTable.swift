// The connections of one loop.

import Loops

/// Takes connections in, keeps them, and looks once in a while whose time is over. Confined to its loop's thread.
final class ConnectionTable {
    /// The loop keeps this alive, not the other way round.
    unowned let core: LoopCore
    let state: ListenerState
    private var handlers: [ObjectIdentifier: ConnectionHandler] = [:]
    private let interval: Duration
    private var isWatching = false

    init(_ state: ListenerState, on core: LoopCore) {
        self.state = state
        self.core = core
        interval = max(.milliseconds(20), min(.seconds(1), state.configuration.requestTime / 8))
    }

    /// Begins with an accepted socket.
    func admit(_ descriptor: Int32) {
        let excess = state.enter()
        let handler = ConnectionHandler(descriptor, in: self, isSurplus: excess > 0)
        handlers[ObjectIdentifier(handler)] = handler
        if excess > ConnectionHandler.surplus || state.isStopping {
            handler.close()
        } else {
            handler.open()
            watchTimes()
        }
    }

    func remove(_ handler: ConnectionHandler) {
        guard handlers.removeValue(forKey: ObjectIdentifier(handler)) != nil else { return }
        state.leave()
    }

    func closeIdle() {
        for handler in handlers.values { handler.closeIfIdle() }
    }

    func closeAll() {
        for handler in handlers.values { handler.close() }
    }

    /// One timer for all: a connection costs none, and none is left behind by it.
    private func watchTimes() {
        guard !isWatching else { return }
        isWatching = true
        core.after(interval) { [weak self] in
            guard let self else { return }
            self.isWatching = false
            let now = self.core.now
            for handler in self.handlers.values { handler.checkTime(now) }
            if !self.handlers.isEmpty { self.watchTimes() }
        }
    }
}
