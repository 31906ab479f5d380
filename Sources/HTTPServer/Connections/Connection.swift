// A client's connection as the rest of the program sees it.

package import Loops
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
    package let executor: EventLoop
    /// Fires when the client goes.
    package let signal = ClientSignal()
    private let handler: LoopBound<ConnectionHandler>
    private let state = Mutex(State())
    private let isOpen = Atomic<Bool>(true)
    private let isFull = Atomic<Bool>(false)

    /// To be made on the loop's thread.
    init(handler: ConnectionHandler, loop: EventLoop) {
        executor = loop
        self.handler = LoopBound(handler, to: loop)
    }

    /// Closes the connection, whatever it is doing.
    package func close() {
        onLoop { $0.close() }
    }

    /// Cancels the task in which the responder of that request was called (`Request.number`). Nothing happens when it has
    /// returned its answer.
    package func cancelAnswer(_ number: Int) {
        onLoop { $0.cancelAnswer(number) }
    }

    /// Runs `body` on the connection's loop: now when this is its thread, else soon, and never once the loop is over.
    func onLoop(_ body: @escaping @Sendable (ConnectionHandler) -> Void) {
        executor.perform { [handler] _ in body(handler.value) }
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
    /// - Throws: `ConnectionClosed` when nobody is there any more. A connection that ends during the wait is found by the
    ///   next write.
    func write(_ bytes: [UInt8]) async throws(ConnectionClosed) {
        guard isOpen.load(ordering: .acquiring) else { throw ConnectionClosed() }
        if executor.isCurrent {
            handler.value.send(bytes)
        } else {
            try await hand(bytes)
        }
        guard isFull.load(ordering: .acquiring) else { return }
        await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
                let earlier = state.withLock { state -> CheckedContinuation<Void, Never>? in
                    defer { state.writer = continuation }
                    return state.writer
                }
                // There should be one writer; a second must not make the first wait for ever.
                earlier?.resume()
                // There may be room again, or nobody left, before anybody could be told.
                if !isFull.load(ordering: .acquiring) || !isOpen.load(ordering: .acquiring) || Task.isCancelled {
                    releaseWriter()
                }
            }
        } onCancel: {
            releaseWriter()
        }
    }

    /// The way to the loop from another thread. Waits for it, so that a writer cannot run ahead.
    private func hand(_ bytes: [UInt8]) async throws(ConnectionClosed) {
        let isTaken = await withCheckedContinuation { taken in
            let isComing = executor.execute { [handler] _ in
                handler.value.send(bytes)
                taken.resume(returning: true)
            }
            if !isComing { taken.resume(returning: false) }
        }
        guard isTaken else { throw ConnectionClosed() }
    }

    /// There is room again, or there will be none.
    func releaseWriter() {
        state.withLock { $0.writer.take() }?.resume()
    }

    // MARK: What the loop says

    func hasClosed() {
        isOpen.store(false, ordering: .releasing)
        releaseWriter()
    }

    /// Whether writers have to wait.
    func setFull(_ isFull: Bool) {
        self.isFull.store(isFull, ordering: .releasing)
        if !isFull { releaseWriter() }
    }
}

/// Thrown by writers when the connection has ended.
package struct ConnectionClosed: Error {
    package init() {}
}
