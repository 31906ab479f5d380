// Deadlines of the one clock.

import Synchronization
import Testing

@testable import Gateway

@Suite struct HeartbeatTests {
    @Test func aDeadlineFiresOnceUnlessItIsCancelled() {
        let heartbeat = Heartbeat()
        let fired = Mutex<[String]>([])
        _ = heartbeat.schedule(after: .seconds(5)) { fired.withLock { $0.append("five") } }
        let cancelled = heartbeat.schedule(after: .seconds(5)) { fired.withLock { $0.append("never") } }
        _ = heartbeat.schedule(after: .seconds(50)) { fired.withLock { $0.append("fifty") } }
        heartbeat.cancel(cancelled)
        heartbeat.beat(now: .now + .seconds(4))
        #expect(fired.withLock { $0 } == [])
        heartbeat.beat(now: .now + .seconds(6))
        heartbeat.beat(now: .now + .seconds(7))
        #expect(fired.withLock { $0 } == ["five"])
        heartbeat.beat(now: .now + .seconds(60))
        #expect(fired.withLock { $0 } == ["five", "fifty"])
    }

    @Test func aSignalFiresOnceAndAtOnceForLatecomers() {
        let signal = ConnectionSignal()
        let count = Atomic<Int>(0)
        signal.onGone { count.add(1, ordering: .relaxed) }
        signal.fire()
        signal.fire()
        #expect(count.load(ordering: .relaxed) == 1)
        signal.onGone { count.add(10, ordering: .relaxed) }
        #expect(count.load(ordering: .relaxed) == 11)
        let settled = ConnectionSignal()
        let first = settled.onGone { count.add(100, ordering: .relaxed) }
        settled.settle(first)
        settled.fire()
        #expect(count.load(ordering: .relaxed) == 11)
        // A late end of the first request must not take the second one's handler away.
        let connection = ConnectionSignal()
        let one = connection.onGone { count.add(1000, ordering: .relaxed) }
        connection.onGone { count.add(10_000, ordering: .relaxed) }
        connection.settle(one)
        connection.fire()
        #expect(count.load(ordering: .relaxed) == 10_011)
    }
}
