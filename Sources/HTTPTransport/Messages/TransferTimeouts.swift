// How long to wait for what.

import Loops

/// How long each phase of a transfer may take. All are positive; a phase is watched from its own beginning.
///
/// Kept as nanoseconds, as the loop reckons with them: every request copies its target's.
package struct TransferTimeouts: Sendable {
    private(set) var connectNanoseconds: Int64
    private(set) var firstByteNanoseconds: Int64
    private(set) var idleNanoseconds: Int64
    private(set) var totalNanoseconds: Int64

    package init(
        connect: Duration = .seconds(5),
        firstByte: Duration = .seconds(60),
        idle: Duration = .seconds(60),
        total: Duration = .seconds(600)
    ) {
        connectNanoseconds = Moment.span(connect)
        firstByteNanoseconds = Moment.span(firstByte)
        idleNanoseconds = Moment.span(idle)
        totalNanoseconds = Moment.span(total)
    }

    /// Name resolution, TCP, a proxy's tunnel and TLS together, until the request can be sent.
    package var connect: Duration {
        get { .nanoseconds(connectNanoseconds) }
        set { connectNanoseconds = Moment.span(newValue) }
    }

    /// From then (the sending of the body included) until the response's status line.
    package var firstByte: Duration {
        get { .nanoseconds(firstByteNanoseconds) }
        set { firstByteNanoseconds = Moment.span(newValue) }
    }

    /// Between two pieces of the response once it has begun. Does not run while our reader is the slow one.
    package var idle: Duration {
        get { .nanoseconds(idleNanoseconds) }
        set { idleNanoseconds = Moment.span(newValue) }
    }

    /// The whole transfer, without the time in which our reader was so far behind that nothing more was read; four times
    /// as long with it.
    package var total: Duration {
        get { .nanoseconds(totalNanoseconds) }
        set { totalNanoseconds = Moment.span(newValue) }
    }

    /// The same for an answer that comes when it is done: nothing of it can be waited for but the whole.
    package var forWholeAnswer: TransferTimeouts {
        var timeouts = self
        timeouts.firstByteNanoseconds = totalNanoseconds
        timeouts.idleNanoseconds = totalNanoseconds
        return timeouts
    }
}
