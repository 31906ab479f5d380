// All metrics of this process, for whoever scrapes and for the exporter.

import Alerts
import Conversation
import HTTPTransport
import Identity
import Notifications
import Providers
import Storage

/// Reads every counter and gauge, when it is asked to.
struct MetricsCollection: Sendable {
    let services: GatewayServices
    private let outbox: CachedReading<OutboxLevel>

    init(services: GatewayServices) {
        self.services = services
        outbox = CachedReading { [notifications = services.notifications] in try? await notifications.level() }
    }

    var families: [MetricFamily] {
        get async {
            let turns = services.turns
            let backlog = turns.recorder.backlog
            let alerts = services.alerts.waiting
            func gauge(_ name: String, _ help: String, _ value: Int) -> MetricFamily {
                MetricFamily(name, help, .gauge, Double(value))
            }
            let turnFamilies = turns.metrics.families + turns.limits.families
            return turnFamilies + services.observation.requests.families + [
                gauge("opsgate_turns_running", "Turns that are running.", turns.slots.count),
                gauge("opsgate_alert_ingest_waiting_bodies", "Webhook bodies that wait for the store.", alerts.bodies),
                gauge("opsgate_alert_ingest_waiting_events", "Events in them.", alerts.events),
                gauge("opsgate_usage_rows_waiting", "Usage rows that wait for the store.", backlog.waiting),
                MetricFamily(
                    "opsgate_usage_rows_lost_total",
                    "Usage rows that were given up.",
                    .counter,
                    Double(backlog.lost)
                ),
            ] + transfers + store + targets + (await outboxLevel) + (services.observation.telemetry?.families ?? [])
                + ProcessMetrics.families(startedAt: services.startedAt)
        }
    }

    /// Of the store, so the same at every node.
    private var outboxLevel: [MetricFamily] {
        get async {
            guard let level = await outbox.value() else { return [] }
            func sample(_ state: String, _ value: Int64) -> MetricFamily.Sample {
                .init(Double(value), labels: [.init("state", state)])
            }
            let age = level.oldest.map { max(0, WallClock.system.now() - $0) } ?? 0
            return [
                MetricFamily(
                    "opsgate_outbox_notices",
                    "Notices in the store that are not sent: waiting, being sent, given up, or perhaps sent.",
                    .gauge,
                    [
                        sample("waiting", level.waiting), sample("sending", level.sending), sample("dead", level.dead),
                        sample("unknown", level.unknown),
                    ]
                ),
                MetricFamily(
                    "opsgate_outbox_oldest_age_seconds",
                    "Age of the oldest notice that waits or is being sent; 0 when there is none.",
                    .gauge,
                    Double(age) / 1000
                ),
            ]
        }
    }

    private var store: [MetricFamily] {
        let lanes = services.database.load.lanes
        return [
            MetricFamily(
                "opsgate_store_jobs_waiting",
                "Jobs that wait for a thread of the store.",
                .gauge,
                lanes.map { .init(Double($0.waiting), labels: [.init("queue", $0.name)]) }
            ),
            MetricFamily(
                "opsgate_store_threads",
                "Threads of the store, each with its connection.",
                .gauge,
                lanes.flatMap { lane in
                    [("busy", lane.busyThreads), ("idle", lane.threads - lane.busyThreads)].map { state, count in
                        MetricFamily.Sample(
                            Double(count),
                            labels: [.init("queue", lane.name), .init("state", state)]
                        )
                    }
                }
            ),
        ]
    }

    /// Targets that callers have made up share one label.
    private var targets: [MetricFamily] {
        let router = services.turns.router()
        var inFlight: [String: Int] = [:]
        var open: [String: Int] = [:]
        for target in Set(router.routes.flatMap { $0.targets.map(\.name) }) {
            (inFlight[target], open[target]) = (0, 0)
        }
        for health in router.health {
            let name = inFlight[health.target] == nil ? TurnMetrics.other : health.target
            inFlight[name, default: 0] += health.inFlight
            open[name, default: 0] += health.isOpen ? 1 : 0
        }
        func samples(_ counts: [String: Int]) -> [MetricFamily.Sample] {
            counts.sorted { $0.key < $1.key }.map { .init(Double($0.value), labels: [.init("target", $0.key)]) }
        }
        return [
            MetricFamily("opsgate_target_rounds_running", "Rounds that run on a target.", .gauge, samples(inFlight)),
            MetricFamily(
                "opsgate_target_breaker_open",
                "Whether a target is left alone after failures.",
                .gauge,
                samples(open)
            ),
            MetricFamily(
                "opsgate_provider_keys_usable",
                "Keys of a provider that it has not refused; 1 where it needs none.",
                .gauge,
                router.usableKeys.map { .init(Double($0.keys), labels: [.init("provider", $0.provider)]) }
            ),
        ]
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
                "opsgate_http_client_transfers",
                "Requests to other servers that run, and ones that wait for a thread to take them.",
                .gauge,
                [sample("running", statistics.active), sample("queued", statistics.queued)]
            ),
            MetricFamily(
                "opsgate_http_client_connections",
                "Open connections to other servers, idle ones included.",
                .gauge,
                Double(statistics.connections)
            ),
            MetricFamily(
                "opsgate_http_client_connections_opened_total",
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
