// Points in monotonic time as plain nanoseconds, cheap enough to compare on every event.

import Glibc

/// A point in time on the monotonic clock, in nanoseconds since it began.
package struct Moment: Sendable, Hashable, Comparable {
    package var nanoseconds: Int64

    package init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    package static var now: Moment {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Moment(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }

    package static func < (left: Moment, right: Moment) -> Bool { left.nanoseconds < right.nanoseconds }

    /// Later by `duration`; negative durations count as none, very long ones end a century from now.
    package func advanced(by duration: Duration) -> Moment { advanced(by: Self.span(duration)) }

    /// Later by nanoseconds that `span` has made, or a few times those.
    package func advanced(by span: Int64) -> Moment {
        let (sum, isTooFar) = nanoseconds.addingReportingOverflow(span)
        return Moment(nanoseconds: isTooFar ? .max : sum)
    }

    /// Nanoseconds of a duration: none of a negative one, a century's of a very long one.
    package static func span(_ duration: Duration) -> Int64 {
        let century: Int64 = 100 * 365 * 86_400
        let (seconds, attoseconds) = duration.components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        return min(seconds, century) * 1_000_000_000 + attoseconds / 1_000_000_000
    }

    /// Whole milliseconds from `start` until here, rounded up so that waiting that long is long enough; never negative.
    package func milliseconds(since start: Moment) -> Int64 {
        max(0, (nanoseconds - start.nanoseconds + 999_999) / 1_000_000)
    }
}
