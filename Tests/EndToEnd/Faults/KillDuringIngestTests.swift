// kill -9 while 10,000 alerts come in: what was answered with 200 is there, and nothing is there twice.

import Foundation
import Support
import Synchronization
import Testing

@Suite struct KillDuringIngestTests {
    private static let alerts = 10_000
    private static let bodySize = 50
    private static let path = "/api/v1/alerts/api/receiver_data/?source_id=default"

    /// Alertmanager's body for a run of numbered alerts; those whose number `isOver` says so are resolved.
    private func body(_ numbers: Range<Int>, isOver: (Int) -> Bool) -> String {
        let alerts = numbers.map { number in
            let over = isOver(number)
            return """
                {"status":"\(over ? "resolved" : "firing")","labels":{"alertname":"A\(number)","severity":"warning",\
                "instance":"host-\(number % 97)"},"annotations":{},"startsAt":"2026-11-20T08:00:00Z",\
                "endsAt":"\(over ? "2026-11-20T09:00:00Z" : "0001-01-01T00:00:00Z")","generatorURL":""}
                """
        }
        return """
            {"receiver":"x","status":"firing","alerts":[\(alerts.joined(separator: ","))],"groupLabels":{},\
            "commonLabels":{},"commonAnnotations":{},"externalURL":"","version":"4","groupKey":"g","truncatedAlerts":0}
            """
    }

    @Test func everyAlertEndsInItsRightStateAndNoneIsDoubled() async throws {
        let gateway = try await RestartingGateway()
        let sender = RetryingSender(port: gateway.port, secret: gateway.first.webhookSecret, path: Self.path)
        let isOver: @Sendable (Int) -> Bool = { $0 % 3 == 0 }
        let bodies = stride(from: 0, to: Self.alerts, by: Self.bodySize).map { $0..<($0 + Self.bodySize) }
        let lanes = 4
        let accepted = Counter()
        // Each time so many bodies have been accepted; two come for each run of numbers.
        let kills = (0..<5).map { _ in Int.random(in: 5..<(2 * bodies.count - 40)) }.sorted()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for lane in 0..<lanes {
                group.addTask {
                    for (index, numbers) in bodies.enumerated() where index % lanes == lane {
                        try await sender.send(body(numbers) { _ in false })
                        accepted.increment()
                        // What is over is told, and what still fires is told again.
                        try await sender.send(body(numbers, isOver: isOver))
                        accepted.increment()
                    }
                }
            }
            group.addTask {
                for kill in kills {
                    try await eventually("\(kill) bodies are accepted", within: .seconds(240), every: .milliseconds(1))
                    {
                        accepted.value >= kill
                    }
                    try await gateway.kill()
                }
            }
            try await group.waitForAll()
        }
        let last = await gateway.gateway
        let rows = try await last.sql("SELECT fingerprint, status, ended_at, event_count, title FROM alert")
        #expect(rows.count == Self.alerts)
        #expect(Set(rows.compactMap { $0["fingerprint"] }).count == Self.alerts)
        let wrong = rows.filter { row in
            guard let number = row["title"]?.dropFirst(), let number = Int(number) else { return true }
            let over = isOver(number)
            return row["status"] != (over ? "resolved" : "firing") || row["event_count"] != (over ? "2" : "1")
        }
        #expect(wrong.isEmpty, "\(wrong.prefix(3))")
        let events = try await last.sql("SELECT COUNT(*) AS n FROM alert_event").first?["n"]
        #expect(events == "\(Self.alerts + (0..<Self.alerts).count(where: isOver))")
        try await gateway.stop()
    }
}

/// Counts what several tasks have done.
final class Counter: Sendable {
    private let count = Mutex(0)

    var value: Int { count.withLock { $0 } }

    func increment() {
        count.withLock { $0 += 1 }
    }
}
