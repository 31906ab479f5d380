// A distribution with fixed buckets.

import Synchronization

/// Counts observations by bucket. Its lock is its own and held for an addition: observing costs tens of nanoseconds.
package final class Histogram: Sendable {
    private struct State {
        var counts: [UInt64]
        var sum = 0.0
    }

    private let bounds: [Double]
    private let state: Mutex<State>

    /// - Parameter bounds: upper bounds, included, ascending; what exceeds the last one counts in the whole alone.
    package init(_ bounds: [Double]) {
        self.bounds = bounds
        state = Mutex(State(counts: Array(repeating: 0, count: bounds.count + 1)))
    }

    package func observe(_ value: Double) {
        // Two dozen bounds at the most: a search by halves would not be faster.
        let index = bounds.firstIndex { value <= $0 } ?? bounds.count
        state.withLock { state in
            state.counts[index] += 1
            state.sum += value
        }
    }

    package func observe(_ duration: Duration) {
        observe(duration.seconds)
    }

    /// `_bucket` for each bound and `+Inf`, `_sum`, `_count`.
    package func samples(_ labels: [MetricFamily.Label]) -> [MetricFamily.Sample] {
        let (counts, sum) = state.withLock { ($0.counts, $0.sum) }
        var total: UInt64 = 0
        var samples: [MetricFamily.Sample] = []
        for (index, count) in counts.enumerated() {
            total += count
            let bound = index < bounds.count ? bounds[index].metricText : "+Inf"
            samples.append(.init(Double(total), labels: labels + [.init("le", bound)], suffix: "_bucket"))
        }
        samples.append(.init(sum, labels: labels, suffix: "_sum"))
        samples.append(.init(Double(total), labels: labels, suffix: "_count"))
        return samples
    }

    /// The buckets of the OpenTelemetry GenAI conventions (`gateways.md` a3), and ours for what the gateway itself adds.
    package enum Bounds {
        package static let duration: [Double] = (0..<14).map { 0.01 * Double(1 << $0) }
        package static let firstToken: [Double] = [
            0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 15, 20, 30, 45, 60,
        ]
        package static let perToken: [Double] = [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5]
        package static let tokens: [Double] = (0..<14).map { Double(1 << (2 * $0)) }
        package static let overhead: [Double] = [
            0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1,
        ]
    }
}

extension Double {
    /// As the exposition format writes numbers: whole ones without a point.
    package var metricText: String {
        if isNaN { return "NaN" }
        if isInfinite { return self > 0 ? "+Inf" : "-Inf" }
        return self == rounded() && magnitude < 1e15 ? String(Int64(self)) : String(self)
    }
}

extension Duration {
    package var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
