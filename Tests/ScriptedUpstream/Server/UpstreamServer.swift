// The listener: NIO's request decoder in, raw bytes out, one handler a connection.
import NIOCore
import NIOHTTP1
import NIOPosix

struct UpstreamServer {
    let options: Options

    /// Binds to loopback and returns the listening channel.
    func listen(on group: MultiThreadedEventLoopGroup) async throws -> any Channel {
        let service = Service(options: options)
        return try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 4096)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            // The default of 4 accepts a tick makes the first requests of a burst late.
            .serverChannelOption(.maxMessagesPerRead, value: 256)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.maxMessagesPerRead, value: 4)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let operations = channel.pipeline.syncOperations
                    // No encoder: scripts send bytes that it would refuse. No pipelining helper: it stops reading
                    // while an answer runs, and then nobody would notice that the client has gone.
                    try operations.addHandler(ByteToMessageHandler(HTTPRequestDecoder()))
                    try operations.addHandler(ConnectionHandler(service: service))
                }
            }
            .bind(host: "127.0.0.1", port: options.port)
            .get()
    }
}
