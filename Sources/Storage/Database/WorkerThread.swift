// Threads of the database's own: starting one, and waiting until all have ended.

import Glibc
import Synchronization

/// Threads of one database. Blocking calls of the engines happen on them and nowhere else.
final class WorkerThreads: Sendable {
    private struct State {
        var running = 0
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    /// Starts a thread. Signals are blocked in it: they are the business of the program's own threads.
    func start(_ body: @escaping @Sendable () -> Void) throws(DatabaseError) {
        state.withLock { $0.running += 1 }
        let box = Unmanaged.passRetained(
            Body { [self] in
                body()
                ended()
            }
        )
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        var all = sigset_t()
        var before = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_BLOCK, &all, &before)
        var thread = pthread_t()
        let result = pthread_create(
            &thread,
            &attributes,
            { context in
                guard let context else { return nil }
                let body = Unmanaged<Body>.fromOpaque(context).takeRetainedValue()
                body.run()
                return nil
            },
            box.toOpaque()
        )
        pthread_sigmask(SIG_SETMASK, &before, nil)
        pthread_attr_destroy(&attributes)
        if result != 0 {
            box.release()
            ended()
            throw DatabaseError(.unavailable, "cannot start a thread (error \(result))")
        }
    }

    /// Starts a thread that first does `open`, and waits until it has; then it does what `open` returned.
    func startAfter(opening open: @escaping @Sendable () throws -> () -> Void) async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            do {
                try start {
                    do {
                        let serve = try open()
                        continuation.resume()
                        serve()
                    } catch {
                        continuation.resume(throwing: error)
                    }
                }
            } catch {
                continuation.resume(throwing: error)
            }
        }
    }

    /// Returns when no thread runs any more.
    func allEnded() async {
        await withCheckedContinuation { continuation in
            let over = state.withLock { state in
                if state.running > 0 { state.waiting.append(continuation) }
                return state.running == 0
            }
            if over { continuation.resume() }
        }
    }

    private func ended() {
        let waiting = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            state.running -= 1
            guard state.running == 0 else { return [] }
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }
}

/// A counting semaphore, on which a worker thread sleeps.
// Unchecked: sem_t is made for use from several threads, and the pointer never changes.
final class Semaphore: @unchecked Sendable {
    private let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

    init() { sem_init(semaphore, 0, 0) }

    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }

    func signal() { sem_post(semaphore) }

    func wait() {
        while sem_wait(semaphore) != 0 && errno == EINTR {}
    }
}
