// Times in and out: the forms that are read, those that are not, and agreement with Foundation.

import Foundation
import JSON
import Resources
import Testing

@Suite struct TimestampTests {
    @Test(arguments: [
        ("2025-10-21T10:00:00Z", "2025-10-21T10:00:00Z"),
        ("2025-10-21T10:00:00.000Z", "2025-10-21T10:00:00Z"),
        ("2025-10-21T10:00:00.250Z", "2025-10-21T10:00:00.250Z"),
        ("2025-10-21T10:00:00.5Z", "2025-10-21T10:00:00.500Z"),
        ("2026-11-21T10:00:00.123456789Z", "2026-11-21T10:00:00.123Z"),
        ("2025-10-21T10:00:00,007Z", "2025-10-21T10:00:00.007Z"),
        ("2025-10-21t10:00:00z", "2025-10-21T10:00:00Z"),
        ("2025-10-21 10:00:00Z", "2025-10-21T10:00:00Z"),
        ("2025-10-21 10:00:00", "2025-10-21T10:00:00Z"),
        ("2025-10-21T10:00", "2025-10-21T10:00:00Z"),
        ("2025-10-21", "2025-10-21T00:00:00Z"),
        ("2025-10-21T18:00:00+08:00", "2025-10-21T10:00:00Z"),
        ("2025-10-21T18:00:00+0800", "2025-10-21T10:00:00Z"),
        ("2025-10-21T18:00:00 +0800", "2025-10-21T10:00:00Z"),
        ("2025-10-21T18:00:00+08", "2025-10-21T10:00:00Z"),
        ("2025-10-21T06:30:00.5-03:30", "2025-10-21T10:00:00.500Z"),
        ("2024-02-29T23:59:60Z", "2024-03-01T00:00:00Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
        ("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"),
        ("1761040800", "2025-10-21T10:00:00Z"),
        ("1761040800.25", "2025-10-21T10:00:00.250Z"),
        ("1761040800250", "2025-10-21T10:00:00.250Z"),
        ("0", "1970-01-01T00:00:00Z"),
        ("-1", "1969-12-31T23:59:59Z"),
        ("-1.5", "1969-12-31T23:59:58.500Z"),
        ("99999999999", "5138-11-16T09:46:39Z"),
        ("1000000000000", "2001-09-09T01:46:40Z"),
        ("-100000000000", "1966-10-31T14:13:20Z"),
    ])
    func reads(_ text: String, _ expected: String) throws {
        #expect(try Timestamp(parsing: text).text == expected)
        #expect(try Timestamp(json: .string(text)).text == expected)
    }

    @Test(arguments: [
        "", " ", "now", "2025", "202510", "20251021", "202510211000", "20251021100000", "2025-10", "2025-10-21T",
        "2025-10-21T10", "2025-10-21T10:00:00Zx", "2025-10-21T10:00:00.Z",
        "2025-13-01", "2025-02-29", "2025-00-10", "2025-01-00", "2025-10-21T24:00:00Z", "2025-10-21T10:60:00Z",
        "2025-10-21T10:00:61Z", "2025-10-21T10:00:00+24:00", "2025-10-21T10:00:00+8", "2025-10-21T10:00:00 CEST",
        "2025-1-2", "20251021T100000Z", "1e9", "0x10", "1761040800.", ".5", "--1", "1761040800abc",
        "99999999999999999999", "9999999999999999", "-62167219201", "2025-10-21T10:00:00Z\u{0}", "２０２５-10-21",
        "0000-01-01T00:00:00+00:01", "9999-12-31T23:59:60Z",
    ])
    func refuses(_ text: String) {
        #expect(throws: TimestampError.self) { try Timestamp(parsing: text) }
    }

    @Test func readsNumbers() throws {
        #expect(try Timestamp(json: 1_761_040_800).text == "2025-10-21T10:00:00Z")
        #expect(try Timestamp(json: 1_761_040_800_250).text == "2025-10-21T10:00:00.250Z")
        #expect(try Timestamp(json: 1_761_040_800.001).text == "2025-10-21T10:00:00.001Z")
        for value: JSONValue in [true, nil, [], [:], 1e300, -1e300, 9e15] {
            #expect(throws: TimestampError.self) { try Timestamp(json: value) }
        }
    }

    @Test func queriesMayHaveLostTheirPlus() throws {
        #expect(try Timestamp(query: "2025-10-21T18:00:00 08:00").text == "2025-10-21T10:00:00Z")
        #expect(try Timestamp(query: "2025-10-21 18:00:00 0800").text == "2025-10-21T10:00:00Z")
        #expect(try Timestamp(query: "2025-10-21 18:00:00").text == "2025-10-21T18:00:00Z")
        #expect(throws: TimestampError.self) { try Timestamp(query: "2025-10-21T18:00:00 CEST") }
    }

    @Test func knowsZones() throws {
        let shanghai = try #require(ZoneRule(name: "Asia/Shanghai"))
        #expect(try Timestamp(parsing: "2025-10-21 18:00:00", zone: shanghai).text == "2025-10-21T10:00:00Z")
        #expect(try Timestamp(parsing: "2025-10-21 18:00:00Z", zone: shanghai).text == "2025-10-21T18:00:00Z")
        #expect(try Timestamp(parsing: "2025-10-21", zone: shanghai).text == "2025-10-20T16:00:00Z")
        let fixed = try #require(ZoneRule(name: "-03:30"))
        #expect(try Timestamp(parsing: "2025-10-21T06:30:00", zone: fixed).text == "2025-10-21T10:00:00Z")
        for name in ["", "Mars/Olympus", "../../etc/passwd", "+25:00", "+8:00", "+0860", "Asia/Shanghai\u{0}", "+"] {
            #expect(ZoneRule(name: name) == nil, "\(name)")
        }
    }

    @Test func summerTime() throws {
        let berlin = try #require(ZoneRule(name: "Europe/Berlin"))
        // On 2025-03-30 the clock went from 02:00 to 03:00, on 2025-10-26 from 03:00 back to 02:00.
        let cases = [
            ("2025-03-30T01:59:59", "2025-03-30T00:59:59Z"),
            ("2025-03-30T02:30:00", "2025-03-30T01:30:00Z"),
            ("2025-03-30T03:00:00", "2025-03-30T01:00:00Z"),
            ("2025-10-26T01:59:59", "2025-10-25T23:59:59Z"),
            ("2025-10-26T02:30:00", "2025-10-26T00:30:00Z"),
            ("2025-10-26T03:00:00", "2025-10-26T02:00:00Z"),
        ]
        for (local, expected) in cases {
            #expect(try Timestamp(parsing: local, zone: berlin).text == expected, "\(local)")
        }
    }

    @Test func agreesWithFoundation() throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = Seeded(seed)
        let range = Timestamp.readable.lowerBound.milliseconds...Timestamp.readable.upperBound.milliseconds
        var calendar = Calendar(identifier: .iso8601)
        calendar.timeZone = try #require(TimeZone(secondsFromGMT: 0))
        // Foundation's calendar is Julian before 1582; the ISO one is not, but its arithmetic starts to differ there.
        let modern = try Timestamp(parsing: "1600-01-01").milliseconds
        for _ in 0..<3000 {
            let moment = Timestamp(milliseconds: .random(in: range, using: &random))
            #expect(try Timestamp(parsing: moment.text) == moment, "seed \(seed)")
            guard moment.milliseconds >= modern else { continue }
            let date = Date(timeIntervalSince1970: Double(moment.milliseconds.quotient1000))
            let parts = calendar.dateComponents([.year, .month, .day, .hour, .minute, .second], from: date)
            let two = { (number: Int?) in String((number ?? -1) + 100).dropFirst() }
            let year = String((parts.year ?? 0) + 10_000).dropFirst()
            let expected =
                "\(year)-\(two(parts.month))-\(two(parts.day))T\(two(parts.hour)):\(two(parts.minute)):\(two(parts.second))"
            #expect(moment.text.hasPrefix(expected), "seed \(seed)")
        }
    }

