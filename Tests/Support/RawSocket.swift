// A non-blocking TCP socket to loopback. Nothing here waits: tests must not hold the threads that servers run on.
import Glibc

/// A socket that is closed with its object.
final class RawSocket: Sendable {
    enum Received {
        case bytes([UInt8])
        case nothing
        case end
        case reset
    }

    let descriptor: Int32

    /// Begins to connect.
    init(port: Int) throws {
        let kind = SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue
        descriptor = socket(AF_INET, Int32(kind), 0)
        guard descriptor >= 0 else { throw SupportError("no socket: errno \(errno)") }
        var on: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        var address = SocketAddress.loopback(port: port)
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                connect(descriptor, address, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 || errno == EINPROGRESS else {
            throw SupportError("cannot connect to \(port): errno \(errno)")
        }
    }

    deinit {
        close(descriptor)
    }

    /// Whether the connection stands; false while it is being made.
    /// - Throws: ``SupportError`` if it was refused.
    func isConnected() throws -> Bool {
        var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        guard poll(&request, 1, 0) > 0 else { return false }
        var error: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &length)
        guard error == 0 else { throw SupportError("connection refused: errno \(error)") }
        return true
    }

    /// Sends what the system takes now.
    /// - Returns: the number of bytes taken.
    func send(_ bytes: ArraySlice<UInt8>) throws -> Int {
        let count = bytes.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        if count >= 0 { return count }
        guard errno == EAGAIN || errno == EINTR else { throw SupportError("cannot send: errno \(errno)") }
        return 0
    }

    func receive(limit: Int = 65_536) -> Received {
        var failure: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
            let received = recv(descriptor, buffer.baseAddress, buffer.count, 0)
            failure = received < 0 ? errno : received == 0 ? -1 : 0
            count = max(received, 0)
        }
        switch failure {
        case 0: return .bytes(bytes)
        case -1: return .end
        case EAGAIN, EINTR: return .nothing
        default: return .reset
        }
    }

    /// Ends our direction only.
    func finishSending() {
        shutdown(descriptor, Int32(SHUT_WR))
    }

    /// Makes the close that follows a reset.
    func prepareReset() {
        var value = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &value, socklen_t(MemoryLayout<linger>.size))
    }

    /// Makes the receive buffer small, for readers that are slow on purpose. Only before much has been received.
    func limitReceiveBuffer(_ bytes: Int) {
        var value = Int32(bytes)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &value, socklen_t(MemoryLayout<Int32>.size))
    }
}
