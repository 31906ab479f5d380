// Prometheus 2.42 and Alertmanager 0.25 from Debian: a rule fires and ends, and each way to send a secret works.

import Foundation
import JSON
import Support
import Testing

@Suite struct PrometheusTests {
    private static func start(
        alertmanager configuration: String,
        _ folder: TemporaryFolder
    ) async throws -> (ChildProcess, Int) {
        let file = try folder.write(configuration, to: "alertmanager.yml")
        let checked = try await Command.run("amtool", ["check-config", file])
        #expect(checked.status.isSuccess, "\(checked.output)\(checked.errors)")
        let port = try FreePort.take()
        let process = try await ChildProcess.start(
            "prometheus-alertmanager",
            [
                "--config.file=\(file)", "--storage.path=\(folder.file("alertmanager"))",
                "--web.listen-address=127.0.0.1:\(port)", "--cluster.listen-address=",
            ]
        )
        try await process.waitForPort(port)
        return (process, port)
    }

    private static func rules(_ expression: String) -> String {
        """
        groups:
          - name: ops
            interval: 1s
            rules:
              - alert: DiskFull
                expr: \(expression)
                labels: {severity: critical, instance: "db-07:9100"}
                annotations: {summary: "Disk of {{ $externalLabels.site }} is full", description: "free: {{ $value }}"}
        """
    }

    @Test func aRuleThatFiresAndEndsArrivesAsOneEpisode() async throws {
        let gateway = try await Gateway.start()
        let folder = try TemporaryFolder("prometheus")
        let (alertmanager, alertmanagerPort) = try await Self.start(
            alertmanager: """
                route: {receiver: opsgate, group_by: [alertname], group_wait: 1s, group_interval: 1s, repeat_interval: 1h}
                receivers:
                  - name: opsgate
                    webhook_configs:
                      - url: http://127.0.0.1:\(gateway.port)/api/v1/alerts/api/receiver_data/?source_id=default
                        send_resolved: true
                        http_config:
                          authorization: {type: Bearer, credentials: \(gateway.webhookSecret)}
                """,
            folder
        )
        _ = try folder.write(Self.rules("vector(1) > 0"), to: "rules.yml")
        let configuration = try folder.write(
            """
            global: {evaluation_interval: 1s, external_labels: {site: shop}}
            rule_files: [\(folder.file("rules.yml"))]
            alerting:
              alertmanagers: [{static_configs: [{targets: ["127.0.0.1:\(alertmanagerPort)"]}]}]
            """,
            to: "prometheus.yml"
        )
        let port = try FreePort.take()
        let prometheus = try await ChildProcess.start(
            "prometheus",
            [
                "--config.file=\(configuration)", "--storage.tsdb.path=\(folder.file("prometheus"))",
                "--web.listen-address=127.0.0.1:\(port)", "--web.enable-lifecycle",
                // It may fire before it has found its Alertmanager, and would say so again only after a minute.
                "--rules.alert.resend-delay=1s",
            ]
        )
        try await prometheus.waitForPort(port)
        func alerts(_ query: String) async throws -> JSONValue? {
            try await gateway.get("/api/v1/alerts/api/alerts/?\(query)").json["data"]
        }
        try await eventually("the alert fires", every: .milliseconds(200)) {
            try await alerts("status=firing")?["count"]?.int == 1
        }
        let firing = try await alerts("status=firing")?["results"]?[0]
        #expect(firing?["title"]?.string == "Disk of shop is full")
        #expect(firing?["description"]?.string == "free: 1")
        #expect(firing?["level"]?.string == "critical")
        #expect(firing?["host"]?.string == "db-07")
        #expect(firing?["fingerprint"]?.string?.count == 16)
        #expect(firing?["link"]?.string?.contains("/graph?") == true)

        // The same rule with a condition that no longer holds: its alert ends, by Prometheus's own clock.
        _ = try folder.write(Self.rules("vector(1) > 2"), to: "rules.yml")
        #expect(try await HTTPProbe.post(port: port, "/-/reload", json: "").status == 200)
        try await eventually("it is over", every: .milliseconds(200)) {
            try await alerts("status=resolved")?["count"]?.int == 1
        }
        let over = try await alerts("status=resolved")?["results"]?[0]
        #expect(over?["id"] == firing?["id"])
        #expect(over?["started_at"] == firing?["started_at"])
        #expect(over?["ended_at"]?.string != nil)

        // And again: a new episode of the same thing.
        _ = try folder.write(Self.rules("vector(1) > 0"), to: "rules.yml")
        #expect(try await HTTPProbe.post(port: port, "/-/reload", json: "").status == 200)
        try await eventually("it fires again", every: .milliseconds(200)) {
            try await alerts("status=firing")?["count"]?.int == 1
        }
        let again = try await alerts("")
        #expect(again?["count"]?.int == 2)
        #expect(Set((again?["results"]?.array ?? []).compactMap { $0["fingerprint"]?.string }).count == 1)
        _ = try await prometheus.terminate()
        _ = try await alertmanager.terminate()
        try await gateway.stop()
    }

    /// The three ways of the documentation for Alertmanager 0.25: Bearer, Basic, and the URL.
    @Test func everyDocumentedWayToSendTheSecretWorks() async throws {
        let gateway = try await Gateway.start()
        let folder = try TemporaryFolder("alertmanager")
        var secrets: [String: String] = [:]
        for name in ["bearer", "basic", "address"] {
            let made = try await gateway.post(
                "/api/v1/alerts/api/alert_source/",
                #"{"name":"\#(name)","source_id":"\#(name)","source_type":"prometheus"}"#
            )
            secrets[name] = try made.json["data"]?["secret"]?.string
        }
        let base = "http://127.0.0.1:\(gateway.port)/api/v1/alerts/api/receiver_data/"
        let (alertmanager, port) = try await Self.start(
            alertmanager: """
                route:
                  receiver: bearer
                  group_wait: 0s
                  group_interval: 1s
                  routes:
                    - {receiver: bearer, continue: true}
                    - {receiver: basic, continue: true}
                    - {receiver: address}
                receivers:
                  - name: bearer
                    webhook_configs:
                      - url: \(base)?source_id=bearer
                        http_config:
                          authorization: {type: Bearer, credentials: \(secrets["bearer"] ?? "")}
                  - name: basic
                    webhook_configs:
                      - url: \(base)?source_id=basic
                        http_config:
                          basic_auth: {username: opsgate, password: \(secrets["basic"] ?? "")}
                  - name: address
                    webhook_configs:
                      - url: \(base)?source_id=address&secret=\(secrets["address"] ?? "")
                """,
            folder
        )
        let alerts = """
            [{"labels":{"alertname":"Slow","severity":"warning","instance":"web-03"},
              "annotations":{"summary":"web-03 is slow"},"startsAt":"2026-11-20T08:15:30Z"}]
            """
        #expect(try await HTTPProbe.post(port: port, "/api/v2/alerts", json: alerts).status == 200)
        try await eventually("each source has its alert", every: .milliseconds(100)) {
            let list = try await gateway.get("/api/v1/alerts/api/alerts/").json["data"]?["results"]?.array ?? []
            return Set(list.compactMap { $0["source_id"]?.string }) == ["bearer", "basic", "address"]
        }
        #expect(!gateway.process.output.contains(secrets["address"] ?? "whs_"))
        _ = try await alertmanager.terminate()
        try await gateway.stop()
    }
}
