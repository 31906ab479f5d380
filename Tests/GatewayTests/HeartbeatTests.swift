// Deadlines of the one clock.

import Synchronization
import Testing

@testable import Gateway

@Suite struct HeartbeatTests {
    @Test func aDeadlineFiresOnceUnlessItIsCancelled() {
        let start = ContinuousClock.now
        let heartbeat = Heartbeat()
        let fired = Mutex<[String]>([])
        _ = heartbeat.schedule(after: .seconds(5)) { fired.withLock { $0.append("five") } }
        let cancelled = heartbeat.schedule(after: .seconds(5)) { fired.withLock { $0.append("never") } }
        _ = heartbeat.schedule(after: .seconds(50_000)) { fired.withLock { $0.append("late") } }
        heartbeat.cancel(cancelled)
        heartbeat.beat(now: start + .seconds(4))
        #expect(fired.withLock { $0 } == [])
        heartbeat.beat(now: .now + .seconds(6))
        heartbeat.beat(now: .now + .seconds(7))
        #expect(fired.withLock { $0 } == ["five"])
        heartbeat.beat(now: .now + .seconds(50_000))
        #expect(fired.withLock { $0 } == ["five", "late"])
    }
}
