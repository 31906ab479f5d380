// Writes a body piece by piece, in the answer's framing.

import NIOCore
import Synchronization

/// Writes the pieces of one answer's body.
package final class ResponseWriter: Sendable {
    private let connection: Connection
    private let framing: BodyFraming
    /// The head, until the first piece takes it along: both are one packet then.
    private let head: Mutex<ByteBuffer?>

    init(_ connection: Connection, framing: BodyFraming, head: ByteBuffer) {
        self.connection = connection
        self.framing = framing
        self.head = Mutex(head)
    }

    /// Sends bytes at once; waits while too many are unsent.
    ///
    /// - Throws: `ConnectionClosed`.
    package func write(_ bytes: [UInt8]) async throws(ConnectionClosed) {
        guard framing != .none, !bytes.isEmpty else { return }
        var buffer = head.withLock { $0.take() } ?? connection.channel.allocator.buffer(capacity: bytes.count + 16)
        if framing == .chunked {
            buffer.writeString(String(bytes.count, radix: 16))
            buffer.writeStaticString("\r\n")
            buffer.writeBytes(bytes)
            buffer.writeStaticString("\r\n")
        } else {
            buffer.writeBytes(bytes)
        }
        try await connection.write(buffer)
    }

    /// Sends the head if nothing has been sent yet.
    func flushHead() async throws(ConnectionClosed) {
        guard let buffer = head.withLock({ $0.take() }) else { return }
        try await connection.write(buffer)
    }

    /// Tells the body's end.
    func finish() async throws(ConnectionClosed) {
        var buffer = head.withLock { $0.take() } ?? connection.channel.allocator.buffer(capacity: 8)
        if framing == .chunked { buffer.writeStaticString("0\r\n\r\n") }
        if buffer.readableBytes > 0 { try await connection.write(buffer) }
    }
}
