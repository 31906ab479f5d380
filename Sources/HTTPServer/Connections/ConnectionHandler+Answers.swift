// How a connection's requests are answered: one after another, each in a task that begins at once.

import HTTPTypes
import NIOCore
import NIOHTTP1

extension ConnectionHandler {
    func dispatch(_ head: HTTPRequestHead, incomplete body: ByteBuffer?, _ channel: any Channel) {
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

    func dispatch(_ head: HTTPRequestHead, body: RequestBody, _ channel: any Channel) {
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

    func answered(keepsOpen: Bool, _ channel: any Channel) {
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
    func goOn(_ channel: any Channel) {
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
    func refuse(_ fault: Listener.Configuration.Malformed, _ channel: any Channel) {
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
    func endRefusal(_ channel: any Channel) {
        close(after: Self.refusalTime, channel.eventLoop)
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
