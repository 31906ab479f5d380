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
    private let home: any EventLoop
    private let closing: LoopsClosing

    init(home: any EventLoop, closing: LoopsClosing) {
        self.home = home
        self.closing = closing
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        if closing.hasBegun {
            globalConcurrentExecutor.enqueue(job)
            return
        }
        let job = UnownedJob(job)
        let loop = MultiThreadedEventLoopGroup.currentEventLoop ?? home
        loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}

/// Tells the executors of one server that its loops are about to end: a loop that has ended drops its jobs.
final class LoopsClosing: Sendable {
    private let isSet = Atomic<Bool>(false)

    var hasBegun: Bool { isSet.load(ordering: .acquiring) }

    func begin() { isSet.store(true, ordering: .releasing) }
}
