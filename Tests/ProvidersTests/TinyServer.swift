// An HTTP/1.1 upstream of a few lines: keeps the request, writes the bytes that a test gives.

import Foundation
import Glibc
import Synchronization

/// Answers every connection with the same bytes on a random loopback port.
final class TinyServer: Sendable {
    private struct State {
        var requests: [String] = []
        var hasSeenClose = false
    }

    let port: Int
    private let listener: Int32
    private let state = Mutex(State())

    /// - Parameters:
    ///   - answer: the bytes after the request was read: head and body.
    ///   - holds: whether the connection stays open afterwards, until the client closes it.
    convenience init(_ answer: String, holds: Bool = false) throws {
        try self.init(holds: holds) { _ in answer }
    }

    /// - Parameter respond: makes the answer to a whole request, head and body.
    init(holds: Bool = false, respond: @escaping @Sendable (String) -> String) throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        self.listener = listener
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(listener, address, length) == 0 && listen(listener, 16) == 0
                    && getsockname(listener, address, &length) == 0
            }
        }
        struct NotListening: Error {}
        guard isListening else { throw NotListening() }
        port = Int(UInt16(bigEndian: address.sin_port))
        Thread { [weak self] in
            while true {
                let connection = accept(listener, nil, nil)
                guard connection >= 0 else {
                    // Closed here and not where it is shut down, or the number could be another's by now.
                    close(listener)
                    return
                }
                let request = Self.read(connection)
                self?.state.withLock { $0.requests.append(request) }
                let bytes = Array(respond(request).utf8)
                _ = send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL))
                if holds {
                    var byte: UInt8 = 0
                    while recv(connection, &byte, 1, 0) > 0 {}
                    self?.state.withLock { $0.hasSeenClose = true }
                }
                close(connection)
            }
        }.start()
    }

    deinit {
        shutdown(listener, Int32(SHUT_RDWR))
    }

    /// What was asked, whole: head and body.
    var requests: [String] { state.withLock { $0.requests } }
    /// Whether a client closed a connection that was held open.
    var hasSeenClose: Bool { state.withLock { $0.hasSeenClose } }

    private static func read(_ connection: Int32) -> String {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let text = String(decoding: bytes, as: UTF8.self)
            if let head = text.range(of: "\r\n\r\n") {
                let length = text[..<head.lowerBound].lowercased().split(separator: "\r\n")
                    .first { $0.hasPrefix("content-length:") }
                    .flatMap { Int($0.dropFirst(15).trimmingCharacters(in: .whitespaces)) }
                if text[head.upperBound...].utf8.count >= length ?? 0 { return text }
            }
            let count = recv(connection, &buffer, buffer.count, 0)
            guard count > 0 else { return text }
            bytes += buffer[..<count]
        }
    }
}

/// A whole HTTP answer that ends with the connection.
func answer(_ status: String, _ type: String, _ body: String, _ headers: String = "") -> String {
    "HTTP/1.1 \(status)\r\nContent-Type: \(type)\r\n\(headers)Connection: close\r\n\r\n\(body)"
}
