// What a reader holds: the head of a response and the way to its body.

/// A response whose body comes in pieces. One task reads it. Whoever drops it or cancels it ends the transfer; the
/// connection is closed then unless the body had come to its end.
package final class TransferResponse: Sendable {
    package var status: Int { head.status }
    /// Read anew each time: few are asked for.
    package var headers: HTTPHeaders { head.headers }
    private let head: ResponseHead
    private let transfer: Transfer

    init(head: ResponseHead, transfer: Transfer) {
        self.head = head
        self.transfer = transfer
    }

    deinit {
        transfer.cancel()
    }

    /// All bytes that are pending, as soon as there are any; nil when the body came to its proper end; empty when
    /// `patience` ran out first (ask again). Cancelling the task cancels the transfer.
    ///
    /// - Throws: `.connectionLost` when the connection ended before the body, a time limit's kind, `.cancelled`,
    ///   `.shutDown`. Bytes that had arrived come first.
    package func nextBatch(patience: Duration? = nil) async throws(TransferFailure) -> [UInt8]? {
        switch await transfer.next(patience: patience) {
        case .bytes(let bytes): return bytes
        case .nothingYet: return []
        case .end: return nil
        case .failed(let failure): throw failure
        case .head, .whole: throw TransferFailure(.other, "a body came with a second head")
        }
    }

    /// Ends the transfer at once and drops what is pending. Idempotent; nothing happens after the body's end.
    package func cancel() {
        transfer.cancel()
    }

    /// The rest of the body.
    ///
    /// - Throws: `.responseTooLarge` when there are more than `limit` bytes (the transfer is cancelled then), and what
    ///   `nextBatch` throws.
    package func collect(limit: Int) async throws(TransferFailure) -> [UInt8] {
        var body: [UInt8] = []
        while let batch = try await nextBatch() {
            guard body.count + batch.count <= limit else {
                cancel()
                throw TransferFailure(.responseTooLarge, "the response is longer than \(limit) bytes")
            }
            if body.isEmpty { body = batch } else { body.append(contentsOf: batch) }
        }
        return body
    }
}

/// A response with its whole body.
package struct WholeResponse: Sendable {
    package var status: Int { head.status }
    /// Read anew each time: of most answers none are asked for.
    package var headers: HTTPHeaders { head.headers }
    package let body: [UInt8]
    private let head: ResponseHead

    init(head: ResponseHead, body: [UInt8]) {
        self.head = head
        self.body = body
    }
}
