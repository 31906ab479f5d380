// Schedules: one-off, recurring, over midnight; what is refused; durations.

import Alerts
import JSON
import Resources
import Testing

@Suite struct ScheduleTests {
    /// Epoch milliseconds.
    static func at(_ text: String) throws -> Int64 { try Timestamp(parsing: text).milliseconds }

    static func schedule(_ json: JSONValue) throws -> RuleSchedule { try RuleSchedule(json) }

    /// Expects the schedule to change exactly at these moments, in order, from a moment on.
    static func expect(
        _ json: JSONValue,
        from start: String,
        changes: [String],
        _ location: SourceLocation = #_sourceLocation
    ) throws {
        let schedule = try schedule(json)
        var moment = try at(start)
        for change in changes {
            let next = schedule.nextChange(after: moment)
            #expect(next.map { Timestamp(milliseconds: $0).text } == change, sourceLocation: location)
            guard let next else { return }
            #expect(schedule.isActive(at: next) != schedule.isActive(at: next - 1), sourceLocation: location)
            moment = next
        }
    }

    @Test("An empty schedule is always in force")
    func always() throws {
        let schedule = try Self.schedule([:])
        #expect(schedule.isAlways && schedule.isActive(at: 0) && schedule.nextChange(after: 0) == nil)
    }

    @Test("One-off: start included, end not; zone-less times are local")
    func once() throws {
        let json: JSONValue = [
            "type": "one", "start_time": "2025-10-21 10:00:00", "end_time": "2025-10-21T12:00:00+08:00",
            "time_zone": "Asia/Shanghai",
        ]
        let schedule = try Self.schedule(json)
        let (start, end) = (try Self.at("2025-10-21T02:00:00Z"), try Self.at("2025-10-21T04:00:00Z"))
        #expect(!schedule.isActive(at: start - 1) && schedule.isActive(at: start))
        #expect(schedule.isActive(at: end - 1) && !schedule.isActive(at: end))
        #expect(schedule.nextChange(after: start - 1) == start)
        #expect(schedule.nextChange(after: start) == end)
        #expect(schedule.nextChange(after: end) == nil)
        #expect(schedule.isOver(at: end) && !schedule.isOver(at: end - 1))
        let epochs: JSONValue = ["type": "one", "start_time": 1_761_012_000, "end_time": "1761019200000"]
        #expect(try Self.schedule(epochs).nextChange(after: 0) == start)
    }

    @Test("Every day, over midnight, whole days")
    func day() throws {
        try Self.expect(
            ["type": "day", "start_time": "09:00", "end_time": "17:30:30"],
            from: "2025-10-21T00:00:00Z",
            changes: ["2025-10-21T09:00:00Z", "2025-10-21T17:30:30Z", "2025-10-22T09:00:00Z"]
        )
        try Self.expect(
            ["type": "day", "start_time": "22:00", "end_time": "06:00", "time_zone": "+08:00"],
            from: "2025-10-21T15:00:00Z",
            changes: ["2025-10-21T22:00:00Z", "2025-10-22T14:00:00Z", "2025-10-22T22:00:00Z"]
        )
        for end in ["00:00", "24:00", "23:59:59"] {
            let whole = try Self.schedule(["type": "day", "start_time": "00:00", "end_time": .string(end)])
            #expect(whole.isActive(at: try Self.at("2025-10-21T23:59:59.999Z")))
            #expect(whole.nextChange(after: try Self.at("2025-10-21T10:00:00Z")) == nil)
        }
    }

    @Test("Days of the week: the day is the one on which a window begins")
    func week() throws {
        // 2025-10-25 is a Saturday. Sunday is 7, and 0 as well.
        for sunday in [7, 0] as [JSONValue] {
            try Self.expect(
                ["type": "week", "start_time": "22:00", "end_time": "02:00", "week_month": [6, sunday]],
                from: "2025-10-22T00:00:00Z",
                changes: [
                    "2025-10-25T22:00:00Z", "2025-10-26T02:00:00Z", "2025-10-26T22:00:00Z", "2025-10-27T02:00:00Z",
                    "2025-11-01T22:00:00Z",
                ]
            )
        }
        // Monday and Tuesday whole are one window.
        try Self.expect(
            ["type": "week", "start_time": "00:00", "end_time": "23:59:59", "week_month": [1, 2]],
            from: "2025-10-22T00:00:00Z",
            changes: ["2025-10-27T00:00:00Z", "2025-10-29T00:00:00Z", "2025-11-03T00:00:00Z"]
        )
    }

