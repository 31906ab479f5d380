// Who of several equals is asked. Pure: loads and chance come in, an index goes out.

/// Chooses among targets of equal order.
package enum TargetPicker {
    package struct Candidate: Sendable {
        /// The share; 0: only when no other is left.
        package let weight: Int
        /// Rounds that run there now.
        package let inFlight: Int

        package init(weight: Int, inFlight: Int) {
            self.weight = weight
            self.inFlight = inFlight
        }
    }

    /// The one with the fewest running rounds for its weight. Among equally loaded ones chance decides, by weight; so
    /// weights hold both when calls come one by one and when many run at once.
    package static func pick(
        _ candidates: [Candidate],
        using generator: inout some RandomNumberGenerator
    ) -> Int? {
        let weighty = candidates.indices.filter { candidates[$0].weight > 0 }
        // Without any share all are equal.
        let eligible = weighty.isEmpty ? Array(candidates.indices) : weighty
        func weight(_ index: Int) -> Int { max(1, candidates[index].weight) }
        var best: [Int] = []
        for index in eligible {
            guard let first = best.first else {
                best = [index]
                continue
            }
            // a/b < c/d without division.
            let left = candidates[index].inFlight * weight(first)
            let right = candidates[first].inFlight * weight(index)
            if left < right { best = [index] } else if left == right { best.append(index) }
        }
        guard best.count > 1 else { return best.first }
        var ticket = Int.random(in: 0..<best.reduce(0) { $0 + weight($1) }, using: &generator)
        for index in best {
            ticket -= weight(index)
            if ticket < 0 { return index }
        }
        return best.last
    }
}

/// Waits between attempts.
package enum BackOff {
    package static let base: Duration = .milliseconds(250)
    package static let cap: Duration = .seconds(5)

    /// Before the `attempt`th retry, from 1: doubling from 250 ms to 5 s, and of that between half and all by chance, so
    /// that many callers that failed together do not come back together.
    package static func pause(before attempt: Int, using generator: inout some RandomNumberGenerator) -> Duration {
        let whole = min(cap, base * (1 << min(max(attempt, 1) - 1, 10)))
        return whole * Double.random(in: 0.5...1, using: &generator)
    }
}
