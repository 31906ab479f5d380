// One connection's requests and answers, in turn: what the decoder reads in, what a responder answers out.

import HTTPTypes
import NIOCore
import NIOHTTP1

/// The last handler of a connection's pipeline; the request decoder stands before it. Answers are written as bytes.
///
/// Requests of a connection are answered one after another. Those that come before their turn wait here, and the socket
/// is not read while more than a few do.
final class ConnectionHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// What is being read.
    private enum Inbound {
        /// Nothing: the next part is a head.
        case nothing
        /// A request that has not been given to a responder yet.
        case collecting(HTTPRequestHead, ByteBuffer?)
        /// The body of the one that is being answered.
        case streaming(BodyPipe)
        /// The rest of a body that nobody wants, with the bytes so far.
        case dropping(Int)
    }

    /// Parts of requests that wait for their turn, above which the socket is not read.
    private static let waitingParts = 64
    /// What is read and dropped of a request that was answered before it had come whole.
    private static let droppedBytes = 64 << 20
    private static let droppingTime = TimeAmount.seconds(5)
    /// How long a client that is refused may take to read why, and one too many to ask.
    private static let refusalTime = TimeAmount.seconds(2)
    /// Connections above the bound that still hear why there is no room; more are closed at once.
    private static let surplus = 64
    /// Requests that are answered in one go, before other connections have their turn.
    private static let partsInARow = 256

    private let state: ListenerState
    private var connection: Connection?
    private var inbound = Inbound.nothing
    private var isAnswering = false
    private var waiting = CircularBuffer<HTTPServerRequestPart>()
    /// What came was no HTTP; said when all that came before has been answered.
    private var malformed: Listener.Configuration.Malformed?
    /// One connection too many: its first request is refused.
    private var isSurplus = false
    private var isClosing = false
    /// Waiting requests are being taken: who is called from there returns there.
    private var isGoingOn = false
    /// Since when the socket takes no more of an answer.
    private var stalledSince: NIODeadline?
    private var isPaused = false
    private var hasPendingRead = false
    /// When the last request was complete, or its answer: what an idle connection is judged by.
    private var lastActivity = NIODeadline.now()

    init(state: ListenerState) {
        self.state = state
    }

    // MARK: Its life

    func handlerAdded(context: ChannelHandlerContext) {
        let executor = LoopExecutor(home: context.eventLoop, closing: state.closing)
        let connection = Connection(channel: context.channel, executor: executor)
        self.connection = connection
        let excess = state.add(connection, NIOLoopBound(self, eventLoop: context.eventLoop))
        isSurplus = excess > 0
        if excess > Self.surplus || state.isStopping {
            context.close(promise: nil)
        } else {
            watchIdleness(context.eventLoop, in: isSurplus ? Self.refusalTime : state.configuration.patience)
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        leave()
    }

    func channelInactive(context: ChannelHandlerContext) {
        leave()
        context.fireChannelInactive()
    }

    private func leave() {
        if case .streaming(let pipe) = inbound { pipe.fail(.incomplete) }
        inbound = .nothing
        waiting.removeAll()
        guard let connection else { return }
        self.connection = nil
        state.remove(connection)
        connection.signal.fire()
        connection.releaseWriter()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed? = event as? ChannelEvent {
            // A client that closes its sending side is gone too: none that speaks HTTP does so and goes on reading.
            connection?.signal.fire()
            if case .streaming(let pipe) = inbound { pipe.fail(.incomplete) }
            connection?.mustClose = true
            if !isAnswering { closeWhenSent(context.channel) }
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? HTTPParserError else {
            // After the first fault each further byte is one: what came before it is still answered.
            if malformed == nil { context.close(promise: nil) }
            return
        }
        let fault: Listener.Configuration.Malformed = error == .headerOverflow ? .headersTooLarge : .malformed
        malformed = fault
        switch inbound {
        case .streaming(let pipe): pipe.fail(.incomplete)
        case .collecting: inbound = .nothing
        case .nothing, .dropping: break
        }
        if !isAnswering { refuse(fault, context.channel) }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        stalledSince = context.channel.isWritable ? nil : .now()
        if context.channel.isWritable { connection?.releaseWriter() }
        context.fireChannelWritabilityChanged()
    }

    // MARK: Reading

    func read(context: ChannelHandlerContext) {
        if isPaused || waiting.count > Self.waitingParts { hasPendingRead = true } else { context.read() }
    }

    /// Somebody has read what was too much.
    func resumeReading(_ channel: any Channel) {
        isPaused = false
        readOn(channel)
    }

    private func readOn(_ channel: any Channel) {
        guard hasPendingRead, !isPaused, waiting.count <= Self.waitingParts else { return }
        hasPendingRead = false
        channel.read()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isClosing else { return }
        let part = unwrapInboundIn(data)
        if isAnswering, case .nothing = inbound {
            waiting.append(part)
        } else {
            take(part, context.channel)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        // What has come of a body by now goes to its responder; the rest follows.
        if case .collecting(let head, let body) = inbound { dispatch(head, incomplete: body, context.channel) }
        context.fireChannelReadComplete()
    }

    private func take(_ part: HTTPServerRequestPart, _ channel: any Channel) {
        guard malformed == nil else { return }
        switch part {
        case .head(let head):
            inbound = .collecting(head, nil)
        case .body(let bytes):
            switch inbound {
            case .nothing: return
            case .collecting(let head, nil): inbound = .collecting(head, bytes)
            case .collecting(let head, var body?):
                // Moved out, so that it grows in place.
                inbound = .nothing
                body.writeImmutableBuffer(bytes)
                inbound = .collecting(head, body)
            case .streaming(let pipe):
                if pipe.append(bytes.readableBytesView) { isPaused = true }
            case .dropping(let count):
                let all = count + bytes.readableBytes
                inbound = .dropping(all)
                if all > Self.droppedBytes { closeWhenSent(channel) }
            }
        case .end:
            lastActivity = .now()
            switch inbound {
            case .nothing: return
            case .collecting(let head, let body):
                inbound = .nothing
                dispatch(head, body: RequestBody(body.map { Array($0.readableBytesView) } ?? []), channel)
            case .streaming(let pipe):
                inbound = .nothing
                connection?.isReading = false
                pipe.finish()
            case .dropping: closeWhenSent(channel)
            }
        }
    }

    // MARK: Answering

    private func dispatch(_ head: HTTPRequestHead, incomplete body: ByteBuffer?, _ channel: any Channel) {
        guard let connection else { return }
        let handler = NIOLoopBound(self, eventLoop: channel.eventLoop)
        var goOn: (@Sendable () -> Void)?
        if body == nil, head.version.isCurrent, head.headers.contains(name: "expect") {
            goOn = {
                connection.onLoop {
                    channel.writeAndFlush(ByteBuffer(staticString: "HTTP/1.1 100 Continue\r\n\r\n"), promise: nil)
                }
            }
        }
        let pipe = BodyPipe(
            onDemand: goOn,
            resumeReading: { connection.onLoop { handler.value.resumeReading(channel) } }
        )
        if let body, pipe.append(body.readableBytesView) { isPaused = true }
        inbound = .streaming(pipe)
        connection.isReading = true
        dispatch(head, body: RequestBody(.pipe(pipe)), channel)
    }

    private func dispatch(_ head: HTTPRequestHead, body: RequestBody, _ channel: any Channel) {
        guard let connection else { return }
        isAnswering = true
        guard !isSurplus else {
            refuse(.tooManyConnections, channel)
            return
        }
        let method = HTTPRequest.Method(rawValue: head.method.rawValue) ?? .get
        let request = Request(
            method: method,
            target: head.uri,
            headers: RequestHeaders(head.headers),
            body: body,
            connection: connection
        )
        let terms = AnswerTerms(
            method: method,
            keepsAlive: head.keepsAlive,
            knowsChunks: head.version.isCurrent,
            server: state.configuration.name
        )
        let handler = NIOLoopBound(self, eventLoop: channel.eventLoop)
        let state = state
        // At once and here: a task that had to be picked up by another thread first would cost more than many answers.
        _ = Task<Void, Never>.immediate(executorPreference: connection.executor) {
            let response = await state.responder(request)
            let keepsOpen = await connection.send(response, terms, isStopping: state.isStopping)
            connection.onLoop { handler.value.answered(keepsOpen: keepsOpen, channel) }
        }
    }

    private func answered(keepsOpen: Bool, _ channel: any Channel) {
        guard let connection else { return }
        isAnswering = false
        isPaused = false
        lastActivity = .now()
        if case .streaming(let pipe) = inbound {
            // A close at once would be a reset, and many clients would never see the answer: what is still on its way
            // is read and dropped for a moment.
            pipe.fail(.abandoned)
            guard malformed == nil else {
                closeWhenSent(channel)
                return
            }
            inbound = .dropping(0)
            readOn(channel)
            close(after: Self.droppingTime, channel.eventLoop)
        } else if keepsOpen, !connection.mustClose, !state.isStopping {
            goOn(channel)
        } else {
            closeWhenSent(channel)
        }
    }

    /// Takes the requests that waited. Those that are answered at once come back here, and must not do so one inside the
    /// other: thousands fit into one read.
    private func goOn(_ channel: any Channel) {
        guard !isGoingOn else { return }
        isGoingOn = true
        var taken = 0
        while !isAnswering, !isClosing, taken < Self.partsInARow, let part = waiting.popFirst() {
            taken += 1
            take(part, channel)
        }
        isGoingOn = false
        guard !isAnswering, !isClosing else { return }
        guard waiting.isEmpty else {
            let handler = NIOLoopBound(self, eventLoop: channel.eventLoop)
            channel.eventLoop.execute { handler.value.goOn(channel) }
            return
        }
        if let malformed {
            refuse(malformed, channel)
        } else if case .collecting(let head, let body) = inbound {
            dispatch(head, incomplete: body, channel)
        }
        readOn(channel)
    }

    /// Answers what no responder gets to see, and closes.
    private func refuse(_ fault: Listener.Configuration.Malformed, _ channel: any Channel) {
        guard let connection else { return }
        isAnswering = true
        let response = state.configuration.refusal(fault)
        let terms = AnswerTerms(method: .get, keepsAlive: false, knowsChunks: true, server: state.configuration.name)
        let handler = NIOLoopBound(self, eventLoop: channel.eventLoop)
        _ = Task<Void, Never>.immediate(executorPreference: connection.executor) {
            _ = await connection.send(response, terms, isStopping: false)
            connection.onLoop { handler.value.endRefusal(channel) }
        }
    }

    /// Not at once: with bytes unread a close would be a reset, and the answer might not be seen.
    private func endRefusal(_ channel: any Channel) {
        close(after: Self.refusalTime, channel.eventLoop)
    }

    // MARK: Ending

    /// Closes the connection unless it is answering.
    func closeIfIdle(_ channel: any Channel) {
        if !isAnswering { closeWhenSent(channel) }
    }

    /// Closes the connection once what has been written has left: a close throws away the rest. A reader that takes too
    /// long loses it.
    private func closeWhenSent(_ channel: any Channel) {
        guard !isClosing else { return }
        isClosing = true
        waiting.removeAll()
        channel.writeAndFlush(ByteBuffer()).whenComplete { _ in channel.close(promise: nil) }
        close(after: state.configuration.patience, channel.eventLoop)
    }

    /// The handler alone is held meanwhile: a channel that has gone must not wait in memory for this.
    private func close(after time: TimeAmount, _ loop: any EventLoop) {
        loop.assumeIsolated().scheduleTask(in: time) { [weak self] in self?.connection?.close() }
    }

    /// Closes a connection on which no whole request has come for too long, or whose reader takes nothing of an answer.
    /// Bodies have deadlines of their own.
    private func watchIdleness(_ loop: any EventLoop, in time: TimeAmount) {
        loop.assumeIsolated().scheduleTask(in: time) { [weak self] in
            guard let self, let connection = self.connection else { return }
            let limit = self.isSurplus ? Self.refusalTime : self.state.configuration.patience
            let silence = NIODeadline.now() - (self.isAnswering ? self.stalledSince ?? .now() : self.lastActivity)
            if silence < limit {
                self.watchIdleness(loop, in: limit - silence)
            } else {
                connection.close()
            }
        }
    }
}

extension HTTPRequestHead {
    /// Whether another request may follow. Not after one that asks for another protocol: the decoder reads no further.
    fileprivate var keepsAlive: Bool {
        version.isCurrent && isKeepAlive && method != .CONNECT && !headers.contains(name: "upgrade")
    }
}

extension HTTPVersion {
    /// 1.1 and later: chunks, and `100 Continue`.
    fileprivate var isCurrent: Bool { major > 1 || (major == 1 && minor > 0) }
}
