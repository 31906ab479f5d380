// A client's socket: what is waited for at it, and what it has not taken yet.

import Glibc
import Loops

/// A connection's socket. Confined to its loop's thread.
final class ClientSocket {
    /// Unsent bytes above which writers wait, and below which they go on.
    static let highWater = 64 << 10
    static let lowWater = 32 << 10

    enum Sent {
        case all
        /// The rest leaves when there is room.
        case part
        case failed
    }

    enum Received {
        case bytes(UnsafeRawBufferPointer)
        case nothing
        case end
        case failed
    }

    let descriptor: Int32
    private unowned let core: LoopCore
    private unowned let handler: any DescriptorHandler
    private var watched: DescriptorEvents = []
    private var unsent: [UInt8] = []
    private var sentCount = 0
    private(set) var isOpen = true
    /// Bytes that the socket has taken.
    private(set) var sentTotal = 0

    /// Whether more is to be read.
    var wantsInput = true {
        didSet { if wantsInput != oldValue { watch() } }
    }

    /// Whether the other side may still say that it has no more to send.
    var awaitsEnd = true {
        didSet { if awaitsEnd != oldValue { watch() } }
    }

    init(_ descriptor: Int32, on core: LoopCore, handler: any DescriptorHandler) {
        self.descriptor = descriptor
        self.core = core
        self.handler = handler
    }

    var unsentCount: Int { unsent.count - sentCount }

    /// Begins to tell the handler what happens, or tells it of other things from now on.
    ///
    /// - Returns: false when the system refuses.
    @discardableResult
    func watch() -> Bool {
        guard isOpen else { return false }
        var events: DescriptorEvents = []
        if wantsInput { events.insert(.readable) }
        if awaitsEnd { events.insert(.inputClosed) }
        if unsentCount > 0 { events.insert(.writable) }
        // Without any there would be no word of a failure either.
        if events.isEmpty { events = .failed }
        guard events != watched else { return true }
        watched = events
        return core.watch(descriptor, for: events, handler)
    }

    /// Reads once. The bytes are valid until the next read on this loop.
    func receive() -> Received {
        let count = recv(descriptor, core.scratch.baseAddress, core.scratch.count, 0)
        if count > 0 { return .bytes(UnsafeRawBufferPointer(rebasing: core.scratch[..<count])) }
        if count == 0 { return .end }
        return errno == EAGAIN || errno == EINTR ? .nothing : .failed
    }

    /// Sends what the socket takes and keeps the rest.
    func send(_ bytes: [UInt8]) -> Sent {
        guard unsentCount == 0 else {
            // Nothing is moved until half of it has left.
            if sentCount > unsent.count / 2 {
                unsent.removeFirst(sentCount)
                sentCount = 0
            }
            unsent.append(contentsOf: bytes)
            return .part
        }
        unsent = bytes
        sentCount = 0
        return flush()
    }

    /// Goes on sending.
    func flush() -> Sent {
        while unsentCount > 0 {
            let count = unsent.withUnsafeBytes { bytes in
                let rest = UnsafeRawBufferPointer(rebasing: bytes[sentCount...])
                return Glibc.send(descriptor, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
            }
            if count >= 0 {
                sentCount += count
                sentTotal += count
            } else if errno == EAGAIN {
                watch()
                return .part
            } else if errno != EINTR {
                return .failed
            }
        }
        unsent = []
        sentCount = 0
        watch()
        return .all
    }

    /// Closes it; the other side sees an error when `reset`.
    func close(reset: Bool = false) {
        guard isOpen else { return }
        isOpen = false
        if reset {
            var option = linger(l_onoff: 1, l_linger: 0)
            setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        }
        core.forget(descriptor)
        Glibc.close(descriptor)
        unsent = []
        sentCount = 0
    }
}
