// A collector of OTLP for tests, with what it has received.
import Foundation

/// opentelemetry-proto behind HTTP on a loopback port (`Tests/TelemetryCollector`). Stops when it is let go.
package final class TelemetryCollector: Sendable {
    package let port: Int
    private let process: ChildProcess

    private init(port: Int, process: ChildProcess) {
        self.port = port
        self.process = process
    }

    /// - Parameter port: nil for any free one.
    package static func start(port: Int? = nil) async throws -> TelemetryCollector {
        let file = BuiltProducts.packageRoot + "/Tests/TelemetryCollector/telemetry_collector.py"
        let process = try await ChildProcess.start(
            try await PythonEnvironment.shared().python,
            [file, "--port", "\(port ?? 0)"],
            environment: ["PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1"]
        )
        let line = try await process.waitForLine(containing: "port ")
        guard let port = line.split(separator: " ").last.flatMap({ Int($0) }) else {
            throw SupportError("no port in \(line)")
        }
        return TelemetryCollector(port: port, process: process)
    }

    /// `http://127.0.0.1:PORT`
    package var url: String { "http://127.0.0.1:\(port)" }

    /// What the next requests get; see the script.
    package func behave(_ json: String) async throws {
        _ = try await HTTPProbe.post(port: port, "/control/behave", headers: [], json: json)
    }

    /// `spans`, `metrics` or `stats` as JSON.
    package func received(_ what: String) async throws -> [UInt8] {
        try await HTTPProbe.get(port: port, "/control/\(what)", headers: []).body
    }

    package func stop() async throws {
        _ = try await process.terminate()
    }
}
