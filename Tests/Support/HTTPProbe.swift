// An HTTP/1.1 client for tests that need to see and send every byte.
import Foundation

/// One connection to loopback. Everything that waits does so until the deadline and then throws.
package actor HTTPProbe {
    private var socket: RawSocket?
    private let patience: Duration
    private var received: [UInt8] = []
    private var start = 0
    private var ended = false
    private var wasReset = false
    private var framing = BodyFraming.none
    private var requestMethod = "GET"
    /// Bytes of the body that belong to no complete event yet.
    var events: [UInt8] = []

    /// Connects.
    /// - Parameters:
    ///   - patience: how long each single wait may take.
    ///   - receiveBuffer: the system's receive buffer in bytes, for a reader that is slow on purpose.
    package init(port: Int, patience: Duration = .patience, receiveBuffer: Int? = nil) async throws {
        let socket = try RawSocket(port: port)
        if let receiveBuffer { socket.limitReceiveBuffer(receiveBuffer) }
        self.socket = socket
        self.patience = patience
        try await eventually("connected to \(port)", within: patience, every: .milliseconds(1)) {
            try socket.isConnected()
        }
    }

    // MARK: Sending

    /// Sends bytes as they are.
    package func send(_ bytes: [UInt8]) async throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = try connected().send(rest)
            rest = rest.dropFirst(count)
            if count == 0 {
                try await eventually("the peer takes bytes", within: patience, every: .milliseconds(1)) {
                    try connected().isConnected()
                }
            }
        }
    }

    package func send(_ text: String) async throws {
        try await send(Array(text.utf8))
    }

    /// Sends a well-formed request; `Host` and `Content-Length` are added unless they are given.
    package func request(
        _ method: String,
        _ path: String,
        headers: [(String, String)] = [],
        body: [UInt8]? = nil
    ) async throws {
        requestMethod = method
        let given = Set(headers.map { $0.0.lowercased() })
        var text = "\(method) \(path) HTTP/1.1\r\n"
        if !given.contains("host") { text += "Host: 127.0.0.1\r\n" }
        for (name, value) in headers { text += "\(name): \(value)\r\n" }
        if let body, !given.contains("content-length"), !given.contains("transfer-encoding") {
            text += "Content-Length: \(body.count)\r\n"
        }
        try await send(Array((text + "\r\n").utf8) + (body ?? []))
    }

    /// Ends our direction; the answer can still be read.
    package func finishSending() {
        socket?.finishSending()
    }

    /// Goes away, by a normal close or by a reset.
    package func close(reset: Bool = false) {
        if reset { socket?.prepareReset() }
        socket = nil
        ended = true
    }

    // MARK: Receiving

    /// Reads the next response's head; interim ones (1xx) are passed over.
    package func head() async throws -> ProbeHead {
        while true {
            guard let statusLine = try await line(), !statusLine.isEmpty else {
                throw SupportError("the connection \(howEnded) before a head")
            }
            let words = statusLine.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
            guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else {
                throw SupportError("not a status line: \(statusLine)")
            }
            let reason = words.count == 3 ? String(words[2]) : ""
            var head = ProbeHead(status: status, reason: reason, headers: [])
            while true {
                guard let field = try await line() else { throw SupportError("the connection ended within a head") }
                if field.isEmpty { break }
                guard let colon = field.firstIndex(of: ":") else { throw SupportError("not a header: \(field)") }
                let value = field[field.index(after: colon)...].trimmingCharacters(in: .whitespaces)
                head.headers.append((String(field[..<colon]), value))
            }
            if status >= 200 || status == 101 {
                framing = try BodyFraming(head: head, method: requestMethod)
                return head
            }
        }
    }

    /// The next bytes of the body without their framing; nil at its proper end.
    /// - Throws: ``SupportError`` if the connection ends before the body does.
    package func bodyPiece() async throws -> [UInt8]? {
        switch framing {
        case .none, .length(0), .done:
            framing = .done
            return nil
        case .length(let left):
            let piece = try await piece(upTo: left)
            framing = .length(left - piece.count)
            return piece
        case .untilClose:
            if start < received.count { return takeAll() }
            if try await fill() { return takeAll() }
            guard !wasReset else { throw SupportError("the connection was reset within the body") }
            framing = .done
            return nil
        case .chunked(let left):
            if left > 0 {
                let piece = try await piece(upTo: left)
                framing = .chunked(left: left - piece.count)
                if left == piece.count, try await line() != "" {
                    throw SupportError("a chunk does not end where it says")
                }
                return piece
            }
            guard let size = try await line(), let count = Int(size.prefix { $0 != ";" }, radix: 16) else {
                throw SupportError("the connection \(howEnded) where a chunk was due")
            }
            if count > 0 {
                framing = .chunked(left: count)
                return try await bodyPiece()
            }
            while let trailer = try await line(), !trailer.isEmpty {}
            framing = .done
            return nil
        }
    }

    /// The rest of the body.
    package func body() async throws -> [UInt8] {
        var whole: [UInt8] = []
        while let piece = try await bodyPiece() { whole += piece }
        return whole
    }

    /// Head and body of the next response.
    package func answer() async throws -> ProbeAnswer {
        let head = try await head()
        return ProbeAnswer(head: head, body: try await body())
    }

    /// Waits until the peer has closed, dropping what it still sends.
    /// - Returns: whether it was a reset.
    package func waitForClose(within limit: Duration? = nil) async throws -> Bool {
        let deadline = ContinuousClock.now + (limit ?? patience)
        while try await fill() {
            start = received.count
            guard ContinuousClock.now < deadline else { throw SupportError("the peer goes on sending") }
        }
        return wasReset
    }

    /// Bytes as they come, whatever they are; nil when the peer has closed.
    package func receive() async throws -> [UInt8]? {
        if start < received.count { return takeAll() }
        return try await fill() ? takeAll() : nil
    }

    // MARK: Inside

    private var howEnded: String { wasReset ? "was reset" : "ended" }

    private func connected() throws -> RawSocket {
        guard let socket else { throw SupportError("the probe was closed") }
        return socket
    }

    private func takeAll() -> [UInt8] {
        defer {
            received = []
            start = 0
        }
        return Array(received[start...])
    }

    private func piece(upTo limit: Int) async throws -> [UInt8] {
        while start == received.count {
            guard try await fill() else {
                throw SupportError("the connection \(howEnded) \(limit) bytes before the body's end")
            }
        }
        let end = min(received.count, start + limit)
        defer { start = end }
        return Array(received[start..<end])
    }

    /// A line without its CRLF; nil if the connection ends first.
    private func line() async throws -> String? {
        var from = start
        while true {
            if let end = received[from...].firstIndex(of: UInt8(ascii: "\n")) {
                var text = received[start..<end]
                if text.last == UInt8(ascii: "\r") { text = text.dropLast() }
                start = end + 1
                return String(decoding: text, as: UTF8.self)
            }
            let offset = received.count - start
            guard try await fill() else { return nil }
            from = start + offset
        }
    }

    /// Waits for more bytes; false if there will be none.
    private func fill() async throws -> Bool {
        guard !ended else { return false }
        if start > 0 {
            received.removeFirst(start)
            start = 0
        }
        let clock = ContinuousClock()
        let deadline = clock.now + patience
        var pause = Duration.microseconds(100)
        while true {
            switch try connected().receive() {
            case .bytes(let bytes):
                received += bytes
                return true
            case .end:
                ended = true
                return false
            case .reset:
                ended = true
                wasReset = true
                return false
            case .nothing:
                guard clock.now < deadline else { throw SupportError("nothing received within \(patience)") }
                try await Task.sleep(for: pause)
                pause = min(pause * 2, .milliseconds(2))
            }
        }
    }
}
