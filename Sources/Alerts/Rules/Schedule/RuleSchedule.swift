// When a rule is in force: once, or in windows that come again by the clock of a place.

package import JSON
import Resources

/// A schedule in bk-lite's form (bklite.md section 2.5, Time config).
///
/// - One-off: from a moment up to another.
/// - Recurring: a window on every day, on days of the week or of the month, by the local clock; the day is the one on
///   which the window begins, so windows may go over midnight. A month without a 31st has no window for it.
///
/// Starts belong to a window, ends do not. When clocks change: a border that is skipped lies where the clock jumps, a
/// border that occurs twice is the first.
package struct RuleSchedule: Sendable, Hashable {
    enum Kind: Sendable, Hashable {
        case always
        /// Epoch milliseconds.
        case once(start: Int64, end: Int64)
        case recurring(Recurrence)
    }

    let kind: Kind

    /// In force at all times.
    package static let always = RuleSchedule(kind: .always)

    init(kind: Kind) {
        self.kind = kind
    }

    package var isAlways: Bool { kind == .always }

    /// Whether it has windows that come again.
    package var isRecurring: Bool { if case .recurring = kind { true } else { false } }

    /// What is wrong with a schedule, with the place, or nil.
    package static func problem(_ json: JSONValue) -> String? {
        do throws(RuleFault) {
            _ = try RuleSchedule(json, field: "")
            return nil
        } catch {
            return error.field.isEmpty ? error.message : error.text
        }
    }

    /// - Parameter milliseconds: epoch, UTC.
    package func isActive(at milliseconds: Int64) -> Bool {
        switch kind {
        case .always: true
        case .once(let start, let end): start <= milliseconds && milliseconds < end
        case .recurring(let recurrence): recurrence.window(at: Self.bounded(milliseconds)) != nil
        }
    }

    /// The next moment after this one at which it begins or ceases to be in force; nil when there is none (or none
    /// within 400 days, as with a window that covers every day whole).
    package func nextChange(after milliseconds: Int64) -> Int64? {
        switch kind {
        case .always: nil
        case .once(let start, let end):
            milliseconds < start ? start : milliseconds < end ? end : nil
        case .recurring(let recurrence): recurrence.nextChange(after: Self.bounded(milliseconds))
        }
    }

    /// Whether it is not in force and never will be.
    package func isOver(at milliseconds: Int64) -> Bool {
        if case .once(_, let end) = kind { end <= milliseconds } else { false }
    }

    /// Within the years that are computed with.
    private static func bounded(_ milliseconds: Int64) -> Int64 {
        let readable = Timestamp.readable
        return min(max(milliseconds, readable.lowerBound.milliseconds), readable.upperBound.milliseconds)
    }
}
