// The date of a mail as its header has it.

import Resources

/// RFC 5322, section 3.3: `Fri, 21 Nov 2025 10:00:00 +0000`.
enum MailDate {
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    private static let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]

    /// - Parameter milliseconds: epoch milliseconds, UTC; outside the years 0000 to 9999 the nearest of these.
    static func text(_ milliseconds: Int64) -> String {
        let range = Timestamp.readable
        let moment = min(max(Timestamp(milliseconds: milliseconds), range.lowerBound), range.upperBound)
        let (date, millisecond) = moment.civil
        let second = millisecond / 1_000
        let clock = [second / 3_600, second / 60 % 60, second % 60].map { padded($0, 2) }.joined(separator: ":")
        let day = (moment.milliseconds - Int64(millisecond)) / 86_400_000
        // The epoch began on a Thursday.
        let weekday = days[Int(((day + 4) % 7 + 7) % 7)]
        return "\(weekday), \(padded(date.day, 2)) \(months[date.month - 1]) \(padded(date.year, 4)) \(clock) +0000"
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
