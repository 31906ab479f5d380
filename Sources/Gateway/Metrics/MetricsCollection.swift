// All metrics of this process, for whoever scrapes and for the exporter.

import Alerts
import Conversation
import HTTPTransport
import Identity

/// Reads every counter and gauge, when it is asked to.
struct MetricsCollection: Sendable {
    let services: GatewayServices

    var families: [MetricFamily] {
        get async {
            let turns = services.turns
            let backlog = turns.recorder.backlog
            let alerts = services.alerts.waiting
            func gauge(_ name: String, _ help: String, _ value: Int) -> MetricFamily {
                MetricFamily(name, help, .gauge, Double(value))
            }
            return turns.metrics.families + services.observation.requests.families
                + turns.limits.families + [
                    gauge("opsgate_turns_running", "Turns that are running.", turns.slots.count),
                    gauge(
                        "opsgate_alert_ingest_waiting_bodies",
                        "Webhook bodies that wait for the store.",
                        alerts.bodies
                    ),
                    gauge("opsgate_alert_ingest_waiting_events", "Events in them.", alerts.events),
                    gauge("opsgate_usage_rows_waiting", "Usage rows that wait for the store.", backlog.waiting),
                    MetricFamily(
                        "opsgate_usage_rows_lost_total",
                        "Usage rows that were given up.",
                        .counter,
                        Double(backlog.lost)
                    ),
                ] + transfers + (services.observation.telemetry?.families ?? [])
                + ProcessMetrics.families(startedAt: services.startedAt)
        }
    }

    private var transfers: [MetricFamily] {
        guard let statistics = services.observation.client?.statistics else { return [] }
        func sample(_ state: String, _ value: Int) -> MetricFamily.Sample {
            .init(Double(value), labels: [.init("state", state)])
        }
        func count(_ result: String, _ value: Int) -> MetricFamily.Sample {
            .init(Double(value), labels: [.init("result", result)])
        }
        return [
            MetricFamily(
                "opsgate_pool_connections",
                "Transfers to upstreams that run, and handles that wait for one.",
                .gauge,
                [sample("active", statistics.active), sample("idle", statistics.pooled)]
            ),
            MetricFamily(
                "opsgate_pool_connections_opened_total",
                "Connections opened to upstreams; other transfers used one again.",
                .counter,
                Double(statistics.connectionsOpened)
            ),
            MetricFamily(
                "opsgate_upstream_transfers_total",
                "Transfers to upstreams that ended.",
                .counter,
                [
                    count("finished", statistics.finished), count("failed", statistics.failed),
                    count("cancelled", statistics.cancelled),
                ]
            ),
            MetricFamily(
                "opsgate_upstream_pauses_total",
                "Times a transfer was paused for a slow reader.",
                .counter,
                Double(statistics.pauses)
            ),
        ]
    }
}
