// A TCP proxy that cuts the connection when it sees certain bytes on their way to the server.

import Foundation
import Glibc
import Support
import Synchronization

/// Stands between a driver and its server on loopback, a thread for each direction.
final class CuttingProxy: Sendable {
    enum Moment: Sendable {
        /// The bytes do not reach the server.
        case before
        /// The server gets the bytes, but its answer does not reach the client.
        case afterwards
    }

    private struct State {
        var pattern: [UInt8] = []
        var moment = Moment.before
        var cutsLeft = 0
        var cuts = 0
        var sockets: [Int32] = []
    }

    let port: Int
    private let server: Int
    private let listener: Int32
    private let state = Mutex(State())

    init(to server: Int) throws {
        self.server = server
        port = try FreePort.take()
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = Self.loopback(port)
        let result = withUnsafePointer(to: &address) { [listener] pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(listener, address, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0, listen(listener, 16) == 0 else { throw SupportError("the proxy cannot listen") }
        Self.thread { [self] in
            while true {
                let client = accept(listener, nil, nil)
                if client < 0 { return }
                serve(client)
            }
        }
    }

    /// Cuts the next `times` connections on which `pattern` is sent.
    func cut(at pattern: String, _ moment: Moment, times: Int = 1) {
        state.withLock { state in
            state.pattern = Array(pattern.utf8)
            state.moment = moment
            state.cutsLeft = times
        }
    }

    var cuts: Int { state.withLock { $0.cuts } }

    func stop() {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
        for socket in state.withLock({ $0.sockets }) { shutdown(socket, Int32(SHUT_RDWR)) }
    }

    private func serve(_ client: Int32) {
        let upstream = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = Self.loopback(server)
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                connect(upstream, address, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else {
            close(client)
            close(upstream)
            return
        }
        state.withLock { $0.sockets += [client, upstream] }
        let isCut = Flag()
        Self.thread { [self] in
            pump(client, upstream) { bytes in
                guard let moment = triggered(bytes) else { return true }
                isCut.raise()
                return moment == .afterwards
            }
        }
        // Once cut, the next answer of the server ends both sides instead of passing.
        Self.thread { [self] in pump(upstream, client) { _ in !isCut.isRaised } }
    }

    private func triggered(_ bytes: ArraySlice<UInt8>) -> Moment? {
        state.withLock { state in
            guard state.cutsLeft > 0, bytes.firstRange(of: state.pattern) != nil else { return nil }
            state.cutsLeft -= 1
            state.cuts += 1
            return state.moment
        }
    }

    /// Copies until an end, or until `mayPass` says no; then both sides are shut.
    private func pump(_ from: Int32, _ to: Int32, _ mayPass: (ArraySlice<UInt8>) -> Bool) {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(from, &buffer, buffer.count)
            guard count > 0, mayPass(buffer[..<count]), send(to, buffer, count, Int32(MSG_NOSIGNAL)) == count
            else { break }
        }
        shutdown(from, Int32(SHUT_RDWR))
        shutdown(to, Int32(SHUT_RDWR))
    }

    private static func loopback(_ port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }

    private static func thread(_ body: @escaping @Sendable () -> Void) {
        Thread.detachNewThread(body)
    }

    private final class Flag: Sendable {
        private let state = Mutex(false)
        var isRaised: Bool { state.withLock { $0 } }
        func raise() { state.withLock { $0 = true } }
    }
}
