// A client's connection as the rest of the program sees it.

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
        channel.close(promise: nil)
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

    // MARK: Writing

    /// Hands bytes to the socket and waits while too many are unsent.
    ///
    /// - Throws: `ConnectionClosed` when nobody is there any more.
    func write(_ buffer: ByteBuffer) async throws(ConnectionClosed) {
        guard channel.isActive else { throw ConnectionClosed() }
        channel.writeAndFlush(buffer, promise: nil)
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
