// Ports that nobody uses, for programs that must be told theirs.
import Glibc
import Synchronization

/// Finds free TCP ports on loopback.
package enum FreePort {
    private static let given = Mutex<Set<Int>>([])

    /// A port below the range from which the system takes outgoing ports, so that no connection takes it before the
    /// program that is to listen on it does. Never the same twice in one process.
    /// - Throws: ``SupportError`` if none of many tries was free.
    package static func take() throws -> Int {
        for _ in 0..<200 {
            let port = Int.random(in: 15_000..<32_000)
            guard isFree(port), given.withLock({ $0.insert(port).inserted }) else { continue }
            return port
        }
        throw SupportError("no free port in 200 tries")
    }

    /// Whether a listener could bind to it now.
    package static func isFree(_ port: Int) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var address = SocketAddress.loopback(port: port)
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(descriptor, address, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}

/// Addresses of the sockets API.
enum SocketAddress {
    static func loopback(port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }
}
