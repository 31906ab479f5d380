// One connection: collects requests, asks the service for a performance of each, and carries it out.
import Glibc
import NIOCore
import NIOHTTP1

final class ConnectionHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = ByteBuffer

    private let service: Service
    private var head: HTTPRequestHead?
    private var body = ByteBuffer()
    /// Requests that came while an answer was running.
    private var waiting = CircularBuffer<Request>()
    private var performance: Performance?
    private var timer: Scheduled<Void>?
    private var advancing = false

    init(service: Service) {
        self.service = service
    }

    func channelActive(context: ChannelHandlerContext) {
        service.counters.update {
            $0.connectionsOpened += 1
            $0.connectionsOpen += 1
        }
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body = ByteBuffer()
            if head.headers.contains(name: "expect") {
                let interim = ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n")
                context.writeAndFlush(wrapOutboundOut(interim), promise: nil)
            }
        case .body(let part):
            if body.readableBytes == 0 { body = part } else { body.writeImmutableBuffer(part) }
        case .end:
            guard let head else { return }
            self.head = nil
            waiting.append(Request(head: head, body: body))
            body = ByteBuffer()
            advance(context)
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { advance(context) }
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        timer = nil
        if let performance { settle(performance, .cancelled) }
        performance = nil
        waiting.removeAll()
        service.counters.update { $0.connectionsOpen -= 1 }
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if performance == nil, error is HTTPParserError {
            service.counters.update { $0.refused += 1 }
            let refusal = Refusal("not HTTP: \(error)")
            let answer = Performance(
                account: .control,
                status: 400,
                contentType: "application/json",
                text: refusal.text,
                keepAlive: false
            )
            if let bytes = answer.head { context.writeAndFlush(wrapOutboundOut(bytes), promise: nil) }
        }
        context.close(promise: nil)
    }

    /// Sends what may be sent now: until a pause, a full socket, or the end of all requests.
    private func advance(_ context: ChannelHandlerContext) {
        // A flush can call back from inside the loop below; the outer call goes on anyway.
        guard !advancing, timer == nil else { return }
        advancing = true
        defer { advancing = false }
        var unflushed = false
        while context.channel.isActive {
            if performance == nil {
                guard let request = waiting.popFirst() else { break }
                performance = service.perform(request)
            }
            guard context.channel.isWritable else { break }
            switch performance?.next(now: .now()) {
            case .write(let bytes):
                context.write(wrapOutboundOut(bytes), promise: nil)
                unflushed = true
                if performance?.flushesEach == true {
                    context.flush()
                    unflushed = false
                }
            case .wait(let deadline):
                timer = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) {
                    self.timer = nil
                    self.advance(context)
                }
                if unflushed { context.flush() }
                return
            case .end(let ending):
                if unflushed { context.flush() }
                unflushed = false
                end(ending, context)
            case nil:
                break
            }
        }
        if unflushed { context.flush() }
    }

    private func end(_ ending: Performance.Ending, _ context: ChannelHandlerContext) {
        let ended = performance
        performance = nil
        if let ended { settle(ended, ending.isAbort ? .broken : .finished) }
        switch ending {
        case .keepAlive: break
        case .close: context.close(promise: nil)
        case .abort(let how):
            if how == .reset, let options = context.channel as? any SocketOptionProvider {
                // A zero linger makes the close a reset.
                options.setSoLinger(linger(l_onoff: 1, l_linger: 0)).assumeIsolated().whenComplete { _ in
                    context.close(promise: nil)
                }
            } else {
                context.close(promise: nil)
            }
        }
    }

    private func settle(_ performance: Performance, _ end: Ledger.End) {
        switch end {
        case .cancelled: service.counters.cancelled(performance)
        case .broken: service.counters.broken(performance)
        default: service.counters.finished(performance)
        }
        service.ledger.close(performance, end)
    }
}
