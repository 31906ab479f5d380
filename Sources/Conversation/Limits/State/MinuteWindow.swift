// What was taken in the last minute, as a sliding window.

/// A sliding window of 60 seconds in ticks of a quarter of a second: what is taken counts for at least 60 and at most
/// 60.25 seconds, so in no 60 seconds, wherever they begin, is more than the limit taken. (A bucket that is refilled lets
/// twice as much pass in the minute after a quiet one, counters by the minute do at their edges.)
///
/// What turned out larger than was reserved is a debt: the part beyond the limit is booked into the minutes to come, as
/// much a minute as the limit allows, so that it delays later requests for as long as it is worth.
struct MinuteWindow: Sendable, Hashable {
    struct Entry: Sendable, Hashable {
        var tick: Int64
        var amount: Int
    }

    /// Milliseconds of a tick.
    static let tick: Int64 = 250
    /// Ticks for which an entry counts, its own among them.
    static let span: Int64 = 60_000 / tick + 1
    /// Debts are booked for so many minutes ahead at the most; the rest goes to the last of them.
    private static let farthest = 24 * 60

    /// By tick, all amounts above zero.
    private(set) var entries: [Entry]
    private(set) var sum: Int

    init(_ entries: [Entry] = []) {
        self.entries = entries
        sum = entries.reduce(0) { $0 + $1.amount }
    }

    static func tick(at moment: Int64) -> Int64 { floorDivide(moment, tick) }

    /// Forgets what has left the window.
    mutating func advance(to moment: Int64) {
        let oldest = Self.tick(at: moment) - Self.span
        guard let first = entries.first, first.tick <= oldest else { return }
        let kept = entries.firstIndex { $0.tick > oldest } ?? entries.count
        for entry in entries[..<kept] { sum -= entry.amount }
        entries.removeFirst(kept)
    }

    /// Milliseconds until so much fits; 0 when it does now, nil when it never does.
    func wait(for amount: Int, limit: Int, at moment: Int64) -> Int64? {
        guard amount <= limit else { return nil }
        var rest = sum
        var moments: Int64 = 0
        for entry in entries {
            if rest <= limit - amount { break }
            rest -= entry.amount
            moments = leaving(entry) - moment
        }
        return max(0, moments)
    }

    /// Milliseconds until it is empty if nothing more comes.
    func reset(at moment: Int64) -> Int64 { entries.last.map { max(0, leaving($0) - moment) } ?? 0 }

    private func leaving(_ entry: Entry) -> Int64 { (entry.tick + Self.span) * Self.tick }

    mutating func take(_ amount: Int, at moment: Int64) {
        put(amount, at: Self.tick(at: moment))
    }

    /// Takes what has been used already, whether it fits or not.
    mutating func owe(_ amount: Int, limit: Int, at moment: Int64) {
        var rest = amount
        let now = Self.tick(at: moment)
        let fits = min(rest, max(0, limit - sum))
        put(fits, at: now)
        rest -= fits
        var minute: Int64 = 1
        while rest > 0 {
            let tick = now + minute * Self.span
            let isLast = minute >= Self.farthest
            // What is booked for that minute or later already leaves less of it.
            let booked = entries.reversed().prefix { $0.tick > tick - Self.span && $0.tick > now }
                .reduce(0) { $0 + $1.amount }
            let part = isLast ? rest : min(rest, max(0, limit - booked))
            put(part, at: tick)
            rest -= part
            minute += 1
        }
    }

    /// Takes back what was taken at that moment, as far as it still counts.
    mutating func giveBack(_ amount: Int, takenAt moment: Int64) {
        let tick = Self.tick(at: moment)
        guard let index = entries.lastIndex(where: { $0.tick == tick }) else { return }
        let part = min(amount, entries[index].amount)
        sum -= part
        entries[index].amount -= part
        if entries[index].amount == 0 { entries.remove(at: index) }
    }

    private mutating func put(_ amount: Int, at tick: Int64) {
        guard amount > 0 else { return }
        sum += amount
        let place = (entries.lastIndex { $0.tick <= tick }).map { $0 + 1 } ?? 0
        if place > 0, entries[place - 1].tick == tick {
            entries[place - 1].amount += amount
        } else {
            entries.insert(Entry(tick: tick, amount: amount), at: place)
        }
    }
}

/// Division that rounds towards minus infinity.
func floorDivide(_ dividend: Int64, _ divisor: Int64) -> Int64 {
    let quotient = dividend / divisor
    return dividend % divisor < 0 ? quotient - 1 : quotient
}
