// Waiting for what must come to pass, and the clients and gates that tests need.

import Foundation
import Glibc
import HTTPTransport
import Synchronization
import Testing

/// How long is waited for what should come soon: so long that it is never a slow machine that ends it.
let patience = Duration.seconds(300)

/// Waits until `condition` holds. False when it did not within `limit`.
func eventually(_ limit: Duration = patience, _ condition: () -> Bool) async throws -> Bool {
    let end = ContinuousClock.now + limit
    while !condition() {
        guard ContinuousClock.now < end else { return false }
        try await Task.sleep(for: .milliseconds(2))
    }
    return true
}

/// Something that server threads wait for. Opens once.
final class Gate: Sendable {
    private let condition = NSCondition()
    private let isOpen = Atomic<Bool>(false)

    func open() {
        condition.lock()
        isOpen.store(true, ordering: .sequentiallyConsistent)
        condition.broadcast()
        condition.unlock()
    }

    var hasOpened: Bool { isOpen.load(ordering: .sequentiallyConsistent) }

    /// Blocks the calling thread (a server's, never a task's) until the gate is open.
    func wait() {
        let limit = Date(timeIntervalSinceNow: patience / .seconds(1))
        condition.lock()
        while !hasOpened, condition.wait(until: limit) {}
        condition.unlock()
    }
}

/// A number that threads count up.
final class Counter: Sendable {
    private let count = Atomic<Int>(0)

    func increment() { count.add(1, ordering: .sequentiallyConsistent) }

    var value: Int { count.load(ordering: .sequentiallyConsistent) }
}

/// Runs `body` with a client and shuts it down afterwards, also when `body` throws.
func withClient<Result>(
    _ configuration: HTTPClientConfiguration = .init(threads: 1),
    _ body: (HTTPClient) async throws -> Result
) async throws -> Result {
    let client = try HTTPClient(configuration: configuration)
    do {
        let result = try await body(client)
        await client.shutdown()
        return result
    } catch {
        await client.shutdown()
        throw error
    }
}

/// The failure that `body` throws; a recorded issue when it throws none.
func failure<Result>(_ body: () async throws(TransferFailure) -> Result) async -> TransferFailure? {
    do {
        _ = try await body()
        Issue.record("should have failed")
        return nil
    } catch {
        return error
    }
}

/// Time limits that no test reaches by accident.
let patient = TransferTimeouts(
    connect: patience,
    firstByte: patience,
    idle: patience,
    total: patience * 2
)

/// A request with generous limits.
func get(_ url: String, timeouts: TransferTimeouts = patient) -> TransferRequest {
    TransferRequest(method: "GET", url: url, timeouts: timeouts)
}

/// Many connections at once need more descriptors than a shell's usual 1,024.
func raiseDescriptorLimit() {
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    limit.rlim_cur = min(limit.rlim_max, 16_384)
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
}

/// A sum that threads add to.
final class Counter64: Sendable {
    private let sum = Atomic<Int>(0)

    func add(_ count: Int) { sum.add(count, ordering: .sequentiallyConsistent) }

    var value: Int { sum.load(ordering: .sequentiallyConsistent) }
}
