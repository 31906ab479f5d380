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
}
