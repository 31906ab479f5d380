// A thread with a loop on it: started, spoken to by mail, left and joined.

import CCurl
import Glibc
import Synchronization

/// One loop's thread.
final class LoopThread: Sendable {
    let mailbox: Mailbox
    let counters = LoopCounters()
    private let end = ThreadEnd()
    private let thread: Mutex<pthread_t?>

    /// - Throws: `.other` when the system has no thread, memory or descriptors left.
    init(configuration: HTTPClientConfiguration) throws(TransferFailure) {
        let end = end
        mailbox = try Mailbox()
        let loop = try TransferLoop(configuration: configuration, mailbox: mailbox, counters: counters)
        thread = Mutex(
            try Self.start(
                ThreadBody {
                    loop.run()
                    end.reached()
                }
            )
        )
    }

    deinit {
        mailbox.close()
        if let thread = thread.withLock({ $0.take() }) { pthread_detach(thread) }
    }

    /// Ends what runs and returns when the thread has left. Idempotent.
    func shutdown() async {
        mailbox.close()
        await end.wait()
        // The thread has nothing left to do, so this waits for no more than its last instructions.
        if let thread = thread.withLock({ $0.take() }) { pthread_join(thread, nil) }
    }

    /// Hands `body` over to a new thread. Nobody else may use what it holds from then on.
    private static func start(_ body: sending ThreadBody) throws(TransferFailure) -> pthread_t {
        let context = Unmanaged.passRetained(body)
        var thread = pthread_t()
        // Signals are for the program's other threads; SIGPIPE in particular must not end it when a peer is gone.
        var all = sigset_t()
        var before = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, &before)
        let code = pthread_create(&thread, nil, runThreadBody, context.toOpaque())
        pthread_sigmask(SIG_SETMASK, &before, nil)
        guard code == 0 else {
            context.release()
            throw TransferFailure(.other, "no thread: errno \(code)")
        }
        return thread
    }
}

/// What a thread does, as something that a C context pointer can refer to.
private final class ThreadBody {
    let run: () -> Void

    init(_ run: @escaping () -> Void) {
        self.run = run
    }
}

private let runThreadBody: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { context in
    guard let context else { return nil }
    ccurl_name_thread("opsgate-http")
    Unmanaged<ThreadBody>.fromOpaque(context).takeRetainedValue().run()
    return nil
}

/// Something that happens once and that tasks wait for.
private final class ThreadEnd: Sendable {
    private struct State {
        var isReached = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    func reached() {
        let waiters = state.withLock { state in
            state.isReached = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    func wait() async {
        await withCheckedContinuation { waiter in
            let isReached = state.withLock { state in
                if !state.isReached { state.waiters.append(waiter) }
                return state.isReached
            }
            if isReached { waiter.resume() }
        }
    }
}
