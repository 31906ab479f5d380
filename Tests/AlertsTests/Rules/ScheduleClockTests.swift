// Schedules where clocks are changed, and random ones.

import Alerts
import JSON
import Resources
import Testing

@Suite struct ScheduleClockTests {
    @Test("Berlin in spring: 02:00 to 03:00 does not exist on 2025-03-30")
    func berlinSpring() throws {
        func daily(_ start: String, _ end: String) -> JSONValue {
            [
                "type": "day", "start_time": .string(start), "end_time": .string(end), "time_zone": "Europe/Berlin",
            ]
        }
        // Begins in the gap: at its end.
        try ScheduleTests.expect(
            daily("02:30", "05:00"),
            from: "2025-03-29T12:00:00Z",
            changes: ["2025-03-30T01:00:00Z", "2025-03-30T03:00:00Z", "2025-03-31T00:30:00Z", "2025-03-31T03:00:00Z"]
        )
        // Ends in the gap.
        try ScheduleTests.expect(
            daily("01:00", "02:30"),
            from: "2025-03-29T12:00:00Z",
            changes: ["2025-03-30T00:00:00Z", "2025-03-30T01:00:00Z", "2025-03-30T23:00:00Z"]
        )
        // Lies in the gap: not that day.
        try ScheduleTests.expect(
            daily("02:10", "02:50"),
            from: "2025-03-29T12:00:00Z",
            changes: ["2025-03-31T00:10:00Z", "2025-03-31T00:50:00Z"]
        )
        // The night is an hour shorter.
        try ScheduleTests.expect(
            daily("22:00", "06:00"),
            from: "2025-03-29T12:00:00Z",
            changes: ["2025-03-29T21:00:00Z", "2025-03-30T04:00:00Z", "2025-03-30T20:00:00Z"]
        )
        try ScheduleTests.expect(
            [
                "type": "one", "start_time": "2025-03-30T02:30", "end_time": "2025-03-30T04:00",
                "time_zone": "Europe/Berlin",
            ],
            from: "2025-03-29T12:00:00Z",
            changes: ["2025-03-30T01:00:00Z", "2025-03-30T02:00:00Z"]
        )
    }

    @Test("New York in autumn: 01:00 to 02:00 happens twice on 2025-11-02; the first counts")
    func newYorkAutumn() throws {
        func daily(_ start: String, _ end: String) -> JSONValue {
            [
                "type": "day", "start_time": .string(start), "end_time": .string(end),
                "time_zone": "America/New_York",
            ]
        }
        try ScheduleTests.expect(
            daily("01:10", "01:50"),
            from: "2025-11-01T12:00:00Z",
            changes: ["2025-11-02T05:10:00Z", "2025-11-02T05:50:00Z", "2025-11-03T06:10:00Z", "2025-11-03T06:50:00Z"]
        )
        // Goes on through both.
        try ScheduleTests.expect(
            daily("01:30", "03:00"),
            from: "2025-11-01T12:00:00Z",
            changes: ["2025-11-02T05:30:00Z", "2025-11-02T08:00:00Z"]
        )
        try ScheduleTests.expect(
            daily("00:00", "24:00"),
            from: "2025-11-01T12:00:00Z",
            changes: []
        )
        #expect(
            try ScheduleTests.schedule(daily("00:00", "24:00")).nextChange(
                after: try ScheduleTests.at("2025-11-01T12:00:00Z")
            ) == nil
        )
    }

    @Test("A zone that skipped a day, and one with half hours")
    func oddZones() throws {
        // Samoa had no 2011-12-30.
        try ScheduleTests.expect(
            ["type": "day", "start_time": "10:00", "end_time": "11:00", "time_zone": "Pacific/Apia"],
            from: "2011-12-29T00:00:00Z",
            changes: ["2011-12-29T20:00:00Z", "2011-12-29T21:00:00Z", "2011-12-30T20:00:00Z", "2011-12-30T21:00:00Z"]
        )
        // Lord Howe goes forward by half an hour at 02:00.
        try ScheduleTests.expect(
            ["type": "day", "start_time": "02:15", "end_time": "03:00", "time_zone": "Australia/Lord_Howe"],
            from: "2025-10-04T12:00:00Z",
            changes: ["2025-10-04T15:30:00Z", "2025-10-04T16:00:00Z"]
        )
    }

    @Test("Changes are where the state changes, for random schedules")
    func property() throws {
        let seed = UInt64.random(in: 0..<1_000_000)
        var random = SeededNumbers(seed: seed)
        let zones = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "-03:30"]
        let minute: Int64 = 60_000
        for number in 0..<40 {
            func time() -> JSONValue {
                let minute = Int.random(in: 0..<1_440, using: &random)
                let (hour, rest) = (minute / 60, minute % 60)
                return .string("\(hour < 10 ? "0" : "")\(hour):\(rest < 10 ? "0" : "")\(rest)")
            }
            let type = ["day", "week", "month"].randomElement(using: &random) ?? "day"
            let range = type == "week" ? 1...7 : 1...31
            let days = (0..<3).map { _ in JSONValue.integer(Int.random(in: range, using: &random)) }
            var json: JSONObject = [
                "type": .string(type), "start_time": time(), "end_time": time(),
                "time_zone": .string(zones.randomElement(using: &random) ?? "UTC"),
            ]
            if type != "day" { json["week_month"] = .array(days) }
            let schedule = try ScheduleTests.schedule(.object(json))
            let year = try ScheduleTests.at("2025-01-01T00:00:00Z")
            let start = year + Int64.random(in: 0..<525_600, using: &random) * minute
            // Walk minute by minute up to the change that was promised.
            guard let change = schedule.nextChange(after: start) else { continue }
            let state = schedule.isActive(at: start)
            let walked = min(change, start + 3 * 1_440 * minute)
            for moment in stride(from: start, to: walked, by: Int(minute)) where schedule.isActive(at: moment) != state
            {
                Issue.record("seed \(seed), case \(number): \(JSONValue.object(json).text) changes at \(moment)")
                break
            }
            #expect(
                schedule.isActive(at: change) != state,
                "seed \(seed), case \(number): \(JSONValue.object(json).text)"
            )
        }
    }
}
