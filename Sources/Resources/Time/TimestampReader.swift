// Reads the texts that stand for a time, byte by byte.

/// A cursor over one text. Grammar: RFC 3339 section 5.6, widened to what senders write (ISO 8601 without seconds,
/// without zone or with `+0800`, a comma before the fraction, a space for `T`) and to epoch numbers.
struct TimestampReader {
    private let bytes: [UInt8]
    private var position = 0
    private let zone: ZoneRule

    /// No time is longer than this.
    private static let maximumLength = 64

    init(_ text: String, zone: ZoneRule) {
        // What is too long fails as an empty text does, without being copied.
        bytes = text.utf8.count <= Self.maximumLength ? Array(text.utf8) : []
        self.zone = zone
    }

    mutating func read() throws(TimestampError) -> Timestamp {
        guard !bytes.isEmpty else { throw malformed }
        if let epoch = try epochNumber() { return epoch }
        let day = try date()
        guard position < bytes.count else { return try zone.moment(localMilliseconds: day * 86_400_000) }
        guard take(UInt8(ascii: "T")) || take(UInt8(ascii: "t")) || take(UInt8(ascii: " ")) else { throw malformed }
        let local = day * 86_400_000 + (try timeOfDay())
        let offset = try zoneOffset()
        guard position == bytes.count else { throw malformed }
        if let offset {
            return try Timestamp(checked: local - offset * 1000)
        }
        return try zone.moment(localMilliseconds: local)
    }

    private var malformed: TimestampError {
        TimestampError(
            "is not a time: expected ISO 8601 such as 2025-10-21T10:00:00Z, or epoch seconds or milliseconds"
        )
    }

    /// `1761040800`, `1761040800123`, `1761040800.123`, with a sign; nil when the text is of another form.
    private func epochNumber() throws(TimestampError) -> Timestamp? {
        var index = bytes[0] == UInt8(ascii: "-") || bytes[0] == UInt8(ascii: "+") ? 1 : 0
        let negative = bytes[0] == UInt8(ascii: "-")
        var whole: Int64 = 0
        let start = index
        while index < bytes.count, let digit = Self.digit(bytes[index]) {
            guard index - start < 16 else { throw TimestampError.outOfRange }
            whole = whole * 10 + Int64(digit)
            index += 1
        }
        guard index > start else { return nil }
        if index == bytes.count {
            // 2025, 20251021, 20251021100000: a year or a compact date that would become a moment in 1970.
            guard start > 0 || ![4, 6, 8, 12, 14].contains(index) else {
                throw TimestampError("is ambiguous: epoch seconds have 10 digits, epoch milliseconds 13")
            }
            return try Timestamp(epoch: negative ? -whole : whole)
        }
        guard bytes[index] == UInt8(ascii: ".") else { return nil }
        index += 1
        guard index < bytes.count else { throw malformed }
        var fraction: Int64 = 0
        var scale: Int64 = 100
        while index < bytes.count {
            guard let digit = Self.digit(bytes[index]) else { throw malformed }
            fraction += Int64(digit) * scale
            scale /= 10
            index += 1
        }
        if whole >= 100_000_000_000 { return try Timestamp(epoch: negative ? -whole : whole) }
        let milliseconds = whole * 1000 + fraction
        return try Timestamp(checked: negative ? -milliseconds : milliseconds)
    }

    /// Days since the epoch of `YYYY-MM-DD`.
    private mutating func date() throws(TimestampError) -> Int64 {
        let year = try number(digits: 4)
        guard take(UInt8(ascii: "-")) else { throw malformed }
        let month = try number(digits: 2)
        guard take(UInt8(ascii: "-")) else { throw malformed }
        let date = CivilDate(year: year, month: month, day: try number(digits: 2))
        guard date.isValid else { throw TimestampError("is not a time: there is no such day") }
        return Int64(date.daysSinceEpoch)
    }

    /// Milliseconds since midnight of `HH:MM[:SS[.fraction]]`.
    private mutating func timeOfDay() throws(TimestampError) -> Int64 {
        let hour = try number(digits: 2)
        guard take(UInt8(ascii: ":")) else { throw malformed }
        let minute = try number(digits: 2)
        var second = 0
        var fraction = 0
        if take(UInt8(ascii: ":")) {
            second = try number(digits: 2)
            if take(UInt8(ascii: ".")) || take(UInt8(ascii: ",")) { fraction = try milliseconds() }
        }
        // Second 60 is a leap second (RFC 3339 section 5.7).
        guard hour < 24, minute < 60, second <= 60 else { throw TimestampError("is not a time: no such hour") }
        return Int64(((hour * 60 + minute) * 60 + second) * 1000 + fraction)
    }

    /// The first three digits of a fraction; the others are read over.
    private mutating func milliseconds() throws(TimestampError) -> Int {
        var value = 0
        var scale = 100
        let start = position
        while position < bytes.count, let digit = Self.digit(bytes[position]) {
            value += digit * scale
            scale /= 10
            position += 1
        }
        guard position > start else { throw malformed }
        return value
    }

    /// Seconds east of Greenwich, or nil when the text names no zone.
    private mutating func zoneOffset() throws(TimestampError) -> Int64? {
        _ = take(UInt8(ascii: " "))
        guard position < bytes.count else { return nil }
        if take(UInt8(ascii: "Z")) || take(UInt8(ascii: "z")) { return 0 }
        let sign: Int64
        if take(UInt8(ascii: "+")) { sign = 1 } else if take(UInt8(ascii: "-")) { sign = -1 } else { throw malformed }
        let hours = try number(digits: 2)
        var minutes = 0
        if take(UInt8(ascii: ":")) || position < bytes.count { minutes = try number(digits: 2) }
        guard hours < 24, minutes < 60 else { throw TimestampError("is not a time: no such zone") }
        return sign * Int64(hours * 3600 + minutes * 60)
    }

    private mutating func number(digits: Int) throws(TimestampError) -> Int {
        var value = 0
        for _ in 0..<digits {
            guard position < bytes.count, let digit = Self.digit(bytes[position]) else { throw malformed }
            value = value * 10 + digit
            position += 1
        }
        return value
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    private static func digit(_ byte: UInt8) -> Int? {
        byte >= 48 && byte <= 57 ? Int(byte) - 48 : nil
    }
}
