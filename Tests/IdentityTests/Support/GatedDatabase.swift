// A database that can be told to hold back its answers, or to fail.

import Storage
import Support
import Synchronization

/// Passes everything on to another database; reads can be held after they were answered, and made to fail.
final class GatedDatabase: Database {
    private struct State {
        var isHolding = false
        var isBroken = false
        var held: [CheckedContinuation<Void, Never>] = []
        var reads = 0
    }

    private let inner: any Database
    private let state = Mutex(State())

    init(_ inner: any Database) {
        self.inner = inner
    }

    var dialect: SQLDialect { inner.dialect }
    var heldReads: Int { state.withLock { $0.held.count } }
    var reads: Int { state.withLock { $0.reads } }

    func waitForHeldReads(_ count: Int) async throws {
        try await eventually("\(count) reads held", holds: { heldReads == count })
    }

    func hold() { state.withLock { $0.isHolding = true } }
    func breakDown() { state.withLock { $0.isBroken = true } }
    func repair() { state.withLock { $0.isBroken = false } }

    func release() {
        let held = state.withLock { state in
            state.isHolding = false
            defer { state.held = [] }
            return state.held
        }
        for continuation in held { continuation.resume() }
    }

    func read<T: Sendable>(_ body: @escaping @Sendable (any SQLConnection) throws -> T) async throws -> T {
        let isBroken = state.withLock { state in
            state.reads += 1
            return state.isBroken
        }
        if isBroken { throw DatabaseError(.unavailable, "broken by the test") }
        let value = try await inner.read(body)
        await withCheckedContinuation { continuation in
            let goesOn = state.withLock { state in
                guard state.isHolding else { return true }
                state.held.append(continuation)
                return false
            }
            if goesOn { continuation.resume() }
        }
        return value
    }

    func write<T: Sendable>(_ body: @escaping @Sendable (any SQLConnection) throws -> T) async throws -> T {
        if state.withLock({ $0.isBroken }) { throw DatabaseError(.unavailable, "broken by the test") }
        return try await inner.write(body)
    }

    func check() async throws { try await inner.check() }
    func close() async { await inner.close() }
}
