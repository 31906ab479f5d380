// A client's connection as the rest of the program sees it.

import Glibc
import NIOCore
import Synchronization

/// One open connection. What is called from elsewhere is done on its event loop.
package final class Connection: Sendable {
    private struct State {
        /// Whether no further request is answered.
        var mustClose = false
        /// Whether the request's body has not come to its end.
        var isReading = false
        /// The writer that waits for room.
        var writer: CheckedContinuation<Void, Never>?
    }

    /// Runs tasks on the connection's own event loop.
    package let executor: LoopExecutor
    let channel: any Channel
    private let state = Mutex(State())

    init(channel: any Channel, executor: LoopExecutor) {
        self.channel = channel
        self.executor = executor
    }

    /// Fires when the client goes.
    package let signal = ClientSignal()

    /// Closes the connection, whatever it is doing.
    package func close() {
        executor.whileOpen { channel.close(promise: nil) }
    }

    /// Runs `body` on the connection's loop: now when this is its thread, else soon, and never once the loops are over.
    func onLoop(_ body: @escaping @Sendable () -> Void) {
        if channel.eventLoop.inEventLoop { return body() }
        executor.whileOpen { channel.eventLoop.execute(body) }
    }

    /// Whether this answer is the last: the client has gone, or what it sends is no HTTP.
    var mustClose: Bool {
        get { state.withLock { $0.mustClose } }
        set { state.withLock { $0.mustClose = newValue } }
    }

    /// Whether a body is still on its way.
    var isReading: Bool {
        get { state.withLock { $0.isReading } }
        set { state.withLock { $0.isReading = newValue } }
    }

    /// Closes the connection so that the other side sees an error.
    func reset() {
        let channel = channel
        onLoop {
            let isSet = (channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0))
            guard let isSet else { return channel.close(promise: nil) }
            isSet.whenComplete { _ in channel.close(promise: nil) }
        }
    }

    // MARK: Writing

    /// Hands bytes to the socket and waits while too many are unsent.
    ///
    /// - Throws: `ConnectionClosed` when nobody is there any more. A connection that ends during the wait is found by the
    ///   next write.
    func write(_ buffer: ByteBuffer) async throws(ConnectionClosed) {
        guard channel.isActive else { throw ConnectionClosed() }
        if channel.eventLoop.inEventLoop {
            channel.writeAndFlush(buffer, promise: nil)
        } else if !executor.whileOpen({ channel.writeAndFlush(buffer, promise: nil) }) {
            throw ConnectionClosed()
        }
        guard !channel.isWritable else { return }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                state.withLock { $0.writer = continuation }
                // It may have become writable, or been closed, before anybody could be told.
                if channel.isWritable || !channel.isActive || Task.isCancelled { releaseWriter() }
            }
        } onCancel: {
            releaseWriter()
        }
    }

    /// There is room again, or there will be none.
    func releaseWriter() {
        state.withLock { $0.writer.take() }?.resume()
    }
}

/// Thrown by writers when the connection has ended.
package struct ConnectionClosed: Error {
    package init() {}
}
