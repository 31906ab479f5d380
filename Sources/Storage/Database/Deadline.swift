// A wait that ends in time, whatever happens to what is waited for.

import Synchronization

enum Deadline {
    /// What `operation` gives, or `.busy` with the message once `limit` is over; the operation then goes on unheard.
    static func run<T: Sendable>(
        _ limit: Duration,
        busy message: String,
        _ operation: @escaping @Sendable () async throws -> T
    ) async throws -> T {
        let clock = Mutex<Task<Void, Never>?>(nil)
        defer { clock.withLock { $0 }?.cancel() }
        return try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<T, any Error>) in
            let answer = Answer(continuation)
            clock.withLock { clock in
                clock = Task {
                    // Cancelled: the operation was first, and the answer is given.
                    try? await Task.sleep(for: limit)
                    answer.give(.failure(DatabaseError(.busy, message)))
                }
            }
            Task {
                do {
                    answer.give(.success(try await operation()))
                } catch {
                    answer.give(.failure(error))
                }
            }
        }
    }

    /// Resumes its continuation once.
    private final class Answer<T: Sendable>: Sendable {
        private let continuation: Mutex<CheckedContinuation<T, any Error>?>
        init(_ continuation: CheckedContinuation<T, any Error>) { self.continuation = Mutex(continuation) }
        func give(_ result: Result<T, any Error>) {
            let continuation = continuation.withLock { $0.take() }
            continuation?.resume(with: result)
        }
    }
}
