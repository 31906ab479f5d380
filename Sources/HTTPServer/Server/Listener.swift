// The server itself: accepts connections, hands their requests to a responder, and stops without cutting answers.

import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// An HTTP/1.1 server on event loops of its own.
package final class Listener: Sendable {
    /// Where to listen, and how patient to be.
    package struct Configuration: Sendable {
        /// What is answered to bytes that are no request.
        package enum Malformed: Sendable {
            case malformed
            case headersTooLarge
            /// There are too many connections already.
            case tooManyConnections
        }

        package var host: String
        /// 0 for any free port.
        package var port: Int
        /// A connection on which no whole request has come for this long is closed.
        package var requestTime: Duration
        /// Connections at the most; others are answered by `refusal` and closed.
        package var maximumConnections: Int
        /// Event loops, each with a thread.
        package var loops: Int
        /// The `server` field of answers.
        package var name: String
        package var refusal: @Sendable (Malformed) -> Response

        package init(
            host: String,
            port: Int,
            requestTime: Duration,
            maximumConnections: Int = Configuration.connectionsForDescriptors,
            loops: Int = Configuration.usualLoops,
            name: String,
            refusal: @escaping @Sendable (Malformed) -> Response
        ) {
            self.host = host
            self.port = port
            self.requestTime = requestTime
            self.maximumConnections = maximumConnections
            self.loops = loops
            self.name = name
            self.refusal = refusal
        }

        var patience: TimeAmount { .init(requestTime) }

        /// libcurl's and the store's threads want to run beside the loops.
        package static var usualLoops: Int { max(1, System.coreCount * 3 / 4) }
    }

    package typealias Responder = @Sendable (Request) async -> Response

    private let state: ListenerState
    private let group: MultiThreadedEventLoopGroup
    private let channel = Mutex<(any Channel)?>(nil)

    package init(_ configuration: Configuration, responder: @escaping Responder) {
        group = MultiThreadedEventLoopGroup(numberOfThreads: configuration.loops)
        state = ListenerState(configuration: configuration, responder: responder)
    }

    /// Begins to accept connections.
    ///
    /// - Returns: the port.
    /// - Throws: an `IOError` when the address cannot be had.
    package func start() async throws -> Int {
        let state = state
        let configuration = state.configuration
        let channel = try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            // NIO's four accepts a tick make bursts of clients wait.
            .serverChannelOption(.maxMessagesPerRead, value: 256)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    var limits = NIOHTTPDecoderLimitConfiguration()
                    limits.maxHeaderFieldSize = 16 << 10
                    limits.maxHeaderListSize = 64 << 10
                    limits.maxHeaderFieldCount = 200
                    let decoder = HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes, limitConfiguration: limits)
                    try channel.pipeline.syncOperations.addHandlers(
                        // More than one head's worth means that nothing is parsed any more.
                        ByteToMessageHandler(decoder, maximumBufferSize: 256 << 10),
                        ConnectionHandler(state: state)
                    )
                }
            }
            .bind(host: configuration.host, port: configuration.port)
            .get()
        self.channel.withLock { $0 = channel }
        return channel.localAddress?.port ?? configuration.port
    }

    /// Accepts no more connections, closes idle ones, and lets the others end with their answer. Idempotent.
    package func stopAccepting() {
        channel.withLock { $0.take() }?.close(promise: nil)
        state.stop()
    }

    /// Closes every connection, whatever it is doing.
    package func closeAll() {
        for connection in state.connections { connection.close() }
    }

    /// Open connections.
    package var connectionCount: Int { state.connections.count }

    /// Returns when no connection is open. For after `stopAccepting`.
    package func drained() async {
        await state.drained()
    }

    /// For tasks that go on after this: the loops are about to end.
    package func closeLoops() async {
        await state.closing.begin()
        try? await group.shutdownGracefully()
    }
}
