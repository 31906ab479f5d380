// Lets a write that keeps colliding with others run alone.

import Glibc

/// Writes of one pool run side by side; one that has failed several times to be serialized runs with the others held
/// back, so that it cannot starve. (Writes of other nodes may still collide with it.)
// Unchecked: pthread_rwlock_t is made for use from several threads, and the pointer never changes.
final class WriteLane: @unchecked Sendable {
    private let lock = UnsafeMutablePointer<pthread_rwlock_t>.allocate(capacity: 1)

    init() {
        var attributes = pthread_rwlockattr_t()
        pthread_rwlockattr_init(&attributes)
        // The default kind would let the others pass one who waits to be alone.
        pthread_rwlockattr_setkind_np(&attributes, Int32(PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP))
        pthread_rwlock_init(lock, &attributes)
        pthread_rwlockattr_destroy(&attributes)
    }

    deinit {
        pthread_rwlock_destroy(lock)
        lock.deallocate()
    }

    func run<T>(alone: Bool, _ body: () -> T) -> T {
        if alone { pthread_rwlock_wrlock(lock) } else { pthread_rwlock_rdlock(lock) }
        defer { pthread_rwlock_unlock(lock) }
        return body()
    }
}
