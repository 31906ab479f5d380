// Counts of requests by route and status, of open streams, and of alerts taken in.

import Conversation
import HTTPTypes
import Synchronization

/// The counts that the edge keeps. A route's counter is made with the router and handed to the request, so that nothing
/// is looked up by name while one is served.
package final class RequestMetrics: Sendable {
    private let counters = Mutex<[RouteCounter]>([])
    /// Requests that no route took: wrong paths and methods, preflights.
    let unserved = RouteCounter(method: TurnMetrics.other, route: TurnMetrics.other)
    private let streams = Atomic<Int>(0)
    private let ingestBodies = Atomic<Int>(0)
    private let ingestEvents = Atomic<Int>(0)

    package init() {}

    /// A counter for one route of the table.
    func counter(_ route: Route) -> RouteCounter {
        let counter = RouteCounter(method: route.method.rawValue, route: route.path)
        counters.withLock { $0.append(counter) }
        return counter
    }

    func streamBegan() { streams.add(1, ordering: .relaxed) }
    func streamEnded() { streams.subtract(1, ordering: .relaxed) }

    /// A body of events that was kept.
    func ingested(events: Int) {
        ingestBodies.add(1, ordering: .relaxed)
        ingestEvents.add(events, ordering: .relaxed)
    }

    var families: [MetricFamily] {
        let all = counters.withLock { $0 } + [unserved]
        return [
            MetricFamily(
                "opsgate_requests_total",
                "HTTP requests answered, by route; what no route took is _other.",
                .counter,
                all.flatMap(\.samples)
            ),
            MetricFamily(
                "opsgate_streams_in_flight",
                "Streamed answers that are being sent.",
                .gauge,
                Double(streams.load(ordering: .relaxed))
            ),
            MetricFamily(
                "opsgate_alert_ingest_bodies_total",
                "Webhook bodies kept.",
                .counter,
                Double(ingestBodies.load(ordering: .relaxed))
            ),
            MetricFamily(
                "opsgate_alert_ingest_events_total",
                "Events in them.",
                .counter,
                Double(ingestEvents.load(ordering: .relaxed))
            ),
        ]
    }
}

/// The requests of one route by status.
final class RouteCounter: Sendable {
    private let labels: [MetricFamily.Label]
    private let counts = Mutex<[Int: UInt64]>([:])

    init(method: String, route: String) {
        labels = [.init("method", method), .init("route", route)]
    }

    func count(status: Int) {
        counts.withLock { $0[status, default: 0] += 1 }
    }

    var samples: [MetricFamily.Sample] {
        counts.withLock { $0 }.sorted { $0.key < $1.key }.map { status, count in
            .init(Double(count), labels: labels + [.init("status", String(status))])
        }
    }
}
