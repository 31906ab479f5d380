// Sample alerts, so that the first question to a bot has an answer.

import JSON
import Resources

/// Two bodies as real senders would post them, with times relative to now.
enum DemoAlerts {
    static let sourceID = "demo"

    private struct Sample {
        var name: String
        var level: String
        var host: String
        var summary: String
        var description: String
        var labels: [String: String] = [:]
        /// Minutes before now.
        var startedAgo: Int64
        /// Minutes before now; nil: still firing.
        var endedAgo: Int64?
    }

    private static let prometheus: [Sample] = [
        Sample(
            name: "HostOutOfDiskSpace",
            level: "critical",
            host: "db-01:9100",
            summary: "Disk almost full on db-01",
            description: "/var/lib/postgresql has 3 % left, falling 1 % an hour.",
            labels: ["job": "node", "region": "eu-central", "mountpoint": "/var/lib/postgresql"],
            startedAgo: 47
        ),
        Sample(
            name: "PostgresReplicationLag",
            level: "error",
            host: "db-02:9187",
            summary: "Replication lag of 340 s on db-02",
            description: "The standby is 340 s behind db-01.",
            labels: ["job": "postgres", "region": "eu-central"],
            startedAgo: 31
        ),
        Sample(
            name: "HighErrorRate",
            level: "critical",
            host: "web-01:8080",
            summary: "5xx rate of 12 % on web-01",
            description: "More than 5 % of requests failed for 5 minutes.",
            labels: ["job": "shop", "region": "eu-central", "service": "checkout"],
            startedAgo: 12
        ),
        Sample(
            name: "HighLatency",
            level: "warning",
            host: "web-02:8080",
            summary: "p99 latency of 2.4 s on web-02",
            description: "p99 has been above 1 s for 15 minutes.",
            labels: ["job": "shop", "region": "eu-central", "service": "checkout"],
            startedAgo: 18
        ),
        Sample(
            name: "NodeMemoryPressure",
            level: "warning",
            host: "k8s-node-3:9100",
            summary: "Memory of k8s-node-3 at 93 %",
            description: "Pods may be evicted soon.",
            labels: ["job": "node", "region": "us-east"],
            startedAgo: 95
        ),
        Sample(
            name: "CertificateExpiresSoon",
            level: "info",
            host: "edge-01:443",
            summary: "Certificate of shop.example.com expires in 13 days",
            description: "Renewal is due.",
            labels: ["job": "blackbox", "region": "eu-central"],
            startedAgo: 60 * 26
        ),
        Sample(
            name: "InstanceDown",
            level: "critical",
            host: "web-03:9100",
            summary: "web-03 did not answer",
            description: "Scraping failed for 5 minutes.",
            labels: ["job": "node", "region": "us-east"],
            startedAgo: 60 * 5,
            endedAgo: 60 * 4 + 38
        ),
        Sample(
            name: "HighCPU",
            level: "warning",
            host: "web-01:9100",
            summary: "CPU of web-01 above 90 %",
            description: "All cores busy for 10 minutes.",
            labels: ["job": "node", "region": "eu-central"],
            startedAgo: 60 * 3,
            endedAgo: 60 * 2 + 21
        ),
    ]

    private static let monitor: [Sample] = [
        Sample(
            name: "queue-length",
            level: "error",
            host: "mq-01",
            summary: "消息队列 orders 积压 18,400 条",
            description: "队列 orders 在过去 20 分钟内持续增长。",
            labels: ["region": "cn-south", "queue": "orders"],
            startedAgo: 22
        ),
        Sample(
            name: "backup",
            level: "warning",
            host: "backup-01",
            summary: "Nightly backup took 4 h 10 min",
            description: "Usually it takes 1 h 30 min.",
            labels: ["region": "eu-central"],
            startedAgo: 60 * 7
        ),
        Sample(
            name: "switch-port",
            level: "info",
            host: "sw-core-1",
            summary: "Port 14 of sw-core-1 changed to 1 Gbit/s",
            description: "It was at 10 Gbit/s before.",
            labels: ["region": "eu-central"],
            startedAgo: 130
        ),
        Sample(
            name: "ups",
            level: "critical",
            host: "ups-02",
            summary: "UPS 02 on battery",
            description: "Mains returned after 6 minutes.",
            labels: ["region": "us-east"],
            startedAgo: 60 * 11,
            endedAgo: 60 * 11 - 6
        ),
    ]

    /// The bodies, in the order in which they are sent: what is resolved now was firing before.
    static func bodies(now: Int64) -> [JSONValue] {
        [
            alertmanager(prometheus, isResolving: false, now: now),
            alertmanager(prometheus.filter { $0.endedAgo != nil }, isResolving: true, now: now),
            events(monitor, isResolving: false, now: now),
            events(monitor.filter { $0.endedAgo != nil }, isResolving: true, now: now),
        ]
    }

    private static func alertmanager(_ samples: [Sample], isResolving: Bool, now: Int64) -> JSONValue {
        let alerts: [JSONValue] = samples.map { sample in
            var labels = sample.labels
            labels["alertname"] = sample.name
            labels["severity"] = sample.level
            labels["instance"] = sample.host
            labels["demo"] = "true"
            return [
                "status": isResolving ? "resolved" : "firing",
                "labels": object(labels),
                "annotations": ["summary": .string(sample.summary), "description": .string(sample.description)],
                "startsAt": time(sample.startedAgo, now),
                "endsAt": isResolving ? time(sample.endedAgo ?? 0, now) : "0001-01-01T00:00:00Z",
                "generatorURL": "",
            ]
        }
        return [
            "version": "4", "receiver": "opsgate", "status": isResolving ? "resolved" : "firing", "groupKey": "{}:{}",
            "truncatedAlerts": 0, "alerts": .array(alerts),
        ]
    }

    private static func events(_ samples: [Sample], isResolving: Bool, now: Int64) -> JSONValue {
        let events: [JSONValue] = samples.map { sample in
            var labels = sample.labels
            labels["instance"] = sample.host
            labels["demo"] = "true"
            var event: JSONObject = [
                "title": .string(sample.summary),
                "description": .string(sample.description),
                "level": .string(sample.level),
                "start_time": time(sample.startedAgo, now),
                "labels": object(labels),
                "external_id": .string("demo-\(sample.name)"),
                "status": isResolving ? "resolved" : "firing",
            ]
            if isResolving { event["end_time"] = time(sample.endedAgo ?? 0, now) }
            return .object(event)
        }
        return ["source_type": "monitor", "source_id": .string(sourceID), "events": .array(events)]
    }

    private static func object(_ labels: [String: String]) -> JSONValue {
        .object(JSONObject(labels.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) }))
    }

    private static func time(_ minutesAgo: Int64, _ now: Int64) -> JSONValue {
        Timestamp(milliseconds: now - minutesAgo * 60_000).json
    }
}
