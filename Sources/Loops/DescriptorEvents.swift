// What can be waited for at a descriptor.

import CEpoll

/// Events of a descriptor, with epoll's own bits.
package struct DescriptorEvents: OptionSet, Sendable {
    package let rawValue: UInt32

    package init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    package static let readable = DescriptorEvents(rawValue: EPOLLIN.rawValue)
    package static let writable = DescriptorEvents(rawValue: EPOLLOUT.rawValue)
    /// The other side sends no more; told also while nobody reads.
    package static let inputClosed = DescriptorEvents(rawValue: EPOLLRDHUP.rawValue)
    /// The connection is gone, or there is an error to be asked for. Told whether it is waited for or not.
    package static let failed = DescriptorEvents(rawValue: EPOLLERR.rawValue | EPOLLHUP.rawValue)
}
