// Money by days and by months, in UTC.

import Resources

/// What was spent in the last few periods. More than one is kept, since a turn is paid by the day on which it began, and
/// since a clock may be set back over midnight.
struct SpentMoney: Sendable, Hashable {
    struct Period: Sendable, Hashable {
        var number: Int64
        var micros: Int64
    }

    /// The last few, the one that was touched last at the end.
    private(set) var periods: [Period]
    private static let kept = 3

    init(_ periods: [Period] = []) {
        self.periods = periods
    }

    subscript(_ number: Int64) -> Int64 { periods.last { $0.number == number }?.micros ?? 0 }

    mutating func add(_ micros: Int64, to number: Int64) {
        guard micros != 0 else { return }
        guard let index = periods.lastIndex(where: { $0.number == number }) else {
            if micros < 0 { return }
            periods.append(Period(number: number, micros: micros))
            if periods.count > Self.kept { periods.removeFirst() }
            return
        }
        var period = periods.remove(at: index)
        let (sum, overflows) = period.micros.addingReportingOverflow(micros)
        period.micros = overflows ? .max : max(0, sum)
        periods.append(period)
    }

    /// Makes it so much where it is less.
    mutating func raise(_ number: Int64, to micros: Int64) {
        let spent = self[number]
        if micros > spent { add(micros - spent, to: number) }
    }
}

/// Days and months by their numbers.
enum BudgetPeriod {
    static let dayLength: Int64 = 86_400_000

    /// Days since the epoch.
    static func day(_ moment: Int64) -> Int64 { floorDivide(moment, dayLength) }

    /// Months since year 0.
    static func month(_ moment: Int64) -> Int64 {
        let date = CivilDate(daysSinceEpoch: Int(day(moment)))
        return Int64(date.year * 12 + date.month - 1)
    }

    /// The first moment of a moment's month.
    static func monthStart(_ moment: Int64) -> Int64 {
        var date = CivilDate(daysSinceEpoch: Int(day(moment)))
        date.day = 1
        return Int64(date.daysSinceEpoch) * dayLength
    }
}
