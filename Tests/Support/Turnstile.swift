// Lets so many in at a time, for what a small machine cannot have hundreds of at once.

/// A counting semaphore for tasks, first come, first served.
package actor Turnstile {
    private var free: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// Stores on the tests' PostgreSQL, each with several connections.
    package static let postgreSQL = Turnstile(places: 24)

    package init(places: Int) {
        free = places
    }

    package func enter() async {
        if free > 0 {
            free -= 1
        } else {
            await withCheckedContinuation { waiting.append($0) }
        }
    }

    package func leave() {
        if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() }
    }

    /// Runs the body inside.
    package nonisolated func pass<Value>(_ isNeeded: Bool = true, _ body: () async throws -> Value) async throws
        -> Value
    {
        guard isNeeded else { return try await body() }
        await enter()
        do {
            let value = try await body()
            await leave()
            return value
        } catch {
            await leave()
            throw error
        }
    }
}
