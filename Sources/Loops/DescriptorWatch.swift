// The epoll instance of a loop and what is registered in it.

import CEpoll
import Glibc

/// Descriptors watched for one loop, level-triggered. Confined to the loop's thread.
struct DescriptorWatch: ~Copyable {
    /// A descriptor that can be read, written, or has failed.
    struct Ready {
        var descriptor: Int32
        var events: DescriptorEvents
    }

    private static let batch = 256
    private let epoll: Int32
    private let events: UnsafeMutablePointer<epoll_event>
    /// Registered events by descriptor, none when not registered as far as we know.
    private var registered: [DescriptorEvents] = []

    /// - Parameter wakeDescriptor: an eventfd, watched edge-triggered so that nobody has to read it.
    /// - Throws: when the system has no descriptor left.
    init(wakeDescriptor: Int32) throws(LoopFailure) {
        let epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard epoll >= 0 else { throw LoopFailure("no epoll", errno) }
        guard cepoll_control(epoll, EPOLL_CTL_ADD, wakeDescriptor, EPOLLIN.rawValue | EPOLLET.rawValue) == 0 else {
            let reason = errno
            close(epoll)
            throw LoopFailure("no epoll", reason)
        }
        self.epoll = epoll
        events = .allocate(capacity: Self.batch)
        events.initialize(repeating: epoll_event(), count: Self.batch)
    }

    deinit {
        events.deallocate()
        close(epoll)
    }

    /// Watches a descriptor for these events, or stops when there are none.
    ///
    /// - Returns: false when the system refuses.
    @discardableResult
    mutating func watch(_ descriptor: Int32, for wanted: DescriptorEvents) -> Bool {
        let index = Int(descriptor)
        guard index >= 0 else { return false }
        if index >= registered.count {
            registered.append(contentsOf: repeatElement([], count: index + 64 - registered.count))
        }
        let known = registered[index]
        registered[index] = wanted
        if wanted.isEmpty {
            _ = cepoll_control(epoll, EPOLL_CTL_DEL, descriptor, 0)
            return true
        }
        // Who opened it may have closed it and opened another under the same number without a word in between, and epoll
        // forgets closed ones by itself: what we know can be wrong both ways.
        let first = known.isEmpty ? EPOLL_CTL_ADD : EPOLL_CTL_MOD
        let second = known.isEmpty ? EPOLL_CTL_MOD : EPOLL_CTL_ADD
        if cepoll_control(epoll, first, descriptor, wanted.rawValue) == 0 { return true }
        if cepoll_control(epoll, second, descriptor, wanted.rawValue) == 0 { return true }
        registered[index] = []
        return false
    }

    /// What it was last watched for.
    func events(of descriptor: Int32) -> DescriptorEvents {
        registered.indices.contains(Int(descriptor)) ? registered[Int(descriptor)] : []
    }

    /// The descriptor is about to be closed, which ends the watching too.
    mutating func forget(_ descriptor: Int32) {
        let index = Int(descriptor)
        if registered.indices.contains(index) { registered[index] = [] }
    }

    /// Waits for at most `milliseconds` (-1: without end) and returns how many are ready.
    func wait(milliseconds: Int32) -> Int {
        max(0, Int(epoll_wait(epoll, events, Int32(Self.batch), milliseconds)))
    }

    /// One of those that the last `wait` found.
    subscript(index: Int) -> Ready {
        let event = events + index
        return Ready(
            descriptor: cepoll_event_descriptor(event),
            events: DescriptorEvents(rawValue: cepoll_event_mask(event))
        )
    }
}
