// Local clocks: what a clock on the wall shows at a moment, and when it shows it first.

extension ZoneRule {
    /// What a local clock shows at a moment, as if it were epoch milliseconds.
    package func localMilliseconds(at moment: Timestamp) -> Int64 {
        moment.milliseconds + Int64(offset(at: moment)) * 1000
    }

    /// The first moment at which the local clock shows this time, or has just gone past it.
    ///
    /// A time that occurs twice is the earlier one. A time that is skipped is the moment of the skip: a window that
    /// begins in the gap begins when the gap is over. (Single times out of messages are read otherwise: see
    /// `Timestamp.init(parsing:zone:)`.)
    package func firstMoment(localMilliseconds local: Int64) -> Timestamp {
        let day: Int64 = 86_400_000
        let before = Int64(offset(at: Timestamp(milliseconds: local - day))) * 1000
        let after = Int64(offset(at: Timestamp(milliseconds: local + day))) * 1000
        for candidate in [before, after] {
            let moment = Timestamp(milliseconds: local - candidate)
            if Int64(offset(at: moment)) * 1000 == candidate { return moment }
        }
        // In the gap: the old offset holds at the lower bound, the new one at the upper.
        var lower = local - max(before, after)
        var upper = local - min(before, after)
        while lower + 1 < upper {
            let middle = lower + (upper - lower) / 2
            if Int64(offset(at: Timestamp(milliseconds: middle))) * 1000 == before {
                lower = middle
            } else {
                upper = middle
            }
        }
        return Timestamp(milliseconds: upper)
    }
}
