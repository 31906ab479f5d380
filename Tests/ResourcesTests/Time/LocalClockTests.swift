// Local clocks: from moments to what a clock shows, and back to when it shows it first.

import Resources
import Testing

@Suite struct LocalClockTests {
    private static let zones = [
        "UTC", "+05:45", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu",
        "Africa/Casablanca",
    ]

    @Test("The first moment of a local time shows that time, and none before it does", arguments: zones)
    func first(_ name: String) throws {
        let zone = try #require(ZoneRule(name: name))
        let seed = UInt64.random(in: 0..<1_000_000)
        var random = Seeded(seed)
        let hour: Int64 = 3_600_000
        // 2020 to 2030, to the second.
        for _ in 0..<2_000 {
            let moment = Timestamp(milliseconds: Int64.random(in: 1_577_836_800...1_893_456_000, using: &random) * 1000)
            let local = zone.localMilliseconds(at: moment)
            let first = zone.firstMoment(localMilliseconds: local)
            #expect(zone.localMilliseconds(at: first) == local, "seed \(seed), \(moment)")
            #expect(first == moment || moment.milliseconds - first.milliseconds <= hour, "seed \(seed), \(moment)")
            #expect(first <= moment, "seed \(seed), \(moment)")
        }
    }

    @Test("A skipped time is the moment of the skip, to the millisecond")
    func gaps() throws {
        let berlin = try #require(ZoneRule(name: "Europe/Berlin"))
        let skip = try Timestamp(parsing: "2025-03-30T01:00:00Z")
        for local in [
            "2025-03-30T02:00:00Z", "2025-03-30T02:00:00.001Z", "2025-03-30T02:59:59.999Z", "2025-03-30T03:00:00Z",
        ] {
            let wall = try Timestamp(parsing: local).milliseconds
            #expect(berlin.firstMoment(localMilliseconds: wall) == skip, "\(local)")
        }
        let before = try Timestamp(parsing: "2025-03-30T01:59:59.999Z").milliseconds
        #expect(berlin.firstMoment(localMilliseconds: before) == skip.adding(milliseconds: -1))
        let apia = try #require(ZoneRule(name: "Pacific/Apia"))
        let lost = try Timestamp(parsing: "2011-12-30T12:00:00Z").milliseconds
        #expect(apia.firstMoment(localMilliseconds: lost).text == "2011-12-30T10:00:00Z")
    }
}
