// One connection's requests and answers, in turn: what is read in, what a responder answers out.

import HTTPTypes
import Loops

/// The loop's side of a connection.
///
/// Requests of a connection are answered one after another. Those that come before their turn wait unread, and the socket
/// is not read while more than a few do.
final class ConnectionHandler: DescriptorHandler {
    /// What is being read.
    enum Inbound {
        /// Nothing: the next bytes are a head.
        case nothing
        /// The body of a request that has not been given to a responder yet.
        case collecting(RequestHead, [UInt8])
        /// The body of the one that is being answered.
        case streaming(BodyPipe)
        /// The rest of a body that nobody wants, with the bytes so far.
        case dropping(Int)
    }

    /// Bytes of requests that wait for their turn, above which the socket is not read.
    static let waitingBytes = 64 << 10
    /// What is read and dropped of a request that was answered before it had come whole.
    static let droppedBytes = 64 << 20
    /// Connections above the bound that still hear why there is no room; more are closed at once.
    static let surplus = 64
    /// Bytes of an answer that a slow reader takes in the time that an idle connection has, not to count as gone.
    static let progress = 4 << 10
    /// Requests that are answered in one go, and reads of a socket, before other connections have their turn.
    static let requestsInARow = 256
    static let readsInARow = 8

    let table: ConnectionTable
    private(set) var connection: Connection?
    private(set) lazy var socket = ClientSocket(descriptor, on: table.core, handler: self)
    private let descriptor: Int32

    var inbound = Inbound.nothing
    var isAnswering = false
    /// Counts answers, so that one is not taken for another.
    private(set) var answerNumber = 0
    /// The responder has not returned its answer yet.
    var isMaking = false
    /// The task that makes the answer.
    var answering: Task<Void, Never>?
    /// It is to be cancelled.
    var mustCancel = false
    /// What came was no HTTP; nothing behind it is read.
    var malformed: ParseFault?
    /// One connection too many: its first request is refused.
    let isSurplus: Bool
    var isClosing = false
    /// Bytes are being read into requests: who is called from there returns there.
    var isProcessing = false
    /// The responder's pipe is full.
    var isPaused = false
    /// Since when the socket has taken next to nothing of an answer, and what it had taken by then.
    private var stall: (since: Moment, sent: Int)?
    /// Requests wait for the next turn: others come first.
    var isYielding = false
    /// The end of the answer is told by the connection's (HTTP/1.0).
    var endsByClosing = false
    /// Something of the answer has been sent.
    private var hasBegunAnswer = false
    /// When it is closed, whatever happens.
    private var closesAt: Moment?
    /// When the last request was complete, or its answer: what an idle connection is judged by.
    var lastActivity: Moment

    var waiting = InputBuffer()
    var scanner = HeadScanner()
    var bodyParser = BodyParser(.none)

    init(_ descriptor: Int32, in table: ConnectionTable, isSurplus: Bool) {
        self.descriptor = descriptor
        self.table = table
        self.isSurplus = isSurplus
        lastActivity = table.core.now
        connection = Connection(handler: self, loop: table.core.loop)
    }

    /// Begins to listen.
    func open() {
        if !socket.watch() { close() }
    }

    // MARK: Its life

    /// Closes it, whatever it is doing.
    func close() {
        // Without chunks an orderly end would make a part of an answer look like all of it.
        let isCutUnseen = endsByClosing && (isAnswering || socket.unsentCount > 0)
        socket.close(reset: isCutUnseen)
        if case .streaming(let pipe) = inbound { pipe.fail(.incomplete) }
        inbound = .nothing
        waiting.removeAll()
        guard let connection else { return }
        self.connection = nil
        table.remove(self)
        connection.signal.fire()
        connection.hasClosed()
    }

    /// Closes it at that time at the latest.
    func close(after time: Duration) {
        let moment = Moment.now.advanced(by: time)
        closesAt = closesAt.map { min($0, moment) } ?? moment
    }

    /// Closes a connection whose time is over: no whole request has come for too long, or its reader takes nothing of an
    /// answer. Bodies have deadlines of their own.
    func checkTime(_ now: Moment) {
        if let closesAt, closesAt <= now { return close() }
        let limit = isSurplus ? table.state.configuration.refusalTime : table.state.configuration.requestTime
        let since = isAnswering ? stall?.since ?? now : lastActivity
        if since.advanced(by: limit) <= now { close() }
    }

    /// A client that closes its sending side is gone too: none that speaks HTTP does so and goes on reading.
    func inputEnded() {
        socket.awaitsEnd = false
        socket.wantsInput = false
        connection?.signal.fire()
        if case .streaming(let pipe) = inbound { pipe.fail(.incomplete) }
        connection?.mustClose = true
        if !isAnswering { closeWhenSent() }
    }

    // MARK: Writing

    /// Sends a piece of an answer.
    func send(_ bytes: [UInt8]) {
        guard socket.isOpen else { return }
        hasBegunAnswer = true
        sent(socket.send(bytes))
    }

    /// Asks for the body, unless an answer is already on its way.
    func sayGoOn() {
        guard socket.isOpen, !hasBegunAnswer else { return }
        sent(socket.send(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)))
    }

    func answerBegins() {
        isAnswering = true
        answerNumber += 1
        isMaking = true
        mustCancel = false
        hasBegunAnswer = false
        endsByClosing = false
    }

    private func sent(_ result: ClientSocket.Sent) {
        switch result {
        case .failed: close()
        case .all, .part:
            let unsent = socket.unsentCount
            if let (_, sent) = stall {
                if unsent < ClientSocket.lowWater {
                    stall = nil
                    connection?.setFull(false)
                } else if socket.sentTotal - sent >= Self.progress {
                    stall = (table.core.now, socket.sentTotal)
                }
            } else if unsent > ClientSocket.highWater {
                stall = (table.core.now, socket.sentTotal)
                connection?.setFull(true)
            }
            if unsent == 0, isClosing { close() }
        }
    }

    // MARK: Reading

    func ready(_ descriptor: Int32, _ events: DescriptorEvents) {
        if events.contains(.writable) { sent(socket.flush()) }
        guard socket.isOpen, !events.subtracting(.writable).isEmpty else { return }
        if socket.wantsInput {
            receive()
        } else if !events.isDisjoint(with: .failed) {
            close()
        } else if events.contains(.inputClosed), socket.awaitsEnd {
            inputEnded()
        }
    }
}
