// A gateway that is killed again and again and comes back on the same port with the same data.

import Foundation
import Glibc
import Support

/// Holds the process that runs at the moment.
actor RestartingGateway {
    private var current: Gateway
    nonisolated let port: Int
    nonisolated let first: Gateway
    private(set) var kills = 0

    init(environment: [String: String] = [:]) async throws {
        let port = try FreePort.take()
        let gateway = try await Gateway.start(environment: environment.merging(["OPSGATE_PORT": "\(port)"]) { $1 })
        self.port = port
        first = gateway
        current = gateway
    }

    var gateway: Gateway { current }

    /// `kill -9`, and a new start on what the old one left.
    func kill() async throws {
        current.process.signal(SIGKILL)
        _ = try await current.process.wait()
        kills += 1
        current = try await current.startAgain()
    }

    func stop() async throws {
        try await current.stop()
    }
}

/// Sends a body until it is accepted, as Alertmanager does: refused connections and 5xx are tried again.
struct RetryingSender: Sendable {
    let port: Int
    let secret: String
    let path: String

    /// - Returns: how many attempts it took.
    @discardableResult
    func send(_ json: String) async throws -> Int {
        var attempts = 0
        let deadline = ContinuousClock.now + .seconds(120)
        while ContinuousClock.now < deadline {
            attempts += 1
            let answer = try? await HTTPProbe.post(port: port, path, headers: [("SECRET", secret)], json: json)
            switch answer?.status {
            case 200?: return attempts
            case nil, 500?, 502?, 503?: try await Task.sleep(for: .milliseconds(20))
            case let status?: throw SupportError("the gateway answered \(status): \(answer?.text ?? "")")
            }
        }
        throw SupportError("not accepted after \(attempts) attempts")
    }
}
