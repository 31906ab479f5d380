// A TCP server whose every byte a test decides: one thread a connection, plain blocking calls.

import Foundation
import Glibc
import Synchronization

/// Listens on a random loopback port and runs `handler` on a thread of its own for every connection. Stops, and closes
/// whatever is open, when it is let go.
final class RawServer: Sendable {
    let port: Int
    private let listener: Int32
    private let connections = Mutex<[RawConnection]>([])

    init(backlog: Int32 = 1024, handler: @escaping @Sendable (RawConnection) throws -> Void) throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        self.listener = listener
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(listener, address, length) == 0 && listen(listener, backlog) == 0
                    && getsockname(listener, address, &length) == 0
            }
        }
        guard code else { throw RawServerError(what: "listen: errno \(errno)") }
        port = Int(UInt16(bigEndian: address.sin_port))
        let accept = Thread { [weak self] in
            // Closed by nobody else: its number must not become another's while this thread still accepts.
            defer { close(listener) }
            while true {
                let descriptor = Glibc.accept(listener, nil, nil)
                guard descriptor >= 0 else { return }
                _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
                var one: Int32 = 1
                setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
                let connection = RawConnection(descriptor)
                guard let self else {
                    connection.close()
                    return
                }
                self.connections.withLock { $0.append(connection) }
                let thread = Thread {
                    do { try handler(connection) } catch { connection.note(error) }
                    connection.close()
                }
                thread.stackSize = 256 << 10
                thread.start()
            }
        }
        accept.start()
    }

    deinit {
        shutdown(listener, Int32(SHUT_RDWR))
        for connection in connections.withLock({ $0 }) { connection.interrupt() }
    }

    /// Every connection accepted so far, in order.
    var accepted: [RawConnection] { connections.withLock { $0 } }

    func url(_ path: String = "/") -> String { "http://127.0.0.1:\(port)\(path)" }
}

struct RawServerError: Error {
    var what: String
}

/// A request as the server read it.
struct RawRequest: Sendable {
    var head: String
    var body: [UInt8]

    /// The value of a header, nil when there is none.
    func header(_ name: String) -> String? {
        for line in head.split(separator: "\r\n").dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            if parts[0].lowercased() == name.lowercased() {
                return parts.count > 1 ? parts[1].trimmingCharacters(in: .whitespaces) : ""
            }
        }
        return nil
    }

    var line: String { String(head.prefix { $0 != "\r\n" }) }
}

/// One accepted connection.
final class RawConnection: Sendable {
    private struct State {
        var descriptor: Int32
        var requests: [RawRequest] = []
        var closedByPeerAt: ContinuousClock.Instant?
        var errors: [String] = []
    }

    private let state: Mutex<State>

    init(_ descriptor: Int32) {
        state = Mutex(State(descriptor: descriptor))
    }

    private var descriptor: Int32 { state.withLock { $0.descriptor } }
    /// When `waitForClose` saw the other side leave.
    var closedByPeerAt: ContinuousClock.Instant? { state.withLock { $0.closedByPeerAt } }
    var requests: [RawRequest] { state.withLock { $0.requests } }
    var isClosed: Bool { state.withLock { $0.descriptor < 0 } }

    /// Reads one request with a body of its `Content-Length`; nil when the other side closed before it.
    func readRequest() throws -> RawRequest? {
        var bytes: [UInt8] = []
        while !bytes.suffix(4).elementsEqual([13, 10, 13, 10]) {
            // Looked at before it is taken: what follows the head stays where it is.
            guard let more = try peek() else {
                guard bytes.isEmpty else { throw RawServerError(what: "closed in the middle of a head") }
                return nil
            }
            let end = (bytes.suffix(3) + more).firstRange(of: [13, 10, 13, 10] as [UInt8])
            let count = end.map { $0.upperBound - min(bytes.count, 3) } ?? more.count
            bytes += try read(count) ?? []
        }
        var request = RawRequest(head: String(decoding: bytes, as: UTF8.self), body: [])
        let length = request.header("content-length").flatMap { Int($0) } ?? 0
        while request.body.count < length {
            guard let more = try read(min(1 << 18, length - request.body.count)) else {
                throw RawServerError(what: "closed in the middle of a body")
            }
            request.body += more
        }
        state.withLock { $0.requests.append(request) }
        return request
    }

    /// At least one byte, at most `limit`; nil at the other side's end.
    func read(_ limit: Int) throws -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: limit)
        let count = recv(descriptor, &buffer, limit, 0)
        if count < 0 { throw RawServerError(what: "recv: errno \(errno)") }
        return count == 0 ? nil : Array(buffer[..<count])
    }

    /// What could be read, without taking it; nil at the other side's end.
    private func peek() throws -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 16_384)
        let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_PEEK))
        if count < 0 { throw RawServerError(what: "recv: errno \(errno)") }
        return count == 0 ? nil : Array(buffer[..<count])
    }

    func send(_ text: String) throws {
        try send(Array(text.utf8))
    }

    func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes { rest in
                Glibc.send(descriptor, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw RawServerError(what: "send: errno \(errno)") }
            sent += count
        }
    }

    /// One chunk of a chunked body.
    func sendChunk(_ bytes: [UInt8]) throws {
        try send(Array((String(bytes.count, radix: 16) + "\r\n").utf8) + bytes + [13, 10])
    }

    /// A whole response with its length.
    func respond(_ status: Int = 200, headers: String = "", body: String) throws {
        try send("HTTP/1.1 \(status) X\r\n\(headers)Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
    }

    /// Blocks until the other side has closed and notes when that was. True when it did so in time.
    @discardableResult
    func waitForClose(_ limit: Duration = patience) -> Bool {
        let end = ContinuousClock.now + limit
        while true {
            var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let left = max(.zero, end - ContinuousClock.now) / .milliseconds(1)
            guard Glibc.poll(&poll, 1, Int32(left.rounded(.up))) > 0 else { return false }
            var buffer = [UInt8](repeating: 0, count: 4096)
            if recv(descriptor, &buffer, buffer.count, 0) <= 0 {
                state.withLock { $0.closedByPeerAt = .now }
                return true
            }
        }
    }

    /// Ends the connection with a reset instead of a proper close.
    func reset() {
        var linger = Glibc.linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
        close()
    }

    func close() {
        let descriptor = state.withLock { state in
            defer { state.descriptor = -1 }
            return state.descriptor
        }
        if descriptor >= 0 { Glibc.close(descriptor) }
    }

    /// Wakes a thread that is blocked on the connection; that thread closes it.
    func interrupt() {
        state.withLock { state in
            if state.descriptor >= 0 { _ = shutdown(state.descriptor, Int32(SHUT_RDWR)) }
        }
    }

    func note(_ error: any Error) {
        state.withLock { $0.errors.append("\(error)") }
    }
}
