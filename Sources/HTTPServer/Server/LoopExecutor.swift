// Runs the tasks of connections on the event loops, so that a request does not change threads on its way.

import NIOCore
import NIOPosix
import Synchronization

/// A task executor over event loops: a job made on a loop's thread stays on that loop; any other goes to the
/// connection's own. Without it each step between a connection and its handler wakes another thread, which costs more
/// than the step itself.
///
/// What runs here must not block: the store, password hashing and libcurl have threads of their own.
package final class LoopExecutor: TaskExecutor {
    private let home: any EventLoopGroup
    private let closing: LoopsClosing

    /// - Parameter home: the loop of a connection.
    init(home: any EventLoopGroup, closing: LoopsClosing) {
        self.home = home
        self.closing = closing
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        guard closing.enter() else {
            globalConcurrentExecutor.enqueue(job)
            return
        }
        defer { closing.leave() }
        let job = UnownedJob(job)
        let loop = MultiThreadedEventLoopGroup.currentEventLoop ?? home.next()
        loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}

extension LoopExecutor {
    /// Runs `body`, which asks something of the connection's loop, unless the loops are over.
    ///
    /// - Returns: whether it ran.
    @discardableResult
    func whileOpen(_ body: () -> Void) -> Bool {
        guard closing.enter() else { return false }
        defer { closing.leave() }
        body()
        return true
    }
}

/// Tells the executors of one server that its loops are about to end. A loop that has ended drops its jobs, and with
/// them whoever waits for them: so no job may be on its way to a loop when the loops are told to end. A loop runs what
/// it has been given before that to its end.
final class LoopsClosing: Sendable {
    /// Jobs on their way to a loop; negative once closing has begun.
    private let onTheirWay = Atomic<Int>(0)
    private static let begun = Int.min

    /// True when the job may go to a loop; `leave` follows then, once the loop has it.
    func enter() -> Bool {
        if onTheirWay.add(1, ordering: .acquiringAndReleasing).newValue > 0 { return true }
        leave()
        return false
    }

    func leave() { onTheirWay.subtract(1, ordering: .releasing) }

    /// From now on nothing goes to the loops. Returns when what was on its way has arrived. To be called once.
    func begin() async {
        onTheirWay.add(Self.begun, ordering: .acquiringAndReleasing)
        while onTheirWay.load(ordering: .acquiring) != Self.begun { try? await Task.sleep(for: .milliseconds(1)) }
    }
}
