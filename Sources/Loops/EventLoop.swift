// One thread that waits for descriptors, times and jobs: what the rest of the program sees of it.

import CEpoll
import Glibc
import Synchronization

/// An event loop with a thread of its own, and the executor of the tasks that are to stay on that thread.
///
/// What runs here must not block: the store and password hashing have threads of their own.
package final class EventLoop: TaskExecutor {
    private struct Inbox {
        var jobs: [LoopJob] = []
        /// The loop leaves once it has nothing to do.
        var isEnding = false
        /// Nothing is taken in any more.
        var isOver = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let inbox = Mutex(Inbox())
    /// Whether the loop sleeps, or is about to, and nobody has woken it.
    private let isAsleep = Atomic<Bool>(false)
    let wakeDescriptor: Int32

    /// - Throws: when the system has no thread, memory or descriptor left.
    package init(name: String) throws(LoopFailure) {
        wakeDescriptor = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        guard wakeDescriptor >= 0 else { throw LoopFailure("no eventfd", errno) }
        let watch = try DescriptorWatch(wakeDescriptor: wakeDescriptor)
        try LoopThread.start(name: name, LoopCore(self, watch))
    }

    deinit {
        Glibc.close(wakeDescriptor)
    }

    /// Whether this is the loop's own thread.
    package var isCurrent: Bool { LoopCore.current?.loop === self }

    // MARK: Giving it something to do

    /// Has the loop's thread run `body` soon.
    ///
    /// - Returns: false when the loop is over.
    @discardableResult
    package func execute(_ body: @escaping @Sendable (LoopCore) -> Void) -> Bool {
        add(.body(body))
    }

    /// Runs `body` now when this is the loop's thread, else soon.
    ///
    /// - Returns: false when the loop is over.
    @discardableResult
    package func perform(_ body: @escaping @Sendable (LoopCore) -> Void) -> Bool {
        guard let core = LoopCore.current, core.loop === self else { return add(.body(body)) }
        body(core)
        return true
    }

    /// Runs `body` on the loop's thread and returns what it makes; nil when the loop is over.
    package func run<Result: Sendable>(_ body: @escaping @Sendable (LoopCore) -> Result) async -> Result? {
        await withCheckedContinuation { waiter in
            if !execute({ waiter.resume(returning: body($0)) }) { waiter.resume(returning: nil) }
        }
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        // Tasks outlive loops.
        if !add(.task(job)) { globalConcurrentExecutor.enqueue(job) }
    }

    private func add(_ job: LoopJob) -> Bool {
        if let core = LoopCore.current, core.loop === self {
            core.add(job)
            return true
        }
        let isTaken = inbox.withLock { inbox in
            guard !inbox.isOver else { return false }
            inbox.jobs.append(job)
            return true
        }
        if isTaken { wake() }
        return isTaken
    }

    /// Has the loop look what its tenants have to do.
    package func wake() {
        // One write for any number of notes.
        guard isAsleep.exchange(false, ordering: .sequentiallyConsistent) else { return }
        var one: UInt64 = 1
        _ = write(wakeDescriptor, &one, 8)
    }

    // MARK: Its end

    /// Lets the loop end once it has nothing to do.
    package func end() {
        inbox.withLock { $0.isEnding = true }
        wake()
    }

    /// Ends the loop and returns when its thread is about to leave. Idempotent. Not for the loop's own tasks.
    package func shutdown() async {
        end()
        await withCheckedContinuation { waiter in
            let isOver = inbox.withLock { inbox in
                if !inbox.isOver { inbox.waiters.append(waiter) }
                return inbox.isOver
            }
            if isOver { waiter.resume() }
        }
    }
}

// MARK: - What the loop's thread asks

extension EventLoop {
    func takeJobs(into jobs: inout [LoopJob]) {
        inbox.withLock { inbox in
            if jobs.isEmpty {
                swap(&jobs, &inbox.jobs)
            } else if !inbox.jobs.isEmpty {
                jobs.append(contentsOf: inbox.jobs)
                inbox.jobs.removeAll(keepingCapacity: true)
            }
        }
    }

    /// Says that the loop is about to sleep. False when there is something to do first.
    func mayFallAsleep(_ hasWork: () -> Bool) -> Bool {
        isAsleep.store(true, ordering: .sequentiallyConsistent)
        let isIdle = inbox.withLock { $0.jobs.isEmpty && !$0.isEnding }
        if isIdle, !hasWork() { return true }
        isAsleep.store(false, ordering: .sequentiallyConsistent)
        return false
    }

    func hasWoken() { isAsleep.store(false, ordering: .sequentiallyConsistent) }

    var isEnding: Bool { inbox.withLock { $0.isEnding } }

    /// Closes the inbox, if it is empty. From then on nothing reaches the loop.
    func close() -> Bool {
        let waiters = inbox.withLock { inbox -> [CheckedContinuation<Void, Never>]? in
            guard inbox.jobs.isEmpty else { return nil }
            inbox.isOver = true
            defer { inbox.waiters = [] }
            return inbox.waiters
        }
        guard let waiters else { return false }
        for waiter in waiters { waiter.resume() }
        return true
    }
}

/// Something for a loop's thread to do.
enum LoopJob: Sendable {
    case task(UnownedJob)
    case body(@Sendable (LoopCore) -> Void)
}
