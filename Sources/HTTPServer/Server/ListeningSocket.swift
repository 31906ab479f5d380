// The socket that listens.

import Glibc

/// Why a server cannot listen.
package struct ListenFailure: Error, Sendable, CustomStringConvertible {
    package let description: String

    init(_ host: String, _ port: Int, _ reason: UnsafePointer<CChar>) {
        let shown = host.contains(":") ? "[\(host)]" : host
        description = "cannot listen on \(shown):\(port): \(String(cString: reason))"
    }
}

enum ListeningSocket {
    /// Connections that wait to be accepted.
    private static let backlog: Int32 = 1024

    /// A socket that listens at the first of the host's addresses that can be had.
    ///
    /// - Parameter port: 0 for any free one.
    static func open(host: String, port: Int) throws(ListenFailure) -> (descriptor: Int32, port: Int) {
        var hints = addrinfo()
        hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host.isEmpty ? nil : host, String(port), &hints, &found)
        guard code == 0 else { throw ListenFailure(host, port, gai_strerror(code)) }
        defer { freeaddrinfo(found) }
        var next = found
        while let address = next {
            if let descriptor = open(address.pointee) { return (descriptor, Self.port(of: descriptor) ?? port) }
            next = address.pointee.ai_next
        }
        throw ListenFailure(host, port, strerror(errno))
    }

    private static func open(_ address: addrinfo) -> Int32? {
        let kind = address.ai_socktype | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(address.ai_family, kind, address.ai_protocol)
        guard descriptor >= 0 else { return nil }
        var on: Int32 = 1
        let size = socklen_t(MemoryLayout<Int32>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, size)
        // Accepted sockets have it from here.
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, size)
        if bind(descriptor, address.ai_addr, address.ai_addrlen) == 0, listen(descriptor, backlog) == 0 {
            return descriptor
        }
        let reason = errno
        close(descriptor)
        errno = reason
        return nil
    }

    private static func port(of descriptor: Int32) -> Int? {
        var storage = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let service = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address -> String? in
                guard getsockname(descriptor, address, &size) == 0 else { return nil }
                var text = [CChar](repeating: 0, count: Int(NI_MAXSERV))
                let flags = NI_NUMERICSERV
                guard getnameinfo(address, size, nil, 0, &text, socklen_t(text.count), flags) == 0 else { return nil }
                return text.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } }
            }
        }
        return service.flatMap { Int($0) }
    }
}
