// Metrics as `ExportMetricsServiceRequest` (opentelemetry-proto 1, `metrics/v1/metrics.proto`).

import Conversation

extension OTLPMessage {
    /// - Parameters:
    ///   - start: when counting began; `now`: when it was read. Nanoseconds since the epoch.
    static func metrics(
        _ families: [MetricFamily],
        resource: [(String, String)],
        start: Int64,
        now: Int64
    ) -> OTLPMessage {
        let writer = MetricWriter(start: UInt64(max(0, start)), now: UInt64(max(0, now)))
        return OTLPParts.request(
            resource,
            groups: "resourceMetrics",
            scopes: "scopeMetrics",
            items: "metrics",
            families.filter { !$0.samples.isEmpty }.map(writer.metric)
        )
    }
}

/// Everything counts from the start of the process: cumulative, as Prometheus has it too.
private struct MetricWriter {
    let start: UInt64
    let now: UInt64
    private static let cumulative = 2

    func metric(_ family: MetricFamily) -> OTLPMessage {
        let name = OTLPName(family)
        var message = OTLPMessage([(1, "name", .text(name.name)), (2, "description", .text(family.help))])
        if !name.unit.isEmpty { message.add(3, "unit", .text(name.unit)) }
        switch family.kind {
        case .gauge:
            message.add(5, "gauge", .message(OTLPMessage([(1, "dataPoints", .messages(family.samples.map(number)))])))
        case .counter:
            let sum = OTLPMessage([
                (1, "dataPoints", .messages(family.samples.map(number))),
                (2, "aggregationTemporality", .choice(Self.cumulative)), (3, "isMonotonic", .flag(true)),
            ])
            message.add(7, "sum", .message(sum))
        case .histogram:
            let histogram = OTLPMessage([
                (1, "dataPoints", .messages(HistogramSeries.of(family.samples).map(histogram))),
                (2, "aggregationTemporality", .choice(Self.cumulative)),
            ])
            message.add(9, "histogram", .message(histogram))
        }
        return message
    }

    private func number(_ sample: MetricFamily.Sample) -> OTLPMessage {
        OTLPMessage([
            (2, "startTimeUnixNano", .fixed64(start)), (3, "timeUnixNano", .fixed64(now)),
            (4, "asDouble", .real(sample.value)), (7, "attributes", labels(sample.labels)),
        ])
    }

    private func histogram(_ series: HistogramSeries) -> OTLPMessage {
        OTLPMessage([
            (2, "startTimeUnixNano", .fixed64(start)), (3, "timeUnixNano", .fixed64(now)),
            (4, "count", .fixed64(series.counts.reduce(0, +))), (5, "sum", .real(series.sum)),
            (6, "bucketCounts", .fixed64s(series.counts)), (7, "explicitBounds", .reals(series.bounds)),
            (9, "attributes", labels(series.labels)),
        ])
    }

    private func labels(_ labels: [MetricFamily.Label]) -> OTLPMessage.Value {
        OTLPParts.attributes(labels.map { (OTLPName.label($0.name), $0.value) })
    }
}

/// One histogram put together from its samples: counts of each bucket alone, not of all up to it.
struct HistogramSeries {
    let labels: [MetricFamily.Label]
    private(set) var bounds: [Double] = []
    private(set) var counts: [UInt64] = []
    private(set) var sum = 0.0
    private var total: UInt64 = 0

    /// The samples of a series follow each other: its buckets, `_sum`, `_count`.
    static func of(_ samples: [MetricFamily.Sample]) -> [HistogramSeries] {
        var all: [HistogramSeries] = []
        var current: HistogramSeries?
        for sample in samples {
            switch sample.suffix {
            case "_bucket":
                var series = current ?? HistogramSeries(labels: sample.labels.filter { $0.name != "le" })
                let count = UInt64(sample.value)
                series.counts.append(count - min(count, series.total))
                series.total = count
                let bound = sample.labels.last { $0.name == "le" }.flatMap { Double($0.value) }
                if let bound, bound.isFinite { series.bounds.append(bound) }
                current = series
            case "_sum": current?.sum = sample.value
            default:
                if let current { all.append(current) }
                current = nil
            }
        }
        return all
    }

    private init(labels: [MetricFamily.Label]) {
        self.labels = labels
    }
}

/// A metric's name and unit in OpenTelemetry's spelling. A collector that writes them for Prometheus again comes to the
/// names of `/metrics` (OpenTelemetry, "Prometheus and OpenMetrics Compatibility").
struct OTLPName: Hashable {
    let name: String
    /// UCUM; empty where there is none.
    let unit: String

    /// Those of the GenAI conventions, which have points where Prometheus has none (`gateways.md` a3).
    private static let conventional = [
        "gen_ai_server_request_duration": "gen_ai.server.request.duration",
        "gen_ai_server_time_to_first_token": "gen_ai.server.time_to_first_token",
        "gen_ai_server_time_per_output_token": "gen_ai.server.time_per_output_token",
        "gen_ai_client_token_usage": "gen_ai.client.token.usage",
    ]
    private static let labels = [
        "gen_ai_operation_name": "gen_ai.operation.name", "gen_ai_provider_name": "gen_ai.provider.name",
        "gen_ai_request_model": "gen_ai.request.model", "gen_ai_token_type": "gen_ai.token.type",
        "error_type": "error.type",
    ]

    init(_ family: MetricFamily) {
        var name = family.name
        var unit = family.name == "gen_ai_client_token_usage" ? "{token}" : ""
        if family.kind == .counter, name.hasSuffix("_total") { name.removeLast(6) }
        for (suffix, symbol) in [("_seconds", "s"), ("_bytes", "By")] where name.hasSuffix(suffix) {
            name.removeLast(suffix.count)
            unit = symbol
        }
        self.name = Self.conventional[name] ?? name
        self.unit = unit
    }

    static func label(_ name: String) -> String { labels[name] ?? name }
}
