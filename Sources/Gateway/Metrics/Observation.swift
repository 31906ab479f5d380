// What is watched, and who may see it besides callers.

package import HTTPTransport
package import Identity

/// The parts of metrics that the routes do not have otherwise. One for a process.
package struct Observation: Sendable {
    package let requests = RequestMetrics()
    /// The client to the upstreams, for its numbers.
    package let client: HTTPClient?
    /// A token that opens `/metrics` and nothing else (`OPSGATE_METRICS_TOKEN`).
    package let metricsToken: Secret?
    /// Sends traces and metrics out; nil when nobody asked for it.
    package let telemetry: TelemetryExporter?

    package init(client: HTTPClient? = nil, metricsToken: Secret? = nil, telemetry: TelemetryExporter? = nil) {
        self.client = client
        self.metricsToken = metricsToken
        self.telemetry = telemetry
    }
}
