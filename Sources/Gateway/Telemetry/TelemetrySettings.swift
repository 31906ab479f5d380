// Where traces and metrics go: OpenTelemetry's own environment variables.

package import Identity

/// What `OTEL_…` says (OpenTelemetry specification, "OTLP Exporter Configuration" and "General SDK Configuration").
/// Nothing is sent unless an endpoint is set.
package struct TelemetrySettings: Sendable {
    package enum Encoding: String, Sendable {
        case protobuf = "http/protobuf"
        case json = "http/json"

        var contentType: String {
            switch self {
            case .protobuf: "application/x-protobuf"
            case .json: "application/json"
            }
        }
    }

    /// One of the two streams.
    package struct Signal: Sendable {
        package var url: String
        package var encoding: Encoding
        /// May hold keys.
        package var headers: [(name: String, value: Secret)]
        /// How long one request may take.
        package var timeout: Duration
        /// A PEM file of authorities.
        package var caFile: String?
    }

    /// Which traces are recorded.
    package enum Sampler: Sendable, Hashable {
        case always
        case never
        /// A part of all, from 0 to 1.
        case ratio(Double)
    }

    /// nil: no traces are sent.
    package var traces: Signal?
    /// nil: no metrics are sent.
    package var metrics: Signal?
    /// Attributes of this service, `service.name` among them.
    package var resource: [(String, String)]
    package var sampler: Sampler
    /// Whether a client's decision counts before the sampler's.
    package var followsParent: Bool
    package var metricInterval: Duration
    /// How long spans are gathered for one request.
    package var spanDelay: Duration
    /// Spans of one request at the most.
    package var spanBatch: Int
    /// Spans that wait at the most; further ones are dropped and counted.
    package var spanLimit: Int

    /// - Returns: nil when nothing is to be sent.
    /// - Throws: `TelemetryFault` naming the variable.
    package init?(environment: [String: String]) throws(TelemetryFault) {
        let source = TelemetrySource(environment: environment)
        guard source["OTEL_SDK_DISABLED"]?.lowercased() != "true" else { return nil }
        traces = try source.signal("TRACES", path: "v1/traces")
        metrics = try source.signal("METRICS", path: "v1/metrics")
        guard traces != nil || metrics != nil else { return nil }
        resource = try source.resource()
        (sampler, followsParent) = try source.sampler()
        metricInterval = .milliseconds(try source.integer("OTEL_METRIC_EXPORT_INTERVAL", in: 1...86_400_000) ?? 60_000)
        spanDelay = .milliseconds(try source.integer("OTEL_BSP_SCHEDULE_DELAY", in: 0...86_400_000) ?? 5_000)
        let limit = try source.integer("OTEL_BSP_MAX_QUEUE_SIZE", in: 1...1_000_000) ?? 2_048
        spanLimit = limit
        spanBatch = min(limit, try source.integer("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", in: 1...10_000) ?? 512)
    }
}

/// A variable that makes no sense.
package struct TelemetryFault: Error, CustomStringConvertible {
    package let description: String

    init(_ description: String) {
        self.description = description
    }
}
