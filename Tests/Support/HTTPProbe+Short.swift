// One request and its whole answer, in a line.

extension HTTPProbe {
    /// Sends one request over a connection of its own and reads the answer.
    package static func ask(
        _ method: String,
        port: Int,
        _ path: String,
        headers: [(String, String)] = [],
        body: [UInt8]? = nil,
        patience: Duration = .patience
    ) async throws -> ProbeAnswer {
        let probe = try await HTTPProbe(port: port, patience: patience)
        try await probe.request(method, path, headers: headers + [("Connection", "close")], body: body)
        let answer = try await probe.answer()
        await probe.close()
        return answer
    }

    package static func get(
        port: Int,
        _ path: String,
        headers: [(String, String)] = []
    ) async throws -> ProbeAnswer {
        try await ask("GET", port: port, path, headers: headers)
    }

    /// Sends JSON text.
    package static func post(
        port: Int,
        _ path: String,
        headers: [(String, String)] = [],
        json: String
    ) async throws -> ProbeAnswer {
        try await ask(
            "POST",
            port: port,
            path,
            headers: [("Content-Type", "application/json")] + headers,
            body: Array(json.utf8)
        )
    }
}
