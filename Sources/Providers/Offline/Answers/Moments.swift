// Times in answers: ISO 8601 in UTC as the tool gave them, and how long that is in words.

import JSON

/// Reads times and spans; it has no clock, so all it says of "now" comes from the tool.
enum Moments {
    /// Seconds since 1970 of an ISO 8601 time with zone, nil for anything else.
    static func seconds(_ text: String) -> Int64? {
        var bytes = Array(text.utf8)[...]
        func digits(_ count: Int) -> Int64? {
            guard bytes.count >= count else { return nil }
            var value: Int64 = 0
            for _ in 0..<count {
                guard let byte = bytes.popFirst(), byte >= 0x30, byte <= 0x39 else { return nil }
                value = value * 10 + Int64(byte - 0x30)
            }
            return value
        }
        func sign(_ allowed: Character...) -> Bool {
            guard let byte = bytes.first, allowed.contains(Character(Unicode.Scalar(byte))) else { return false }
            bytes.removeFirst()
            return true
        }
        guard let year = digits(4), sign("-"), let month = digits(2), sign("-"), let day = digits(2),
            (1...12).contains(month), (1...31).contains(day), sign("T", "t", " "),
            let hour = digits(2), sign(":"), let minute = digits(2), hour < 24, minute < 60
        else { return nil }
        var second: Int64 = 0
        if sign(":") {
            guard let value = digits(2), value < 62 else { return nil }
            second = value
            if sign(".", ",") {
                while let byte = bytes.first, byte >= 0x30, byte <= 0x39 { bytes.removeFirst() }
            }
        }
        var offset: Int64 = 0
        if !sign("Z", "z") {
            let isEast = bytes.first == 0x2B
            guard sign("+", "-"), let hours = digits(2) else { return nil }
            _ = sign(":")
            guard let minutes = bytes.isEmpty ? 0 : digits(2) else { return nil }
            offset = (isEast ? 1 : -1) * (hours * 3_600 + minutes * 60)
        }
        guard bytes.isEmpty else { return nil }
        return days(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second - offset
    }

    /// Days from 1970-01-01 in the Gregorian calendar (years begun in March, so that the leap day comes last).
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let monthFromMarch = (month + 9) % 12
        let dayOfYear = (153 * monthFromMarch + 2) / 5 + day - 1
        return shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + dayOfYear - 719_468
    }

    /// `12 min`, `3 h 5 min`, `2 d 4 h`; `12 分钟`, `3 小时 5 分钟`. The two largest units, rounded down.
    static func span(_ seconds: Int64, _ language: AnswerLanguage) -> String {
        let units: [(Int64, String, String)] = [
            (86_400, "d", "天"), (3_600, "h", "小时"), (60, "min", "分钟"), (1, "s", "秒"),
        ]
        let seconds = max(0, seconds)
        guard let first = units.firstIndex(where: { seconds >= $0.0 }) else {
            return language == .english ? "0 s" : "0 秒"
        }
        var parts: [String] = []
        var rest = seconds
        for unit in units[first...].prefix(2) {
            let count = rest / unit.0
            rest %= unit.0
            if count > 0 { parts.append("\(count) \(language == .english ? unit.1 : unit.2)") }
        }
        return parts.joined(separator: " ")
    }

    /// The duration member of a row: seconds as a number or numeric text, or `PT12M`; nil for other texts.
    static func duration(_ value: JSONValue?) -> Int64? {
        guard let value else { return nil }
        if let number = value.double, number.isFinite, number >= 0, number < 1e12 { return Int64(number) }
        guard let text = value.string else { return nil }
        if let number = Int64(text) { return number >= 0 ? number : nil }
        return units(text)
    }

    /// `PT1H12M`, `1h12m`, `2d 4h`, `12 min`, `1 d 2 h 3 min`.
    private static func units(_ text: String) -> Int64? {
        var total: Int64 = 0
        var number: Int64?
        var unit = ""
        func close() -> Bool {
            guard !unit.isEmpty else { return true }
            let names: [String: Int64] = [
                "d": 86_400, "day": 86_400, "days": 86_400, "h": 3_600, "hour": 3_600, "hours": 3_600, "hr": 3_600,
                "m": 60,
                "min": 60, "mins": 60, "minutes": 60, "minute": 60, "s": 1, "sec": 1, "seconds": 1, "second": 1,
                "w": 604_800,
            ]
            guard let count = number, let seconds = names[unit] else { return false }
            let (part, isTooLong) = count.multipliedReportingOverflow(by: seconds)
            guard !isTooLong, part < 1 << 50 else { return false }
            total += part
            (number, unit) = (nil, "")
            return true
        }
        var isAny = false
        for character in text.lowercased().prefix(64) {
            if character == "p" || character == "t" || character == " " || character == "," { continue }
            if let digit = character.wholeNumberValue, character.isASCII {
                guard close() else { return nil }
                let (value, isTooLong) = (number ?? 0).multipliedReportingOverflow(by: 10)
                guard !isTooLong, value < 1 << 50 else { return nil }
                number = value + Int64(digit)
                isAny = true
            } else if character.isLetter {
                unit.append(character)
            } else {
                return nil
            }
        }
        guard close(), number == nil, isAny else { return nil }
        return total
    }
}
