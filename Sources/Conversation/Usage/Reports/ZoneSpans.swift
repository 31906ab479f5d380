// Days of a zone with summer time, in arithmetic that every SQL engine has.

import Resources

/// Stretches of time with one offset each.
struct ZoneSpans: Sendable, Equatable {
    /// The first stretch's offset, then each change: from when (epoch milliseconds) and to which offset (seconds).
    let first: Int
    let changes: [Change]

    struct Change: Sendable, Equatable {
        let from: Int64
        let offset: Int
    }

    private static let day: Int64 = 86_400_000

    /// - Parameters:
    ///   - from: epoch milliseconds; a hundred years before `until` at the most.
    init(_ zone: ZoneRule, from: Int64, until: Int64) {
        var moment = max(from, until - 36_525 * Self.day)
        var offset = zone.offset(at: Timestamp(milliseconds: moment))
        first = offset
        var changes: [Change] = []
        // No zone has ever changed its clocks twice within a day.
        while moment < until {
            let next = moment + Self.day
            let nextOffset = zone.offset(at: Timestamp(milliseconds: next))
            if nextOffset != offset {
                var (lower, upper) = (moment, next)
                while lower + 1 < upper {
                    let middle = lower + (upper - lower) / 2
                    if zone.offset(at: Timestamp(milliseconds: middle)) == offset {
                        lower = middle
                    } else {
                        upper = middle
                    }
                }
                changes.append(Change(from: upper, offset: nextOffset))
                offset = nextOffset
            }
            moment = next
        }
        self.changes = changes
    }

    /// The number of the local day, counted from 1970-01-01, of a column with epoch milliseconds.
    func dayNumber(_ column: String) -> SQLFragment {
        var offset: SQLFragment = "CASE"
        for change in changes.reversed() {
            offset = offset + " WHEN \(raw: column) >= \(change.from) THEN \(Int64(change.offset) * 1000)"
        }
        offset = changes.isEmpty ? "\(Int64(first) * 1000)" : offset + " ELSE \(Int64(first) * 1000) END"
        // Whole numbers: the division cuts, and no turn began before 1970.
        return "((\(raw: column) + \(offset)) / 86400000)"
    }
}
