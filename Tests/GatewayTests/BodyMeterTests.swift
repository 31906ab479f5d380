// The bound on bodies that are arriving.

import Testing

@testable import Gateway

@Suite struct BodyMeterTests {
    @Test func whatIsTooMuchIsRefusedAndNotCounted() {
        let meter = BodyMeter(limit: 100)
        #expect(meter.take(60))
        #expect(!meter.take(41))
        #expect(meter.count == 60)
        #expect(meter.take(40))
        #expect(!meter.take(1))
        meter.give(100)
        #expect(meter.count == 0)
        #expect(meter.take(100))
    }
}
