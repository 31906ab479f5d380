// `GET /metrics` for Prometheus.

import HTTPServer
import HTTPTypes
import JSON

/// Counts and gauges of this process, made when they are asked for.
struct MetricsRoutes: Sendable {
    private let collection: MetricsCollection

    init(services: GatewayServices) {
        collection = MetricsCollection(services: services)
    }

    var routes: [Route] {
        [
            Route(
                .get,
                "/metrics",
                access: .scraper,
                tag: "Metrics",
                summary: "Metrics in Prometheus's text format",
                operation: [
                    "responses": [
                        "200": [
                            "description": "Text format 0.0.4.",
                            "content": ["text/plain": ["schema": ["type": "string"]]],
                        ]
                    ]
                ],
                handler: { [collection] _ in
                    let families = await collection.families
                    return Response(
                        status: .ok,
                        headers: [.contentType: PrometheusText.contentType, .cacheControl: "no-store"],
                        body: ResponseBody(PrometheusText.bytes(families))
                    )
                }
            )
        ]
    }
}
