// A thread for one piece of heavy work, out of the way of everything else.

import Glibc

/// Runs heavy work beside the cooperative pool.
enum LowPriorityThread {
    private final class Job: Sendable {
        let work: @Sendable () -> Void
        init(_ work: @escaping @Sendable () -> Void) { self.work = work }
    }

    /// Runs the work on a thread of its own, ten steps nicer than the program, and returns its result. A thread a job
    /// costs some 20 µs, nothing beside the work, and leaves nothing behind that would have to be shut down.
    static func run<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            start(Job { continuation.resume(returning: work()) })
        }
    }

    private static func start(_ job: Job) {
        var thread = pthread_t()
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        let reference = Unmanaged.passRetained(job)
        let status = pthread_create(
            &thread,
            &attributes,
            { argument in
                // On Linux these two are about the calling thread only.
                let process = __priority_which_t(PRIO_PROCESS.rawValue)
                setpriority(process, 0, min(19, getpriority(process, 0) + 10))
                if let argument { Unmanaged<Job>.fromOpaque(argument).takeRetainedValue().work() }
                return nil
            },
            reference.toOpaque()
        )
        // No thread to be had: better slow here than never.
        if status != 0 { reference.takeRetainedValue().work() }
    }
}
