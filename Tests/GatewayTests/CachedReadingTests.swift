// Readings that are remembered.

import Synchronization
import Testing

@testable import Gateway

private final class Readings: Sendable {
    private let count = Atomic<Int>(0)

    var value: Int { count.load(ordering: .relaxed) }
    func next() -> Int { count.add(1, ordering: .relaxed).newValue }
}

@Suite struct CachedReadingTests {
    @Test func itIsReadOnceInAWhile() async {
        let count = Readings()
        let reading = CachedReading(interval: .seconds(600)) { count.next() }
        for _ in 0..<5 { #expect(await reading.value() == 1) }
        let other = CachedReading(interval: .zero) { count.next() }
        _ = await other.value()
        #expect(count.value == 2)
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
