// The WeCom gateway of the tests: started, told what to do, and asked what came.

import HTTPTransport
import JSON
import Support

/// A running `Tests/WeComServer/wecom_server.py`.
struct WeComServer: Sendable {
    let process: ChildProcess
    let baseURL: String
    private let client: HTTPClient

    static func start(_ client: HTTPClient) async throws -> WeComServer {
        let script = BuiltProducts.packageRoot + "/Tests/WeComServer/wecom_server.py"
        let process = try await ChildProcess.start("python3", ["-B", script])
        let line = try await process.waitForLine(containing: "listening on")
        let port = line.split(separator: " ").last ?? ""
        return WeComServer(process: process, baseURL: "http://127.0.0.1:\(port)", client: client)
    }

    func control(_ name: String, _ body: JSONValue = [:]) async throws {
        let response = try await client.fetch(
            TransferRequest(url: "\(baseURL)/control/\(name)", body: body.bytes),
            bodyLimit: 1 << 20
        )
        guard response.status == 200 else { throw SupportError(String(decoding: response.body, as: UTF8.self)) }
    }

    /// The next calls are answered so.
    func answer(_ call: String, _ answers: JSONValue...) async throws {
        try await control("answers", ["call": .string(call), "answers": .array(answers)])
    }

    func journal() async throws -> JSONValue {
        let request = TransferRequest(method: "GET", url: "\(baseURL)/control/journal")
        return try JSONValue(parsing: try await client.fetch(request, bodyLimit: 16 << 20).body)
    }

    /// How often a call was made.
    func calls(_ name: String) async throws -> Int { try await journal()["calls"]?[name]?.int ?? -1 }

    /// What arrived.
    func messages() async throws -> [JSONValue] { try await journal()["messages"]?.array ?? [] }
}

/// Runs the body with a client and a gateway.
func withWeCom(_ body: (HTTPClient, WeComServer) async throws -> Void) async throws {
    let client = try HTTPClient()
    do {
        let server = try await WeComServer.start(client)
        try await body(client, server)
        try await server.process.kill()
    } catch {
        await client.shutdown()
        throw error
    }
    await client.shutdown()
}
