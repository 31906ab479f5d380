// Password work, kept away from the requests: few at a time, on threads of its own, at low priority.

import Synchronization

/// Hashes and checks passwords.
///
/// scrypt takes a fifth of a second of a core on purpose. So at most `concurrency` run at once, each on a thread of its
/// own with a low priority, never on the pool that serves chat; the others wait in a bounded queue, and when that is
/// full they are told to come back (``CredentialFailure/busy``).
package final class PasswordHasher: Sendable {
    private struct State {
        var running = 0
        var waiting: [CheckedContinuation<Bool, Never>] = []
    }

    private let cost: PasswordCost
    private let concurrency: Int
    private let maximumWaiting: Int
    /// What an unknown user's password is checked against, so that it takes as long as a known user's.
    private let decoy: PasswordHash
    private let state = Mutex(State())

    package init(cost: PasswordCost = .standard, concurrency: Int = 2, maximumWaiting: Int = 64) {
        self.cost = cost
        self.concurrency = max(1, concurrency)
        self.maximumWaiting = maximumWaiting
        var random = SystemRandomNumberGenerator()
        let noise = (0..<48).map { _ in UInt8.random(in: .min ... .max, using: &random) }
        decoy = PasswordHash(cost: cost, salt: Array(noise[..<16]), hash: Array(noise[16...]))
    }

    /// The stored form of a password.
    package func hash(_ password: Secret) async throws(CredentialFailure) -> String {
        try await enter()
        defer { leave() }
        let cost = cost
        guard let hash = await LowPriorityThread.run({ PasswordHash.make(password, cost: cost)?.text }) else {
            throw .unavailable
        }
        return hash
    }

    /// Runs `body` as one of the few that may check passwords at once. What is read and written around the check (the
    /// lock-out) belongs inside, so that waiting attempts see the failures of those before them.
    package func withTurn<Value>(_ body: (Turn) async throws -> Value) async throws -> Value {
        try await enter()
        defer { leave() }
        return try await body(Turn(decoy: decoy))
    }

    /// The right to check one password now.
    package struct Turn: Sendable {
        fileprivate let decoy: PasswordHash

        /// Whether `password` is the one whose stored form is `stored`. With nil, or a damaged form, it takes as long
        /// and the answer is no.
        package func isCorrect(_ password: Secret, stored: String?) async -> Bool {
            let (hash, isKnown) = hashToCheck(stored)
            let matches = await LowPriorityThread.run { hash.matches(password) }
            return matches && isKnown
        }

        /// The hash that is worked on, and whether it is a user's at all.
        func hashToCheck(_ stored: String?) -> (hash: PasswordHash, isKnown: Bool) {
            if let known = stored.flatMap(PasswordHash.init) { return (known, true) }
            return (decoy, false)
        }
    }

    /// How many wait for their turn.
    var waiting: Int {
        state.withLock { $0.waiting.count }
    }

    private func enter() async throws(CredentialFailure) {
        let admitted = await withCheckedContinuation { continuation in
            let answer: Bool? = state.withLock { state in
                if state.running < concurrency {
                    state.running += 1
                    return true
                }
                guard state.waiting.count < maximumWaiting else { return false }
                state.waiting.append(continuation)
                return nil
            }
            if let answer { continuation.resume(returning: answer) }
        }
        guard admitted else { throw .busy }
    }

    private func leave() {
        let next: CheckedContinuation<Bool, Never>? = state.withLock { state in
            // The turn passes on to the next, first come, first served.
            if !state.waiting.isEmpty { return state.waiting.removeFirst() }
            state.running -= 1
            return nil
        }
        next?.resume(returning: true)
    }
}
