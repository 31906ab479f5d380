// Who is told that a client has gone, and how often.

import Synchronization
import Testing

@testable import HTTPServer

@Suite struct ClientSignalTests {
    @Test func aSignalFiresOnceAndAtOnceForLatecomers() {
        let signal = ClientSignal()
        let count = Atomic<Int>(0)
        signal.onGone { count.add(1, ordering: .relaxed) }
        signal.fire()
        signal.fire()
        #expect(count.load(ordering: .relaxed) == 1)
        signal.onGone { count.add(10, ordering: .relaxed) }
        #expect(count.load(ordering: .relaxed) == 11)
        let settled = ClientSignal()
        let first = settled.onGone { count.add(100, ordering: .relaxed) }
        settled.settle(first)
        settled.fire()
        #expect(count.load(ordering: .relaxed) == 11)
        // A late end of the first request must not take the second one's handler away.
        let connection = ClientSignal()
        let one = connection.onGone { count.add(1000, ordering: .relaxed) }
        connection.onGone { count.add(10_000, ordering: .relaxed) }
        connection.settle(one)
        connection.fire()
        #expect(count.load(ordering: .relaxed) == 10_011)
    }
}
