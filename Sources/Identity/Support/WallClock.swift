// What time it is, replaceable in tests.

import Glibc

/// Reads the time of day: epoch milliseconds, UTC.
package struct WallClock: Sendable {
    /// The current time, epoch milliseconds, UTC.
    package let now: @Sendable () -> Int64

    package init(_ now: @escaping @Sendable () -> Int64) {
        self.now = now
    }

    /// The machine's clock.
    package static let system = WallClock {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}
