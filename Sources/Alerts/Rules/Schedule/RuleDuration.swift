// Durations as bk-lite writes them: 10min, 2hour, 1day, 30s.

package import JSON

/// A span of time that a person wrote. Zero stands for never (bklite.md section 2.5, Auto-close).
package struct RuleDuration: Sendable, Hashable {
    package var milliseconds: Int64

    /// Longer than anybody waits for an alert.
    package static let maximum: Int64 = 366 * 86_400_000

    package init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    /// A number and a unit (`s`, `min` or `m`, `hour` or `h`, `day` or `d`, with or without a plural's `s`); a number
    /// alone counts minutes. At most 366 days.
    ///
    /// - Throws: words that read on from a field's name; the field is empty.
    package init(_ text: String) throws(RuleFault) {
        let digits = text.utf8.prefix { $0 >= 48 && $0 <= 57 }
        let unit = String(text.dropFirst(digits.count)).trimmed.lowercased()
        guard !digits.isEmpty, let number = Int64(String(Substring(digits))), let factor = Self.factor(unit) else {
            throw RuleFault("", "is no duration: expected 30s, 10min, 2hour or 1day")
        }
        let (product, isTooLong) = number.multipliedReportingOverflow(by: factor)
        guard !isTooLong, product <= Self.maximum else { throw RuleFault("", "must not be longer than 366 days") }
        milliseconds = product
    }

    /// Text as above, or a JSON number of minutes.
    package init(json: JSONValue) throws(RuleFault) {
        switch json {
        case .string(let text): try self.init(text)
        case .number(let number): try self.init(number.text)
        default: throw RuleFault("", "must be a duration, not \(json.typeName)")
        }
    }

    package var isNever: Bool { milliseconds == 0 }

    private static func factor(_ unit: String) -> Int64? {
        switch unit {
        case "s", "sec", "secs", "second", "seconds": 1_000
        case "", "m", "min", "mins", "minute", "minutes": 60_000
        case "h", "hour", "hours": 3_600_000
        case "d", "day", "days": 86_400_000
        default: nil
        }
    }
}

extension String {
    /// Without spaces at both ends.
    fileprivate var trimmed: String {
        var rest = Substring(self)
        while rest.first == " " { rest.removeFirst() }
        while rest.last == " " { rest.removeLast() }
        return String(rest)
    }
}
