// One answer in the course of being sent: a state machine that says what to do next and does nothing itself.
import NIOCore

/// What is still to be sent of one answer. The connection asks ``next(now:)`` and carries out what it says.
struct Performance {
    /// Bytes of the body that go out together, perhaps several times, each time after a pause.
    struct Piece {
        var bytes: ByteBuffer
        var times = 1
        var delay = TimeAmount.zero
        /// The usage that is complete once these bytes are out.
        var reports: ReportedTokens?
    }

    enum Ending {
        case keepAlive
        case close
        case abort(Step.Death)

        /// Whether the body stays without its proper end.
        var isAbort: Bool { if case .abort = self { true } else { false } }
    }

    enum Action {
        case wait(until: NIODeadline)
        case write(ByteBuffer)
        case end(Ending)
    }

    /// What the counters call it.
    enum Account { case stream, answer, control }

    var account: Account
    /// The head's bytes, and the body's too where it goes out in one; nil dies before the head.
    var head: ByteBuffer?
    var delayBeforeHead = TimeAmount.zero
    var pieces: [Piece] = []
    /// Whether pieces are wrapped in chunks here. False: they have no framing, or came with it.
    var chunked = false
    var ending = Ending.keepAlive
    /// Whether every write is flushed alone, so that the reader sees the borders of pieces.
    var flushesEach = true

    /// The request's number in the ledger; nil keeps it out.
    var number: Int?
    /// The last usage that went out whole.
    private(set) var reported: ReportedTokens?

    /// Pieces of the body that went out.
    private(set) var sent = 0

    private var headSent = false
    private var position = 0
    private var repeated = 0
    private var trailerSent = false
    private var due: NIODeadline?

    init(account: Account, head: ByteBuffer?) {
        self.account = account
        self.head = head
    }

    /// What to do now. Pauses are counted from the time that the last one was due, so that a late loop catches up.
    mutating func next(now: NIODeadline) -> Action {
        if !headSent {
            if let pause = pause(delayBeforeHead, now) { return pause }
            headSent = true
            if let head { return .write(head) }
        }
        if position < pieces.count {
            if let pause = pause(pieces[position].delay, now) { return pause }
            let bytes = pieces[position].bytes
            if let tokens = pieces[position].reports { reported = tokens }
            sent += 1
            repeated += 1
            if repeated >= pieces[position].times {
                position += 1
                repeated = 0
            }
            return .write(chunked ? Performance.chunk(bytes) : bytes)
        }
        guard chunked, !trailerSent, !ending.isAbort else { return .end(ending) }
        trailerSent = true
        return .write(ByteBuffer(string: "0\r\n\r\n"))
    }

    private var waitingSince: NIODeadline?

    private mutating func pause(_ delay: TimeAmount, _ now: NIODeadline) -> Action? {
        guard delay > .zero else {
            if due == nil { due = now }
            return nil
        }
        let target = waitingSince ?? ((due ?? now) + delay)
        guard target <= now else {
            waitingSince = target
            return .wait(until: target)
        }
        waitingSince = nil
        due = target
        return nil
    }

    private static func chunk(_ bytes: ByteBuffer) -> ByteBuffer {
        var buffer = ByteBufferAllocator().buffer(capacity: bytes.readableBytes + 16)
        buffer.writeString(String(bytes.readableBytes, radix: 16))
        buffer.writeString("\r\n")
        buffer.writeImmutableBuffer(bytes)
        buffer.writeString("\r\n")
        return buffer
    }
}
