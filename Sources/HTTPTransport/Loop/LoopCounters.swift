// What a loop counts, readable from any thread.

import Synchronization

/// Counters of one loop. Written by the loop's thread, read by anybody.
final class LoopCounters: Sendable {
    let active = Atomic<Int>(0)
    let pooledHandles = Atomic<Int>(0)
    let started = Atomic<Int>(0)
    let finished = Atomic<Int>(0)
    let failed = Atomic<Int>(0)
    let cancelled = Atomic<Int>(0)
    let connectionsOpened = Atomic<Int>(0)
    let pauses = Atomic<Int>(0)
    let wakeUps = Atomic<Int>(0)
    private let descriptors = Mutex<Set<Int32>>([])

    /// Open connections. libcurl says nothing of the end of an attempt that was given up: such a descriptor counts until
    /// its number is used again.
    var connections: Int { descriptors.withLock { $0.count } }

    func opened(_ descriptor: Int32) {
        descriptors.withLock { _ = $0.insert(descriptor) }
    }

    func closed(_ descriptor: Int32) {
        descriptors.withLock { _ = $0.remove(descriptor) }
    }
}

/// What a client has done so far and is doing now.
package struct TransferStatistics: Sendable, Equatable {
    /// Transfers that run now.
    package var active = 0
    /// Transfers that no loop has taken yet.
    package var queued = 0
    /// Open connections, idle ones included.
    package var connections = 0
    /// Easy handles that wait for the next transfer.
    package var pooled = 0
    /// Transfers begun.
    package var started = 0
    /// Transfers that came to their proper end.
    package var finished = 0
    /// Transfers that failed, time limits included.
    package var failed = 0
    /// Transfers that their reader gave up, or a shutdown ended.
    package var cancelled = 0
    /// Connections opened; the rest of the transfers used one again.
    package var connectionsOpened = 0
    /// How often a reader was so far behind that its transfer was paused.
    package var pauses = 0
    /// How often a connection had something to say.
    package var wakeUps = 0

    package init() {}

    mutating func add(_ counters: LoopCounters) {
        active += counters.active.load(ordering: .relaxed)
        connections += counters.connections
        pooled += counters.pooledHandles.load(ordering: .relaxed)
        started += counters.started.load(ordering: .relaxed)
        finished += counters.finished.load(ordering: .relaxed)
        failed += counters.failed.load(ordering: .relaxed)
        cancelled += counters.cancelled.load(ordering: .relaxed)
        connectionsOpened += counters.connectionsOpened.load(ordering: .relaxed)
        pauses += counters.pauses.load(ordering: .relaxed)
        wakeUps += counters.wakeUps.load(ordering: .relaxed)
    }
}
