// One connection's requests and answers, in turn: what the decoder reads in, what a responder answers out.

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
    enum Inbound {
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
    static let waitingParts = 64
    /// What is read and dropped of a request that was answered before it had come whole.
    static let droppedBytes = 64 << 20
    static let droppingTime = TimeAmount.seconds(5)
    /// How long a client that is refused may take to read why, and one too many to ask.
    static let refusalTime = TimeAmount.seconds(2)
    /// Connections above the bound that still hear why there is no room; more are closed at once.
    static let surplus = 64
    /// Requests that are answered in one go, before other connections have their turn.
    static let partsInARow = 256

    let state: ListenerState
    var connection: Connection?
    var inbound = Inbound.nothing
    var isAnswering = false
    var waiting = CircularBuffer<HTTPServerRequestPart>()
    /// What came was no HTTP; said when all that came before has been answered.
    var malformed: Listener.Configuration.Malformed?
    /// One connection too many: its first request is refused.
    var isSurplus = false
    var isClosing = false
    /// Waiting requests are being taken: who is called from there returns there.
    var isGoingOn = false
    /// Since when the socket takes no more of an answer.
    var stalledSince: NIODeadline?
    var isPaused = false
    var hasPendingRead = false
    /// When the last request was complete, or its answer: what an idle connection is judged by.
    var lastActivity = NIODeadline.now()

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

    func leave() {
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

    func readOn(_ channel: any Channel) {
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

    func take(_ part: HTTPServerRequestPart, _ channel: any Channel) {
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
}
