// Windows that come again, by the clock of a place.

import Resources

/// A window on some days. Its borders are times of day in milliseconds; an end beyond 24 hours lies on the next day.
struct Recurrence: Sendable, Hashable {
    /// The days on which a window begins.
    enum Days: Sendable, Hashable {
        case every
        /// 1 (Monday) to 7 (Sunday).
        case week(Set<Int>)
        /// 1 to 31.
        case month(Set<Int>)
    }

    static let day: Int64 = 86_400_000

    var days: Days
    var start: Int64
    /// Later than `start`, by 24 hours at most.
    var end: Int64
    var zone: ZoneRule

    /// How far ahead a change is looked for. Every set of days has one within three months.
    private static let horizon = 400

    /// The window that covers a moment, in epoch milliseconds.
    func window(at moment: Int64) -> Range<Int64>? {
        let today = localDay(moment)
        // A window began yesterday at the earliest; one day more on each side since a zone may skip a day.
        for day in (today - 2)...(today + 1) {
            if let window = window(ofDay: day), window.contains(moment) { return window }
        }
        return nil
    }

    func nextChange(after moment: Int64) -> Int64? {
        let today = localDay(moment)
        var end = window(at: moment)?.upperBound
        for day in (today - 2)...(today + Self.horizon) {
            guard let window = window(ofDay: day), window.upperBound > moment else { continue }
            guard let current = end else {
                if window.lowerBound > moment { return window.lowerBound }
                continue
            }
            // Windows that touch or overlap are one.
            if window.lowerBound > current { return current }
            end = max(current, window.upperBound)
        }
        // Either it never ends, or what comes after the horizon does not matter.
        guard let end, end < moment + Int64(Self.horizon - 2) * Self.day else { return nil }
        return end
    }

    /// The window that begins on a day, numbered from 1970-01-01; nil when there is none, or none of it is left where
    /// the clock was put forward.
    private func window(ofDay day: Int) -> Range<Int64>? {
        guard selects(day) else { return nil }
        let midnight = Int64(day) * Self.day
        let from = zone.firstMoment(localMilliseconds: midnight + start).milliseconds
        let to = zone.firstMoment(localMilliseconds: midnight + end).milliseconds
        return from < to ? from..<to : nil
    }

    private func selects(_ day: Int) -> Bool {
        switch days {
        case .every: return true
        case .week(let days):
            // 1970-01-01 was a Thursday.
            let weekday = ((day + 3) % 7 + 7) % 7 + 1
            return days.contains(weekday)
        case .month(let days): return days.contains(CivilDate(daysSinceEpoch: day).day)
        }
    }

    private func localDay(_ moment: Int64) -> Int {
        let local = zone.localMilliseconds(at: Timestamp(milliseconds: moment))
        return Int(local >= 0 ? local / Self.day : -((-local + Self.day - 1) / Self.day))
    }
}
