// The epoll instance of a loop and what is registered in it.

import CCurl
import Glibc

/// Sockets watched for one loop, level-triggered as libcurl needs it. Confined to the loop's thread.
struct SocketWatch: ~Copyable {
    /// A socket that can be read, written, or has failed.
    struct Ready {
        var descriptor: Int32
        var events: UInt32
    }

    private static let batch = 256
    private let epoll: Int32
    private let events: UnsafeMutablePointer<epoll_event>
    /// Registered events by descriptor, 0 when not registered as far as we know.
    private var registered: [UInt32] = []

    /// - Parameter wakeDescriptor: an eventfd, watched edge-triggered so that nobody has to read it.
    /// - Throws: `.other` when the system refuses.
    init(wakeDescriptor: Int32) throws(TransferFailure) {
        epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard epoll >= 0 else { throw TransferFailure(.other, "no epoll: errno \(errno)") }
        events = .allocate(capacity: Self.batch)
        events.initialize(repeating: epoll_event(), count: Self.batch)
        _ = ccurl_epoll_control(epoll, EPOLL_CTL_ADD, wakeDescriptor, EPOLLIN.rawValue | EPOLLET.rawValue)
    }

    deinit {
        events.deallocate()
        close(epoll)
    }

    /// Watches a socket for these events, or stops when there are none.
    mutating func watch(_ descriptor: Int32, for wanted: UInt32) {
        let index = Int(descriptor)
        guard index >= 0 else { return }
        if index >= registered.count {
            registered.append(contentsOf: repeatElement(0, count: index + 64 - registered.count))
        }
        let known = registered[index]
        registered[index] = wanted
        if wanted == 0 {
            _ = ccurl_epoll_control(epoll, EPOLL_CTL_DEL, descriptor, 0)
            return
        }
        // libcurl may close a socket and open another under the same number without a word in between, and epoll
        // forgets closed ones by itself: what we know can be wrong both ways.
        let first = known == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD
        let second = known == 0 ? EPOLL_CTL_MOD : EPOLL_CTL_ADD
        if ccurl_epoll_control(epoll, first, descriptor, wanted) != 0 {
            _ = ccurl_epoll_control(epoll, second, descriptor, wanted)
        }
    }

    /// Waits for at most `milliseconds` (-1: without end) and returns how many are ready.
    func wait(milliseconds: Int32) -> Int {
        max(0, Int(epoll_wait(epoll, events, Int32(Self.batch), milliseconds)))
    }

    /// One of those that the last `wait` found.
    subscript(index: Int) -> Ready {
        let event = events + index
        return Ready(descriptor: ccurl_event_descriptor(event), events: ccurl_event_mask(event))
    }
}