    @Test func offsetsAndFractionsRoundTrip() throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = Seeded(seed)
        for _ in 0..<2000 {
            let moment = Timestamp(milliseconds: .random(in: -30_000_000_000_000...200_000_000_000_000, using: &random))
            let minutes = Int.random(in: -23 * 60...23 * 60, using: &random)
            let local = Timestamp(milliseconds: moment.milliseconds + Int64(minutes) * 60_000)
            let sign = minutes < 0 ? "-" : "+"
            let hours = String(abs(minutes) / 60 + 100).dropFirst()
            let rest = String(abs(minutes) % 60 + 100).dropFirst()
            let bare = String(local.text.dropLast())
            #expect(try Timestamp(parsing: "\(bare)\(sign)\(hours):\(rest)") == moment, "seed \(seed)")
            let zone = try #require(ZoneRule(name: "\(sign)\(hours)\(rest)"))
            #expect(try Timestamp(parsing: bare, zone: zone) == moment, "seed \(seed)")
            let seconds = Int64.random(in: 1_000_000_000..<10_000_000_000, using: &random)
            #expect(try Timestamp(parsing: String(seconds)).milliseconds == seconds * 1000, "seed \(seed)")
            #expect(
                try Timestamp(parsing: String(seconds * 1000 + 7)).milliseconds == seconds * 1000 + 7,
                "seed \(seed)"
            )
        }
    }

    @Test func neverTrapsOnNoise() {
        let seed = UInt64.random(in: .min ... .max)
        var random = Seeded(seed)
        let alphabet = Array("0123456789-:TZ+., eé")
        var read = 0
        for _ in 0..<20_000 {
            let length = Int.random(in: 0...30, using: &random)
            let text = String((0..<length).map { _ in alphabet.randomElement(using: &random) ?? "0" })
            if let moment = try? Timestamp(parsing: text) {
                read += 1
                #expect(Timestamp.readable.contains(moment), "seed \(seed): \(text)")
            }
        }
        #expect(read > 0, "seed \(seed)")
    }

    @Test func civilDatesCount() {
        var date = CivilDate(year: -401, month: 2, day: 27)
        var number = date.daysSinceEpoch
        for _ in 0..<330_000 {
            number += 1
            date.day += 1
            if date.day > CivilDate.length(ofMonth: date.month, year: date.year) {
                date.day = 1
                date.month += 1
            }
            if date.month > 12 {
                date.month = 1
                date.year += 1
            }
            guard date.daysSinceEpoch == number, CivilDate(daysSinceEpoch: number) == date else {
                Issue.record("\(date) is \(date.daysSinceEpoch), expected \(number)")
                return
            }
        }
        #expect(CivilDate(year: 1970, month: 1, day: 1).daysSinceEpoch == 0)
    }

    @Test func extremesHaveText() {
        #expect(Timestamp(milliseconds: .max).text.hasPrefix("+292278994-08-17T"))
        #expect(Timestamp(milliseconds: .min).text.hasPrefix("-292275055-05-16T"))
    }
}

extension Int64 {
    /// Divided by 1000, towards minus infinity.
    fileprivate var quotient1000: Int64 { self >= 0 ? self / 1000 : (self - 999) / 1000 }
}
