// Several loops that share the work.

import Glibc
import Synchronization

/// Event loops, and whose turn it is.
package final class LoopGroup: Sendable {
    package let loops: [EventLoop]
    private let last = Atomic<Int>(0)

    /// - Throws: when the system has no thread, memory or descriptor left.
    package init(count: Int = LoopGroup.usualCount, name: String = "opsgate-loop") throws(LoopFailure) {
        var loops: [EventLoop] = []
        do {
            for _ in 0..<max(1, count) { loops.append(try EventLoop(name: name)) }
        } catch {
            for loop in loops { loop.end() }
            throw error
        }
        self.loops = loops
    }

    deinit {
        for loop in loops { loop.end() }
    }

    /// One after the other.
    package func next() -> EventLoop {
        loops[Int(last.add(1, ordering: .relaxed).oldValue.magnitude % UInt(loops.count))]
    }

    /// Ends all loops and returns when their threads are about to leave. Idempotent. Not for their own tasks.
    package func shutdown() async {
        for loop in loops { loop.end() }
        for loop in loops { await loop.shutdown() }
    }

    /// One for each processor: what else runs is little, the store's threads for the most part.
    package static var usualCount: Int { max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }
}
