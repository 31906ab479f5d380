// The server itself: accepts connections, hands their requests to a responder, and stops without cutting answers.

import Glibc
package import Loops
import Synchronization

/// An HTTP/1.1 server on event loops.
package final class Listener: Sendable {
    /// Where to listen, and how patient to be.
    package struct Configuration: Sendable {
        /// What is answered to who gets to see no responder.
        package enum Malformed: Sendable {
            case malformed
            case headersTooLarge
            /// There are too many connections already.
            case tooManyConnections
        }

        package var host: String
        /// 0 for any free port.
        package var port: Int
        /// A connection on which no whole request has come for this long is closed; so is one whose reader takes next to nothing
        /// of an answer for as long, or the whole of a last one.
        package var requestTime: Duration
        /// For how long the rest of a request is read and dropped whose answer came before it had come whole.
        package var droppingTime = Duration.seconds(5)
        /// How long a client that is refused may take to read why, and one too many to ask.
        package var refusalTime = Duration.seconds(2)
        /// Connections at the most; others are answered by `refusal` and closed.
        package var maximumConnections: Int
        /// The `server` field of answers.
        package var name: String
        package var refusal: @Sendable (Malformed) -> Response

        package init(
            host: String,
            port: Int,
            requestTime: Duration,
            maximumConnections: Int = Configuration.connectionsForDescriptors,
            name: String,
            refusal: @escaping @Sendable (Malformed) -> Response
        ) {
            self.host = host
            self.port = port
            self.requestTime = requestTime
            self.maximumConnections = maximumConnections
            self.name = name
            self.refusal = refusal
        }
    }

    package typealias Responder = @Sendable (Request) async -> Response

    private let state: ListenerState
    private let loops: LoopGroup
    private let open = Mutex(Open())

    /// What there is once it listens.
    private struct Open {
        var hasBegun = false
        var acceptor: (loop: EventLoop, bound: LoopBound<Acceptor>)?
        var seats: [Acceptor.Seat] = []
    }

    /// - Parameter loops: those that connections live on. They must go on until `drained` has returned.
    package init(_ configuration: Configuration, loops: LoopGroup, responder: @escaping Responder) {
        self.loops = loops
        state = ListenerState(configuration: configuration, responder: responder)
    }

    /// Begins to accept connections. Once.
    ///
    /// - Returns: the port.
    /// - Throws: `ListenFailure` when the address cannot be had, or it has begun or stopped before.
    package func start() async throws(ListenFailure) -> Int {
        let configuration = state.configuration
        let isFirst = open.withLock { open in
            defer { open.hasBegun = true }
            return !open.hasBegun
        }
        guard isFirst, !state.isStopping else {
            throw ListenFailure(configuration.host, configuration.port, "it has begun or stopped before")
        }
        let (descriptor, port) = try ListeningSocket.open(host: configuration.host, port: configuration.port)
        var seats: [Acceptor.Seat] = []
        for loop in loops.loops {
            let table = await loop.run { [state] core in
                LoopBound(ConnectionTable(state, on: core), to: core.loop)
            }
            if let table { seats.append(Acceptor.Seat(loop: loop, table: table)) }
        }
        let home = loops.next()
        let acceptor = await home.run { [seats] core in
            LoopBound(Acceptor(descriptor, on: core, seats: seats), to: core.loop)
        }
        guard let acceptor else {
            Glibc.close(descriptor)
            throw ListenFailure(configuration.host, configuration.port, "the event loops have ended")
        }
        open.withLock { [seats] open in
            open.acceptor = (home, acceptor)
            open.seats = seats
        }
        // It may have been told meanwhile.
        if state.isStopping { stopAccepting() }
        return port
    }

    /// Accepts no more connections, closes idle ones, and lets the others end with their answer. Idempotent.
    package func stopAccepting() {
        state.stop()
        let acceptor = open.withLock { $0.acceptor.take() }
        acceptor?.loop.perform { _ in acceptor?.bound.value.close() }
        for seat in seats { seat.loop.perform { _ in seat.table.value.closeIdle() } }
    }

    /// Closes every connection, whatever it is doing.
    package func closeAll() {
        for seat in seats { seat.loop.perform { _ in seat.table.value.closeAll() } }
    }

    /// Open connections.
    package var connectionCount: Int { state.count }

    /// Returns when no connection is open. For after `stopAccepting`.
    package func drained() async {
        await state.drained()
    }

    private var seats: [Acceptor.Seat] { open.withLock { $0.seats } }
}
