// A moment: epoch milliseconds UTC in the store, ISO 8601 on the wire.

import Glibc
package import JSON

/// A moment in milliseconds since 1970-01-01T00:00:00Z.
///
/// The one place where times are read and written: every room that takes a time from outside uses the
/// initialisers here, and every answer uses `text`.
package struct Timestamp: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// Epoch milliseconds, UTC; what the store keeps.
    package var milliseconds: Int64

    package init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    /// The years that can be read: 0000 to 9999, as ISO 8601 with four digits.
    package static let readable =
        Timestamp(
            milliseconds: -62_167_219_200_000
        )...Timestamp(
            milliseconds: 253_402_300_799_999
        )

    /// The present moment by the system's clock.
    package static var now: Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }

    package static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.milliseconds < right.milliseconds
    }

    package func adding(milliseconds: Int64) -> Timestamp {
        Timestamp(milliseconds: self.milliseconds &+ milliseconds)
    }

    /// Reads ISO 8601 (with zone, or without and then in `zone`), or epoch seconds or milliseconds as digits.
    ///
    /// Accepted: `2025-10-21T10:00:00.123Z`, `…+08:00`, `…+0800`, `…+08`, a space for `T`, no seconds, any number of
    /// fraction digits (cut to milliseconds), a bare date (midnight). A leap second counts as the second after it.
    /// Digits below 10¹¹ are seconds, others milliseconds; texts of 4, 6, 8, 12 or 14 digits are refused, since they
    /// look like a year or a compact date.
    package init(parsing text: String, zone: ZoneRule = .utc) throws(TimestampError) {
        var reader = TimestampReader(text, zone: zone)
        self = try reader.read()
    }

    /// Reads the value of a query parameter as `init(parsing:zone:)` does. A plus sign before the zone that was not
    /// percent-encoded has become a space on its way here, and is taken back.
    package init(query text: String, zone: ZoneRule = .utc) throws(TimestampError) {
        do throws(TimestampError) {
            try self.init(parsing: text, zone: zone)
        } catch {
            guard let space = text.lastIndex(of: " "),
                let mended = try? Timestamp(
                    parsing: text[..<space] + "+" + text[text.index(after: space)...],
                    zone: zone
                )
            else { throw error }
            self = mended
        }
    }

    /// Reads a JSON string as `init(parsing:zone:)` does, or a JSON number as epoch seconds or milliseconds.
    package init(json: JSONValue, zone: ZoneRule = .utc) throws(TimestampError) {
        switch json {
        case .string(let text):
            try self.init(parsing: text, zone: zone)
        case .number(let number):
            if let whole = number.int {
                try self.init(epoch: whole)
            } else {
                try self.init(epochSeconds: number.double)
            }
        default:
            throw TimestampError("must be a time: ISO 8601 text, or epoch seconds or milliseconds")
        }
    }

    /// Epoch seconds or milliseconds, told apart by size: 10¹¹ seconds lie in the year 5138, 10¹¹ milliseconds in 1973.
    package init(epoch number: Int64) throws(TimestampError) {
        let milliseconds = number.magnitude < 100_000_000_000 ? number * 1000 : number
        try self.init(checked: milliseconds)
    }

    /// A fractional epoch number; seconds or milliseconds by size, cut (not rounded) to milliseconds.
    init(epochSeconds number: Double) throws(TimestampError) {
        let scaled = abs(number) < 1e11 ? number * 1000 : number
        // 0.5 µs of slack keeps 1.001 s, which is 1000.9999… ms in binary, at 1001 ms.
        let whole = (scaled + 0.0005).rounded(.down)
        guard whole.isFinite, abs(whole) < 1e15 else { throw TimestampError.outOfRange }
        try self.init(checked: Int64(whole))
    }

    init(checked milliseconds: Int64) throws(TimestampError) {
        self.milliseconds = milliseconds
        guard Self.readable.contains(self) else { throw TimestampError.outOfRange }
    }

    /// The UTC day, and the milliseconds since its midnight.
    package var civil: (date: CivilDate, millisecondOfDay: Int) {
        let total = Int(milliseconds)
        let days = CivilDate.floorDivide(total, 86_400_000)
        // Wrapping: the day that holds the least moment begins before it.
        return (CivilDate(daysSinceEpoch: days), total &- days &* 86_400_000)
    }

    /// ISO 8601 in UTC: `2025-10-21T10:00:00.250Z`, without the fraction when it is zero. Years that cannot be read
    /// again have a sign and six or nine digits.
    package var text: String {
        let (date, rest) = civil
        let isReadable = (0...9999).contains(date.year)
        return String(unsafeUninitializedCapacity: 32) { buffer in
            var count = 0
            func put(_ byte: UInt8) {
                buffer[count] = byte
                count += 1
            }
            func put(_ number: Int, width: Int) {
                var rest = number
                for place in stride(from: width - 1, through: 0, by: -1) {
                    buffer[count + place] = UInt8(48 + rest % 10)
                    rest /= 10
                }
                count += width
            }
            if !isReadable { put(UInt8(ascii: date.year < 0 ? "-" : "+")) }
            put(abs(date.year), width: isReadable ? 4 : abs(date.year) > 999_999 ? 9 : 6)
            put(UInt8(ascii: "-"))
            put(date.month, width: 2)
            put(UInt8(ascii: "-"))
            put(date.day, width: 2)
            put(UInt8(ascii: "T"))
            put(rest / 3_600_000, width: 2)
            put(UInt8(ascii: ":"))
            put(rest / 60_000 % 60, width: 2)
            put(UInt8(ascii: ":"))
            put(rest / 1000 % 60, width: 2)
            if rest % 1000 != 0 {
                put(UInt8(ascii: "."))
                put(rest % 1000, width: 3)
            }
            put(UInt8(ascii: "Z"))
            return count
        }
    }

    package var description: String { text }

    /// The moment as a JSON string.
    package var json: JSONValue { .string(text) }
}

/// A text or number that is no time. The message can be shown to whoever sent it.
package struct TimestampError: Error, Sendable, Equatable {
    package var message: String

    package init(_ message: String) {
        self.message = message
    }

    static let outOfRange = TimestampError("is a time outside the years 0000 to 9999")
}
