// The scripted upstream as a test sees it: a started process and its controls.

/// A running `scripted-upstream`. The format of scripts is in `Tests/ScriptedUpstream/README.md`.
package struct ScriptedUpstream: Sendable {
    /// What `GET /control/stats` says.
    package struct Stats: Decodable, Sendable {
        package var requests: Int
        package var refused: Int
        package var streams_started: Int
        package var streams_finished: Int
        package var streams_cancelled: Int
        package var streams_broken: Int
        package var streams_open: Int
        package var answers_started: Int
        package var answers_finished: Int
        package var answers_cancelled: Int
        package var answers_broken: Int
        package var answers_open: Int
        package var prompt_tokens: Int
        package var completion_tokens: Int
        package var connections_open: Int
        package var connections_opened: Int
    }

    /// A line of `GET /control/ledger`: one answer, or one refused request.
    package struct LedgerLine: Decodable, Sendable {
        package var number: Int
        /// The gateway's.
        package var request_id: String
        package var model: String
        package var stream: Bool
        package var status: Int
        /// `open`, `finished`, `cancelled` (the reader left), `broken` (the script ended it), `refused`
        package var end: String
        /// nil: no usage went out whole.
        package var prompt_tokens: Int?
        package var completion_tokens: Int?
        /// Pieces of the body that had gone out at the end.
        package var pieces: Int
    }

    package let process: ChildProcess
    package let port: Int

    /// What goes into `OPENAI_BASE_URL` and into `base_url`.
    package var baseURL: String { "http://127.0.0.1:\(port)/v1" }

    /// Starts one on a free port. It ends with the value's last copy, or by ``stop()``.
    /// - Parameters:
    ///   - key: the API key that requests must carry; nil accepts all.
    ///   - strict: whether requests are checked against the OpenAI document.
    package static func start(key: String? = nil, strict: Bool = true, port: Int = 0) async throws -> ScriptedUpstream {
        var arguments = ["--port", String(port)]
        if let key { arguments += ["--key", key] }
        if !strict { arguments.append("--lenient") }
        let process = try await ChildProcess.start(try BuiltProducts.path("scripted-upstream"), arguments)
        let line = try await process.waitForLine(containing: "listening on 127.0.0.1:")
        guard let port = line.split(separator: ":").last.flatMap({ Int($0) }) else {
            throw SupportError("no port in: \(line)")
        }
        return ScriptedUpstream(process: process, port: port)
    }

    /// Sets the script, JSON text; what an earlier one left is dropped.
    package func script(_ json: String) async throws {
        try await control("POST", "script", json)
    }

    /// Sets a script that is only a queue of steps, each as JSON text.
    package func queue(_ steps: String...) async throws {
        try await script("{\"queue\":[\(steps.joined(separator: ","))]}")
    }

    package func stats() async throws -> Stats {
        try await control("GET", "stats").decoded()
    }

    /// What was reported to whom, oldest first.
    package func ledger() async throws -> [LedgerLine] {
        struct Ledger: Decodable { var lines: [LedgerLine] }
        return try await control("GET", "ledger").decoded(as: Ledger.self).lines
    }

    /// `{"requests":[{"number","at","method","uri","headers":[[name,value]],"key_matches","refusal","body"}]}`: the
    /// last hundred requests, oldest first, as JSON bytes.
    package func requests() async throws -> [UInt8] {
        try await control("GET", "requests").body
    }

    /// Forgets script, counters and requests.
    package func reset() async throws {
        try await control("POST", "reset", "{}")
    }

    package func stop() async throws {
        _ = try await process.kill()
    }

    @discardableResult
    private func control(_ method: String, _ name: String, _ json: String? = nil) async throws -> ProbeAnswer {
        let answer = try await HTTPProbe.ask(method, port: port, "/control/" + name, body: json.map { Array($0.utf8) })
        guard answer.status == 200 else { throw SupportError("control \(name): \(answer.text)") }
        return answer
    }
}
