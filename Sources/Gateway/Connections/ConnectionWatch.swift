// Notices a client that goes away, also while nobody reads or writes.

import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import OpenAIProtocol
import Synchronization

/// Fires once when its connection's inbound side has closed.
final class ConnectionSignal: Sendable {
    private struct State {
        var isGone = false
        var handler: (@Sendable () -> Void)?
        /// Tells the handlers of one connection's requests apart.
        var token: UInt64 = 0
    }

    private let state = Mutex(State())

    /// Calls `handler` when the client goes, at once if it has gone already. One handler at a time: requests of a
    /// connection follow one another.
    ///
    /// - Returns: what `settle` takes.
    @discardableResult
    func onGone(_ handler: @escaping @Sendable () -> Void) -> UInt64 {
        let (isGone, token) = state.withLock { state in
            state.token += 1
            if !state.isGone { state.handler = handler }
            return (state.isGone, state.token)
        }
        if isGone { handler() }
        return token
    }

    /// Forgets that handler: its request is over. The next request's handler may be in place by then, and stays.
    func settle(_ token: UInt64) {
        state.withLock { state in
            if state.token == token { state.handler = nil }
        }
    }

    func fire() {
        let handler = state.withLock { state in
            state.isGone = true
            defer { state.handler = nil }
            return state.handler
        }
        handler?()
    }
}

/// The signals of all open connections, by channel.
///
/// Hummingbird's own way to hear of a closed client (`consumeWithInboundCloseHandler`) ends the connection after each
/// answer; a handler in the pipeline costs keep-alive nothing.
final class ConnectionSignals: Sendable {
    private let signals = Mutex<[ObjectIdentifier: (signal: ConnectionSignal, channel: any Channel)]>([:])

    /// The signal of an open connection; nil when it has gone.
    func signal(of channel: any Channel) -> ConnectionSignal? {
        signals.withLock { $0[ObjectIdentifier(channel)]?.signal }
    }

    /// Closes every connection, whatever it is doing.
    func closeAll() {
        for channel in signals.withLock({ $0.values.map(\.channel) }) { channel.close(promise: nil) }
    }

    /// Open connections.
    var count: Int { signals.withLock { $0.count } }

    fileprivate func add(_ channel: any Channel) -> ConnectionSignal {
        let signal = ConnectionSignal()
        signals.withLock { $0[ObjectIdentifier(channel)] = (signal, channel) }
        return signal
    }

    fileprivate func remove(_ channel: any Channel) {
        _ = signals.withLock { $0.removeValue(forKey: ObjectIdentifier(channel)) }
    }
}

/// The pipeline's part of it. It also answers what is no HTTP request at all, with a body that says why.
final class ConnectionWatch: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let signals: ConnectionSignals
    private var signal: ConnectionSignal?
    /// Requests that have not been answered yet.
    private var open = 0

    init(signals: ConnectionSignals) {
        self.signals = signals
    }

    func handlerAdded(context: ChannelHandlerContext) {
        signal = signals.add(context.channel)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        signals.remove(context.channel)
        signal?.fire()
    }

    func channelInactive(context: ChannelHandlerContext) {
        signal?.fire()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .head = unwrapInboundIn(data) { open += 1 }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = unwrapOutboundIn(data) { open -= 1 }
        context.write(data, promise: promise)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // A client that closes its sending side is gone too: none that speaks HTTP does so and goes on reading.
        if case ChannelEvent.inputClosed? = event as? ChannelEvent { signal?.fire() }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let parserError = error as? HTTPParserError, open == 0 else {
            context.fireErrorCaught(error)
            return
        }
        let isTooLarge = parserError == .headerOverflow
        let failure = OpenAIError(
            status: isTooLarge ? 431 : 400,
            message: isTooLarge ? "The request's headers are too large." : "This is not a valid HTTP request.",
            type: "invalid_request_error",
            code: isTooLarge ? "headers_too_large" : "invalid_http"
        )
        let body = failure.body
        let head = HTTPResponse(
            status: HTTPResponse.Status(code: failure.status),
            headerFields: [
                .contentType: "application/json", .contentLength: String(body.count), .connection: "close",
                .requestID: AnswerIdentity.makeID(prefix: "req_"),
            ]
        )
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(ByteBuffer(bytes: body))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        context.close(promise: nil)
    }
}
