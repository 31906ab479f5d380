// The numbers of one model: what a turn's settlement adds to.

import Synchronization

/// Handles of one combination of operation, provider and model.
final class TurnSeries: Sendable {
    private struct State {
        /// By `ErrorType.index`, after the one of turns that finished; made when first needed.
        var durations: [Histogram?] = Array(repeating: nil, count: ErrorType.allCases.count + 1)
        /// By currency, in millionths of a millionth.
        var costs: [String: Int128] = [:]
        var unpriced: UInt64 = 0
    }

    let labels: [MetricFamily.Label]
    let firstToken = Histogram(Histogram.Bounds.firstToken)
    let perToken = Histogram(Histogram.Bounds.perToken)
    let input = Histogram(Histogram.Bounds.tokens)
    let output = Histogram(Histogram.Bounds.tokens)
    private let state = Mutex(State())

    init(operation: TurnMetrics.Operation, provider: String, model: String) {
        labels = [
            .init("gen_ai_operation_name", operation.rawValue), .init("gen_ai_provider_name", provider),
            .init("gen_ai_request_model", model),
        ]
    }

    func took(_ duration: Duration, _ error: ErrorType?) {
        let place = error.map { $0.index + 1 } ?? 0
        let histogram = state.withLock { state in
            if let known = state.durations[place] { return known }
            let made = Histogram(Histogram.Bounds.duration)
            state.durations[place] = made
            return made
        }
        histogram.observe(duration)
    }

    /// - Parameter charge: nil when the model has no price.
    func cost(_ charge: Charge?, _ currency: String) {
        state.withLock { state in
            guard let charge else {
                state.unpriced += 1
                return
            }
            if charge.picos > 0 { state.costs[currency, default: 0] += charge.picos }
        }
    }

    var durations: [MetricFamily.Sample] {
        let durations = state.withLock { $0.durations }
        return durations.enumerated().flatMap { place, histogram in
            let error = place == 0 ? [] : [MetricFamily.Label("error_type", ErrorType.allCases[place - 1].rawValue)]
            return histogram?.samples(labels + error) ?? []
        }
    }

    var costs: [MetricFamily.Sample] {
        state.withLock { $0.costs }.sorted { $0.key < $1.key }.map { currency, picos in
            .init(Double(picos) / 1e12, labels: labels + [.init("currency", currency)])
        }
    }

    var unpriced: MetricFamily.Sample { .init(Double(state.withLock { $0.unpriced }), labels: labels) }
}
