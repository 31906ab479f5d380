// A transfer while it is in a loop's hands: what has arrived and was not handed over yet, and its limits.

import CCurl
import Loops

/// The loop's part of one transfer. Confined to the loop's thread.
final class RunningTransfer {
    let transfer: Transfer
    let handle: EasyHandle
    var deadlines: TransferDeadlines
    /// The moment for which the deadline queue has this transfer's entry.
    var scheduled: Moment
    /// Waits in the loop's list of those that have something to hand over.
    var isTouched = false
    /// A final response head has come, perhaps long ago.
    var hasHead: Bool { parser.isComplete }
    /// A connection carries it, and is not the loop's own to speak on.
    var isCarried: Bool { deadlines.phase != .connecting && mail == nil }
    /// Anything of an answer has come.
    var hasAnswer: Bool { parser.bytesSeen > 0 }
    /// Our own reason for ending the transfer from within a callback.
    private(set) var refusal: TransferFailure?
    /// An address was refused. The name may have others.
    private(set) var hasRefusedAddress = false
    /// Not handed over yet.
    var newHead: ResponseHead?
    var incoming: [UInt8] = []
    /// Bytes that the reader had not taken when some were handed over last; by now it can only be fewer.
    var pendingBefore = 0

    /// What is said with a mail server; nil for HTTP.
    let mail: MailExchange?

    private var parser: ResponseHeadParser
    private var bodyBytes = 0
    /// The loop outlives its transfers: it ends them all before it leaves.
    private unowned let loop: TransferLoop

    init(_ transfer: Transfer, handle: EasyHandle, loop: TransferLoop, maximumHeadBytes: Int) {
        self.transfer = transfer
        self.handle = handle
        self.loop = loop
        deadlines = TransferDeadlines(transfer.request.timeouts, startedAt: loop.now)
        scheduled = deadlines.next
        parser = ResponseHeadParser(limit: maximumHeadBytes)
        if case .mail(let content) = transfer.request.content {
            mail = MailExchange(content, limit: maximumHeadBytes)
        } else {
            mail = nil
        }
    }

    /// False ends the transfer.
    func receive(headerLine line: UnsafeRawBufferPointer) -> Bool {
        if let mail { return mail.heard(line) }
        switch parser.append(line) {
        case .more:
            break
        case .head(let head):
            newHead = head
            received()
        case .tooLarge:
            let message = "the response head is longer than \(parser.limit) bytes"
            refusal = TransferFailure(.responseTooLarge, message)
            return false
        }
        return true
    }

    /// False ends the transfer.
    func receive(body piece: UnsafeRawBufferPointer) -> Bool {
        bodyBytes += piece.count
        guard bodyBytes <= transfer.bodyLimit else {
            let message = "the response is longer than \(transfer.bodyLimit) bytes"
            refusal = TransferFailure(.responseTooLarge, message)
            return false
        }
        incoming.append(contentsOf: piece)
        received()
        if !transfer.isWhole, pendingBefore + incoming.count >= transfer.highWaterMark { loop.handOver(self) }
        return true
    }

    private func received() {
        deadlines.received(at: loop.now)
        loop.reschedule(self)
        if !transfer.isWhole { loop.touch(self) }
    }

    func refusedAddress() { hasRefusedAddress = true }

    /// - Parameter peer: the other side's address. A kept connection may have been opened for a request that goes
    ///   anywhere.
    /// - Returns: whether the request may be sent there.
    func connected(to peer: String) -> Bool {
        if case .http(let content) = transfer.request.content, content.refusesLinkLocal, LinkLocal.isLiteral(peer) {
            refusedAddress()
            return false
        }
        deadlines.connected(at: loop.now)
        loop.reschedule(self)
        return true
    }
}
