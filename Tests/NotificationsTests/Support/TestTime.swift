// A clock that tests move.

import Identity
import Synchronization

final class TestTime: Sendable {
    private let time: Mutex<Int64>

    /// 2025-10-21T10:00:00Z.
    init(_ start: Int64 = 1_761_040_800_000) { time = Mutex(start) }

    var now: Int64 { time.withLock { $0 } }
    func advance(seconds: Int64) { time.withLock { $0 += seconds * 1_000 } }
    var clock: WallClock { WallClock { self.now } }
}
