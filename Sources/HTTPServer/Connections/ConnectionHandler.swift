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
    static let droppingTime = Duration.seconds(5)
    /// How long a client that is refused may take to read why, and one too many to ask.
    static let refusalTime = Duration.seconds(2)
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
    private var isProcessing = false
    /// The responder's pipe is full.
    var isPaused = false
    /// Since when the socket has taken next to nothing of an answer, and what it had taken by then.
    private var stall: (since: Moment, sent: Int)?
    /// Requests wait for the next turn: others come first.
    private var isYielding = false
    /// The end of the answer is told by the connection's (HTTP/1.0).
    var endsByClosing = false
    /// Something of the answer has been sent.
    private var hasBegunAnswer = false
    /// When it is closed, whatever happens.
    private var closesAt: Moment?
    /// When the last request was complete, or its answer: what an idle connection is judged by.
    var lastActivity: Moment

    private var waiting = InputBuffer()
    private var scanner = HeadScanner()
    private var bodyParser = BodyParser(.none)

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
        let limit = isSurplus ? Self.refusalTime : table.state.configuration.requestTime
        let since = isAnswering ? stall?.since ?? now : lastActivity
        if since.advanced(by: limit) <= now { close() }
    }

    /// A client that closes its sending side is gone too: none that speaks HTTP does so and goes on reading.
    private func inputEnded() {
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

    private func receive() {
        var hasEnded = false
        reading: for _ in 0..<Self.readsInARow {
            switch socket.receive() {
            case .bytes(let bytes):
                received(bytes)
                // Less than there was room for: that was all.
                guard socket.isOpen, bytes.count == table.core.scratch.count, isRoom else { break reading }
            case .nothing: break reading
            case .end:
                hasEnded = true
                break reading
            case .failed: return close()
            }
        }
        dispatchIncomplete()
        if hasEnded { inputEnded() }
        readOn()
    }

    /// Whether more may be read.
    private var isRoom: Bool {
        !isPaused && !isYielding && !(isAnswering && waiting.count > Self.waitingBytes)
    }

    /// Reads on, or not, as things stand now.
    func readOn() {
        if socket.isOpen, socket.awaitsEnd { socket.wantsInput = isRoom }
    }

    /// Somebody has read what was too much.
    func resumeReading() {
        isPaused = false
        readOn()
    }

    private func received(_ bytes: UnsafeRawBufferPointer) {
        guard waiting.count == 0 else {
            waiting.append(bytes)
            readWaiting()
            return
        }
        let taken = process(bytes)
        if taken < bytes.count { waiting.append(UnsafeRawBufferPointer(rebasing: bytes[taken...])) }
    }

    /// Takes the requests that waited. Those that are answered at once come back here, and must not do so one inside the
    /// other: thousands fit into one read.
    func readWaiting() {
        guard !isProcessing, !isYielding else { return }
        // Taken out: it must not be touched in two places.
        var input = InputBuffer()
        swap(&input, &waiting)
        input.take(process)
        if socket.isOpen { swap(&input, &waiting) }
    }

    /// - Returns: how many bytes were read; the others wait for their turn.
    private func process(_ bytes: UnsafeRawBufferPointer) -> Int {
        isProcessing = true
        defer { isProcessing = false }
        var position = 0
        var requests = 0
        do {
            while position < bytes.count {
                guard socket.isOpen, !isClosing, malformed == nil else { return bytes.count }
                guard case .nothing = inbound else {
                    try readBody(bytes, &position)
                    continue
                }
                if isAnswering { return position }
                guard requests < Self.requestsInARow else {
                    yield()
                    return position
                }
                guard try readHead(bytes, &position) else { return position }
                requests += 1
            }
            return position
        } catch {
            found(error)
            return bytes.count
        }
    }

    /// Lets others have their turn.
    private func yield() {
        isYielding = true
        table.core.inNextTurn { [weak self] in
            self?.isYielding = false
            self?.goOn()
        }
    }

    /// False when the head has not come whole.
    private func readHead(_ bytes: UnsafeRawBufferPointer, _ position: inout Int) throws(ParseFault) -> Bool {
        // An empty line before a request is skipped (RFC 9112 section 2.2).
        if bytes[position] == ASCII.carriageReturn, position + 1 < bytes.count, bytes[position + 1] == ASCII.lineFeed {
            position += 2
            scanner = HeadScanner()
            return position < bytes.count
        }
        let rest = UnsafeRawBufferPointer(rebasing: bytes[position...])
        guard let end = try scanner.end(in: rest) else { return false }
        scanner = HeadScanner()
        let head = try RequestHead(parsing: UnsafeRawBufferPointer(rebasing: rest[..<end]))
        position += end
        guard head.body != .none else {
            lastActivity = table.core.now
            dispatch(head, body: RequestBody([]))
            return true
        }
        bodyParser = BodyParser(head.body)
        inbound = .collecting(head, [])
        return true
    }

    private func readBody(_ bytes: UnsafeRawBufferPointer, _ position: inout Int) throws(ParseFault) {
        if let piece = try bodyParser.next(bytes, &position) { take(UnsafeRawBufferPointer(rebasing: bytes[piece])) }
        if bodyParser.isDone { bodyEnded() }
    }

    private func take(_ piece: UnsafeRawBufferPointer) {
        switch inbound {
        case .nothing: return
        case .collecting(let head, var body):
            // Moved out, so that it grows in place.
            inbound = .nothing
            if body.isEmpty, case .length(let count) = head.body { body.reserveCapacity(min(count, 1 << 20)) }
            body.append(contentsOf: piece)
            inbound = .collecting(head, body)
        case .streaming(let pipe):
            if pipe.append(piece) { isPaused = true }
        case .dropping(let count):
            inbound = .dropping(count + piece.count)
            if count + piece.count > Self.droppedBytes { closeWhenSent() }
        }
    }

    private func bodyEnded() {
        lastActivity = table.core.now
        switch inbound {
        case .nothing: return
        case .collecting(let head, let body):
            inbound = .nothing
            dispatch(head, body: RequestBody(body))
        case .streaming(let pipe):
            inbound = .nothing
            connection?.isReading = false
            pipe.finish()
        case .dropping:
            inbound = .nothing
            closeWhenSent()
        }
    }

    private func found(_ fault: ParseFault) {
        malformed = fault
        switch inbound {
        case .streaming(let pipe): pipe.fail(.incomplete)
        case .collecting: inbound = .nothing
        case .nothing: break
        // It has its answer.
        case .dropping: return closeWhenSent()
        }
        if !isAnswering { refuse(fault == .headersTooLarge ? .headersTooLarge : .malformed) }
    }
}
