// Writes a body piece by piece, in the answer's framing.

import Synchronization

/// Writes the pieces of one answer's body.
package final class ResponseWriter: Sendable {
    private let connection: Connection
    private let framing: BodyFraming
    /// The head, until the first piece takes it along: both are one packet then.
    private let head: Mutex<[UInt8]?>

    init(_ connection: Connection, framing: BodyFraming, head: [UInt8]) {
        self.connection = connection
        self.framing = framing
        self.head = Mutex(head)
    }

    /// Sends bytes at once; waits while too many are unsent.
    ///
    /// - Throws: `ConnectionClosed`.
    package func write(_ bytes: [UInt8]) async throws(ConnectionClosed) {
        guard framing != .none, !bytes.isEmpty else { return }
        var buffer = head.withLock { $0.take() } ?? []
        buffer.reserveCapacity(buffer.count + bytes.count + 16)
        if framing == .chunked {
            buffer.append(contentsOf: String(bytes.count, radix: 16).utf8)
            buffer.append("\r\n")
            buffer.append(contentsOf: bytes)
            buffer.append("\r\n")
        } else {
            buffer.append(contentsOf: bytes)
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
        var buffer = head.withLock { $0.take() } ?? []
        if framing == .chunked { buffer.append("0\r\n\r\n") }
        if !buffer.isEmpty { try await connection.write(buffer) }
    }
}
