// Readings that are remembered.

import Synchronization
import Testing

@testable import Gateway

@Suite struct CachedReadingTests {
    @Test func itIsReadOnceInAWhile() async {
        let count = Atomic<Int>(0)
        let reading = CachedReading(interval: .seconds(600)) { count.add(1, ordering: .relaxed).newValue }
        for _ in 0..<5 { #expect(await reading.value() == 1) }
        let other = CachedReading(interval: .zero) { count.add(1, ordering: .relaxed).newValue }
        _ = await other.value()
        #expect(count.load(ordering: .relaxed) == 2)
    }

    @Test func nobodyWaitsForASlowOne() async {
        let reading = CachedReading(patience: .milliseconds(10)) { () -> Int? in
            try? await Task.sleep(for: .seconds(600))
            return 1
        }
        #expect(await reading.value() == nil)
        #expect(await reading.value() == nil)
    }
}