    @Test("Days of the month: short months have no 31st")
    func month() throws {
        try Self.expect(
            ["type": "month", "start_time": "23:00", "end_time": "01:00", "week_month": [31]],
            from: "2025-01-15T00:00:00Z",
            changes: [
                "2025-01-31T23:00:00Z", "2025-02-01T01:00:00Z", "2025-03-31T23:00:00Z", "2025-04-01T01:00:00Z",
                "2025-05-31T23:00:00Z",
            ]
        )
        try Self.expect(
            ["type": "month", "start_time": "00:00", "end_time": "24:00", "week_month": [1, "29"]],
            from: "2024-02-02T00:00:00Z",
            changes: ["2024-02-29T00:00:00Z", "2024-03-02T00:00:00Z", "2024-03-29T00:00:00Z"]
        )
    }

    @Test("What is refused, with its place")
    func refusals() {
        func day(_ start: JSONValue, _ end: JSONValue) -> JSONValue {
            ["type": "day", "start_time": start, "end_time": end]
        }
        func week(_ days: JSONValue) -> JSONValue {
            ["type": "week", "start_time": "01:00", "end_time": "02:00", "week_month": days]
        }
        func one(_ start: JSONValue, _ end: JSONValue) -> JSONValue {
            ["type": "one", "start_time": start, "end_time": end]
        }
        let cases: [(JSONValue, String)] = [
            ("x", "config"), (["type": "year"], "config.type"), (["start_time": "01:00"], "config.type"),
            (["type": "day", "at": 1], "config.at"), (day("1:00", "02:00"), "config.start_time"),
            (day("25:00", "02:00"), "config.start_time"), (day("24:00", "02:00"), "config.start_time"),
            (day("01:60", "02:00"), "config.start_time"), (day("01:00", "24:01"), "config.end_time"),
            (day("01:00", "02:00:60"), "config.end_time"), (day("01:00", .null), "config.end_time"),
            (day("01:00", "2025-10-21T02:00:00Z"), "config.end_time"),
            (
                ["type": "day", "start_time": "01:00", "end_time": "02:00", "time_zone": "Mars/Base"],
                "config.time_zone"
            ),
            (["type": "day", "start_time": "01:00", "end_time": "02:00", "time_zone": 8], "config.time_zone"),
            (week(.null), "config.week_month"), (week([]), "config.week_month"), (week(["a"]), "config.week_month[0]"),
            (week([1, 8]), "config.week_month[1]"),
            (["type": "month", "start_time": "01:00", "end_time": "02:00", "week_month": [0]], "config.week_month[0]"),
            (
                ["type": "month", "start_time": "01:00", "end_time": "02:00", "week_month": [32]],
                "config.week_month[0]"
            ),
            (one("01:00", "02:00"), "config.start_time"), (one("2025-10-21", .null), "config.end_time"),
            (one("2025-10-21T10:00:00Z", "2025-10-21T10:00:00Z"), "config.end_time"),
            (one("2025-10-21T10:00:00Z", "2025-02-30T10:00:00Z"), "config.end_time"),
        ]
        for (json, place) in cases {
            do {
                _ = try RuleSchedule(json)
                Issue.record("\(json.text) was taken")
            } catch {
                #expect(error.field == place, "\(json.text): \(error.text)")
            }
        }
        #expect(RuleSchedule.problem([:]) == nil)
        #expect(RuleSchedule.problem(["type": "year"]) == "type: must be one of one, day, week, month")
    }

    @Test("Moments beyond all years do no harm")
    func extremes() throws {
        let schedule = try Self.schedule(
            ["type": "day", "start_time": "01:00", "end_time": "02:00", "time_zone": "Europe/Berlin"]
        )
        for moment in [Int64.min, Int64.max, 0, -1] {
            _ = schedule.isActive(at: moment)
            _ = schedule.nextChange(after: moment)
        }
    }

    @Test(
        "Durations",
        arguments: [
            ("10min", 600_000), ("2hour", 7_200_000), ("1day", 86_400_000), ("30s", 30_000), ("5", 300_000),
            ("0min", 0), ("0", 0), ("3 hours", 10_800_000), ("1H", 3_600_000), ("2d", 172_800_000), ("", nil),
            ("min", nil), ("-1min", nil), ("1.5h", nil), ("1week", nil), ("1h30", nil), ("367day", nil),
            ("99999999999999999999", nil), ("9223372036854775807day", nil), ("１min", nil),
        ] as [(String, Int64?)]
    )
    func duration(_ text: String, _ expected: Int64?) {
        let duration = try? RuleDuration(text)
        #expect(duration?.milliseconds == expected)
        #expect((duration?.isNever ?? false) == (expected == 0))
    }
}
