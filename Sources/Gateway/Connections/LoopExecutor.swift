// Runs the tasks of connections on the event loops, so that a request does not change threads on its way.

import NIOCore
import NIOPosix
import Synchronization

/// A task executor over event loops: a job made on a loop's thread stays on that loop; any other goes to the home loop,
/// or to the next one when there is no home. Without it each step between a channel and its handler wakes another
/// thread, which costs more than the step itself.
///
/// What runs here must not block: the store, password hashing and libcurl have threads of their own.
final class LoopExecutor: TaskExecutor {
    /// Loops of a server: libcurl's and the store's threads want to run beside them.
    static var loopCount: Int { max(1, System.coreCount * 3 / 4) }

    /// Tells the executors of one server that its loops are about to end: a loop that has ended drops its jobs.
    final class Closing: Sendable {
        private let isSet = Atomic<Bool>(false)

        var hasBegun: Bool { isSet.load(ordering: .acquiring) }

        func begin() { isSet.store(true, ordering: .releasing) }
    }

    private let home: any EventLoopGroup
    private let closing: Closing

    /// - Parameter home: the group of a server, or the loop of a connection.
    init(home: any EventLoopGroup, closing: Closing) {
        self.home = home
        self.closing = closing
    }

    func enqueue(_ job: consuming ExecutorJob) {
        if closing.hasBegun {
            globalConcurrentExecutor.enqueue(job)
            return
        }
        let job = UnownedJob(job)
        let loop = MultiThreadedEventLoopGroup.currentEventLoop ?? home.next()
        loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
