// How many turns are running, counted where they are settled.

import Synchronization

/// Counts running turns.
package final class TurnSlots: Sendable {
    private let running = Atomic<Int>(0)

    package init() {}

    package var count: Int { running.load(ordering: .relaxed) }

    func enter() {
        running.add(1, ordering: .relaxed)
    }

    func leave() {
        running.subtract(1, ordering: .relaxed)
    }
}
