// Sends traces and metrics to a collector, beside the requests and never in their way.

package import Conversation
package import HTTPTransport
import Identity
package import Logging
import Synchronization

/// Gathers spans and reads metrics while the server runs, and sends what is left when it stops.
package final class TelemetryExporter: Sendable {
    /// What has become of what was to be sent.
    struct Statistics: Sendable {
        var sent: UInt64 = 0
        /// Refused by the collector, or left over at the end.
        var failed: UInt64 = 0
        /// Attempts that have to be repeated.
        var retries: UInt64 = 0
    }

    package let settings: TelemetrySettings
    private let queue: SpanQueue
    private let traces: OTLPSender?
    private let metrics: OTLPSender?
    private let logger: Logger
    private let startedAt: Int64
    private let spanStatistics = Mutex(Statistics())
    private let metricStatistics = Mutex(Statistics())
    private let backOff: OTLPBackOff

    /// - Parameter startedAt: seconds since the epoch when counting began.
    package convenience init(
        _ settings: TelemetrySettings,
        client: HTTPClient,
        startedAt: Int64,
        logger: Logger
    ) {
        self.init(settings, client: client, startedAt: startedAt, backOff: OTLPBackOff(), logger: logger)
    }

    init(
        _ settings: TelemetrySettings,
        client: HTTPClient,
        startedAt: Int64,
        backOff: OTLPBackOff,
        logger: Logger
    ) {
        self.settings = settings
        self.startedAt = startedAt * 1_000_000_000
        self.backOff = backOff
        self.logger = logger
        queue = SpanQueue(limit: settings.spanLimit, batch: settings.spanBatch)
        let agent = "OpsGate-OTLP/\(ProgramVersion.current)"
        traces = settings.traces.map { OTLPSender(signal: $0, client: client, userAgent: agent) }
        metrics = settings.metrics.map { OTLPSender(signal: $0, client: client, userAgent: agent) }
    }

    /// The trace of a request with a recorder, when it is to be recorded.
    package func trace(_ given: TraceContext) -> TraceContext {
        guard traces != nil else { return given }
        return TraceContext(given, isSampled: settings.samples(given)) { [queue] span in queue.put(span) }
    }

    /// Sends until the task is cancelled; what is being sent then waits again.
    ///
    /// - Parameter families: reads the metrics.
    package func run(_ families: @escaping @Sendable () async -> [MetricFamily]) async {
        await withDiscardingTaskGroup { group in
            if let traces { group.addTask { [self] in await sendTraces(traces) } }
            if let metrics { group.addTask { [self] in await sendMetrics(metrics, families) } }
        }
    }

    /// Sends what is left. One attempt each: the program is about to end.
    package func flush(within limit: Duration, _ families: @Sendable () async -> [MetricFamily]) async {
        let deadline = ContinuousClock.now + limit
        queue.close()
        if let traces { await flush(traces, until: deadline) }
        let rest = deadline - .now
        if let metrics, rest > .zero { _ = await sendOnce(metrics, await families(), within: rest) }
    }

    private func flush(_ sender: OTLPSender, until deadline: ContinuousClock.Instant) async {
        while true {
            let spans = queue.take()
            if spans.isEmpty { return }
            let message = OTLPMessage.traces(spans, resource: settings.resource)
            let isSent = await sender.send(message, within: deadline - .now) == .sent
            spanStatistics.withLock { statistics in
                if isSent { statistics.sent += UInt64(spans.count) } else { statistics.failed += UInt64(spans.count) }
            }
            queue.settle()
            guard isSent else {
                logger.warning("spans not sent at the end", metadata: ["spans": "\(spans.count + queue.count)"])
                return
            }
        }
    }

    // MARK: Traces

    private func sendTraces(_ sender: OTLPSender) async {
        while !Task.isCancelled {
            await queue.wait(settings.spanDelay)
            while !Task.isCancelled {
                let spans = queue.take()
                if spans.isEmpty { break }
                let message = OTLPMessage.traces(spans, resource: settings.resource)
                switch await persistently(sender, message, "traces", spanStatistics) {
                case .sent:
                    spanStatistics.withLock { $0.sent += UInt64(spans.count) }
                    queue.settle()
                case .refused:
                    spanStatistics.withLock { $0.failed += UInt64(spans.count) }
                    queue.settle()
                case .later: queue.putBack(spans)
                }
            }
        }
    }

    /// Tries until the collector takes or refuses it, or the task is cancelled (`.later`).
    private func persistently(
        _ sender: OTLPSender,
        _ message: OTLPMessage,
        _ what: String,
        _ statistics: borrowing Mutex<Statistics>
    ) async -> OTLPSender.Outcome {
        var backOff = backOff
        var isFirst = true
        while true {
            let outcome = await sender.send(message)
            switch outcome {
            case .sent: return outcome
            case .refused(let reason):
                logger.warning("the collector refused \(what)", metadata: ["reason": "\(reason)"])
                return outcome
            case .later(let wait, let reason):
                if Task.isCancelled { return outcome }
                statistics.withLock { $0.retries += 1 }
                // Once for each time it goes away, not once for each attempt.
                if isFirst { logger.warning("\(what) wait for the collector", metadata: ["reason": "\(reason)"]) }
                isFirst = false
                try? await Task.sleep(for: backOff.pause(after: wait))
                if Task.isCancelled { return outcome }
            }
        }
    }

    // MARK: Metrics

    private func sendMetrics(
        _ sender: OTLPSender,
        _ families: @Sendable () async -> [MetricFamily]
    ) async {
        var next = ContinuousClock.now + settings.metricInterval
        while true {
            try? await Task.sleep(until: next)
            if Task.isCancelled { return }
            next = max(next + settings.metricInterval, .now)
            // Sums of all that was: what one attempt does not bring, the next one does, so none is repeated.
            let outcome = await sendOnce(sender, await families(), within: settings.metricInterval)
            if case .later(let wait, let reason) = outcome, !Task.isCancelled {
                logger.warning("metrics not sent", metadata: ["reason": "\(reason)"])
                if let wait { next = max(next, .now + wait) }
            }
            if case .refused(let reason) = outcome {
                logger.warning("the collector refused metrics", metadata: ["reason": "\(reason)"])
            }
        }
    }

    private func sendOnce(
        _ sender: OTLPSender,
        _ families: [MetricFamily],
        within limit: Duration
    ) async -> OTLPSender.Outcome {
        let now = WallClock.system.now() * 1_000_000
        let message = OTLPMessage.metrics(families, resource: settings.resource, start: startedAt, now: now)
        let outcome = await sender.send(message, within: limit)
        metricStatistics.withLock { statistics in
            if outcome == .sent { statistics.sent += 1 } else { statistics.failed += 1 }
        }
        return outcome
    }

    // MARK: How it goes

    /// The exporter's own numbers.
    var families: [MetricFamily] {
        func samples(_ pairs: [(String, UInt64)]) -> [MetricFamily.Sample] {
            pairs.map { .init(Double($0.1), labels: [.init("result", $0.0)]) }
        }
        var families: [MetricFamily] = []
        if traces != nil {
            let numbers = spanStatistics.withLock { $0 }
            families += [
                MetricFamily(
                    "opsgate_otlp_spans_total",
                    "Spans by what became of them: sent, refused by the collector, or dropped for want of room.",
                    .counter,
                    samples([("sent", numbers.sent), ("failed", numbers.failed), ("dropped", queue.dropped)])
                ),
                MetricFamily(
                    "opsgate_otlp_span_retries_total",
                    "Attempts to send spans that have to be repeated.",
                    .counter,
                    Double(numbers.retries)
                ),
                MetricFamily(
                    "opsgate_otlp_spans_waiting",
                    "Spans that wait for the collector.",
                    .gauge,
                    Double(queue.count)
                ),
            ]
        }
        if metrics != nil {
            let numbers = metricStatistics.withLock { $0 }
            families.append(
                MetricFamily(
                    "opsgate_otlp_metric_exports_total",
                    "Times metrics were to be sent to the collector.",
                    .counter,
                    samples([("sent", numbers.sent), ("failed", numbers.failed)])
                )
            )
        }
        return families
    }
}

extension TelemetrySettings {
    /// Whether a request's spans are recorded.
    func samples(_ trace: TraceContext) -> Bool {
        if followsParent, trace.hasParent { return trace.isSampled }
        switch sampler {
        case .always: return true
        case .never: return false
        // The same for all who see the trace: by the lower half of its id, as other SDKs do.
        case .ratio(let ratio): return ratio >= 1 || Double(trace.low) < ratio * 0x1p64
        }
    }
}
