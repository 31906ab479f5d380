// Sends an answer: head and body as the request's method and version allow.

import HTTPTypes

/// What the request says about how it may be answered.
struct AnswerTerms: Sendable {
    let method: HTTPRequest.Method
    /// Whether the client wants to go on with this connection.
    let keepsAlive: Bool
    /// HTTP/1.1 and later.
    let knowsChunks: Bool
    /// The `server` field.
    let server: String
}

extension Connection {
    /// Sends the answer and goes on with the next request, or closes.
    func answer(_ response: Response, _ terms: AnswerTerms, isStopping: Bool) async {
        let keepsOpen = await send(response, terms, isStopping: isStopping)
        onLoop { $0.answered(keepsOpen: keepsOpen) }
    }

    /// - Returns: whether the answer was sent whole and the connection may carry another.
    func send(_ response: Response, _ terms: AnswerTerms, isStopping: Bool) async -> Bool {
        let framing = Self.framing(of: response, terms)
        let closes = !terms.keepsAlive || isStopping || mustClose || isReading || framing == .close
        if framing == .close { onLoop { $0.endsByClosing = true } }
        do {
            switch response.body.content {
            case .bytes(let bytes):
                var buffer: [UInt8] = []
                buffer.reserveCapacity(512 + bytes.count)
                ResponseHead.write(response, framing: framing, closes: closes, server: terms.server, into: &buffer)
                if framing != .none { buffer.append(contentsOf: bytes) }
                try await write(buffer)
            case .made(let make):
                let writer = writer(for: response, framing, closes: closes, terms)
                try await make(writer)
                try await writer.finish()
            }
            return !closes
        } catch {
            // What has been sent is not whole, and nothing must make it look so.
            close()
            return false
        }
    }

    /// By itself: the head's bytes would live in the caller's frame for as long as the answer is sent.
    @inline(never)
    private func writer(
        for response: Response,
        _ framing: BodyFraming,
        closes: Bool,
        _ terms: AnswerTerms
    ) -> ResponseWriter {
        var head: [UInt8] = []
        head.reserveCapacity(1024)
        ResponseHead.write(response, framing: framing, closes: closes, server: terms.server, into: &head)
        return ResponseWriter(self, framing: framing, head: head)
    }

    private static func framing(of response: Response, _ terms: AnswerTerms) -> BodyFraming {
        if response.status == .noContent || response.status == .notModified { return .none }
        if terms.method == .head { return .none }
        if let length = response.body.contentLength { return .length(length) }
        return terms.knowsChunks ? .chunked : .close
    }
}
