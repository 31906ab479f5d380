// Metrics of turns, recorded where they are settled, under the names of the OpenTelemetry GenAI conventions.

import OpenAIProtocol
import Providers
import Synchronization

/// Counts turns by operation, provider and model.
///
/// Labels are bounded: a provider and model that no route leads to become `_other`, since callers may name any model
/// they like as `provider/model`; so does what comes after `limit` combinations. Recording costs one look-up and a few
/// additions.
package final class TurnMetrics: Sendable {
    /// `gen_ai.operation.name`.
    package enum Operation: String, Sendable, Hashable {
        case chat
        case embeddings
    }

    /// A turn's end.
    package struct Settled: Sendable {
        package var operation: Operation
        package var firstToken: Duration?
        package var duration: Duration
        package var errorType: ErrorType?
        package var cost: TurnCost
        package var currency: String

        package init(
            operation: Operation,
            firstToken: Duration?,
            duration: Duration,
            errorType: ErrorType?,
            cost: TurnCost,
            currency: String
        ) {
            self.operation = operation
            self.firstToken = firstToken
            self.duration = duration
            self.errorType = errorType
            self.cost = cost
            self.currency = currency
        }
    }

    private struct Key: Hashable {
        let operation: Operation
        let provider: String
        let model: String
    }

    private let series = Mutex<[Key: TurnSeries]>([:])
    private let overhead = Histogram(Histogram.Bounds.overhead)
    private let isConfigured: @Sendable (_ provider: String, _ model: String) -> Bool
    private let limit: Int
    /// The label of what is not told apart.
    package static let other = "_other"

    /// - Parameters:
    ///   - isConfigured: whether a route leads to this provider and model; asked once for each that it does.
    ///   - limit: combinations at the most.
    package init(
        limit: Int = 1_000,
        isConfigured: @escaping @Sendable (_ provider: String, _ model: String) -> Bool
    ) {
        self.limit = limit
        self.isConfigured = isConfigured
    }

    package func record(_ settled: Settled, _ tally: TurnTally) {
        let last = handles(settled.operation, tally.target)
        last.took(settled.duration, settled.errorType)
        if let time = settled.firstToken { last.firstToken.observe(time) }
        if tally.written > 0 { last.perToken.observe(tally.writing.seconds / Double(tally.written)) }
        for (share, charge) in zip(tally.shares, settled.cost.charges) {
            let isLast = share.target?.name == tally.target?.name
            let handles = isLast ? last : handles(settled.operation, share.target)
            handles.input.observe(Double(share.usage.promptTokens))
            handles.output.observe(Double(share.usage.completionTokens))
            handles.cost(charge, settled.currency)
        }
        let own = settled.duration - tally.upstreamWait - tally.toolWait - tally.readerWait
        overhead.observe(max(own, .zero))
    }

    private func handles(_ operation: Operation, _ target: RouteTarget?) -> TurnSeries {
        let key = Key(
            operation: operation,
            provider: target?.provider ?? Self.other,
            model: target?.model ?? Self.other
        )
        if let known = series.withLock({ $0[key] }) { return known }
        let other = Key(operation: operation, provider: Self.other, model: Self.other)
        let isNamed = isConfigured(key.provider, key.model)
        return series.withLock { series in
            let key = isNamed && series.count < limit ? key : other
            if let known = series[key] { return known }
            let made = TurnSeries(operation: operation, provider: key.provider, model: key.model)
            series[key] = made
            return made
        }
    }

    /// All metrics now.
    package var families: [MetricFamily] {
        let all = series.withLock { $0 }.sorted {
            ($0.key.operation.rawValue, $0.key.provider, $0.key.model)
                < ($1.key.operation.rawValue, $1.key.provider, $1.key.model)
        }.map(\.value)
        return [
            MetricFamily(
                "gen_ai_server_request_duration_seconds",
                "Time from a request's plan to its end, by whose fault it was when it failed.",
                .histogram,
                all.flatMap(\.durations)
            ),
            MetricFamily(
                "gen_ai_server_time_to_first_token_seconds",
                "Time from a request's plan to the first piece of an answer.",
                .histogram,
                all.flatMap { $0.firstToken.samples($0.labels) }
            ),
            MetricFamily(
                "gen_ai_server_time_per_output_token_seconds",
                "Time a token of streamed answers, after the first.",
                .histogram,
                all.flatMap { $0.perToken.samples($0.labels) }
            ),
            MetricFamily(
                "gen_ai_client_token_usage",
                "Tokens of a request, reported by the upstream or estimated.",
                .histogram,
                all.flatMap {
                    $0.input.samples($0.labels + [.init("gen_ai_token_type", "input")])
                        + $0.output.samples($0.labels + [.init("gen_ai_token_type", "output")])
                }
            ),
            MetricFamily(
                "opsgate_cost_total",
                "Money spent, in units of the currency.",
                .counter,
                all.flatMap(\.costs)
            ),
            MetricFamily(
                "opsgate_unpriced_requests_total",
                "Requests to models without a price, which opsgate_cost_total lacks.",
                .counter,
                all.map(\.unpriced)
            ),
            MetricFamily(
                "opsgate_overhead_seconds",
                "Time of a request less the waits for models, tools and slow readers.",
                .histogram,
                overhead.samples([])
            ),
        ]
    }
}
