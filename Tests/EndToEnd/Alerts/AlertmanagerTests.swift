// A real Alertmanager posts, a bot answers with what it posted.

import Foundation
import JSON
import Support
import Testing

@Suite struct AlertmanagerTests {
    /// Alertmanager 0.25 from Debian with a configuration that amtool accepts.
    private func startAlertmanager(_ gateway: Gateway, _ folder: TemporaryFolder) async throws -> (ChildProcess, Int) {
        let configuration = try folder.write(
            """
            route:
              receiver: opsgate
              group_by: [alertname]
              group_wait: 1s
              group_interval: 1s
              repeat_interval: 1h
            receivers:
              - name: opsgate
                webhook_configs:
                  - url: http://127.0.0.1:\(gateway.port)/api/v1/alerts/api/receiver_data/?source_id=default
                    send_resolved: true
                    http_config:
                      authorization:
                        type: Bearer
                        credentials: \(gateway.webhookSecret)
            """,
            to: "alertmanager.yml"
        )
        let checked = try await Command.run("amtool", ["check-config", configuration])
        #expect(checked.status.isSuccess, "\(checked.output)\(checked.errors)")
        let port = try FreePort.take()
        let process = try await ChildProcess.start(
            "prometheus-alertmanager",
            [
                "--config.file=\(configuration)", "--storage.path=\(folder.file("data"))",
                "--web.listen-address=127.0.0.1:\(port)", "--cluster.listen-address=",
            ]
        )
        try await process.waitForPort(port)
        return (process, port)
    }

    @Test func whatAlertmanagerPushedIsInTheAnswer() async throws {
        let gateway = try await Gateway.start()
        let folder = try TemporaryFolder("alertmanager")
        let (alertmanager, port) = try await startAlertmanager(gateway, folder)
        let start = "2026-11-20T08:15:30Z"
        let alerts = """
            [{"labels":{"alertname":"DiskFull","severity":"critical","instance":"db-07:9100"},
              "annotations":{"summary":"Disk of db-07 is full"},"startsAt":"\(start)"},
             {"labels":{"alertname":"Slow","severity":"warning","instance":"web-03"},
              "annotations":{"summary":"web-03 is slow"},"startsAt":"\(start)"}]
            """
        #expect(try await HTTPProbe.post(port: port, "/api/v2/alerts", json: alerts).status == 200)
        try await eventually("both alerts are there", every: .milliseconds(100)) {
            try await gateway.get("/api/v1/alerts/api/alerts/?status=firing").json["data"]?["count"]?.int == 2
        }
        let listed = try await gateway.get("/api/v1/alerts/api/alerts/?level=critical").json["data"]
        #expect(listed?["count"]?.int == 1)
        let disk = listed?["results"]?[0]
        #expect(disk?["title"]?.string == "Disk of db-07 is full")
        #expect(disk?["started_at"]?.string == start)
        #expect(disk?["labels"]?["instance"]?.string == "db-07:9100")
        #expect(disk?["source_id"]?.string == "default")

        let answer = try await gateway.chat("what is firing right now?").json
        let text = answer["choices"]?[0]?["message"]?["content"]?.string ?? ""
        for fact in ["db-07", "critical", start, "web-03", "warning", "**2 alerts"] {
            #expect(text.contains(fact), "\(fact) is missing in: \(text)")
        }

        // Resolved by event time.
        let resolved = alerts.replacingOccurrences(
            of: "\"startsAt\"",
            with: "\"endsAt\":\"2026-11-20T09:00:00Z\",\"startsAt\""
        )
        #expect(try await HTTPProbe.post(port: port, "/api/v2/alerts", json: resolved).status == 200)
        try await eventually("both are resolved", every: .milliseconds(100)) {
            try await gateway.get("/api/v1/alerts/api/alerts/?status=resolved").json["data"]?["count"]?.int == 2
        }
        let ended = try await gateway.get("/api/v1/alerts/api/alerts/?level=critical").json["data"]?["results"]?[0]
        #expect(ended?["ended_at"]?.string == "2026-11-20T09:00:00Z")
        _ = try await alertmanager.terminate()
        try await gateway.stop()
    }
}
