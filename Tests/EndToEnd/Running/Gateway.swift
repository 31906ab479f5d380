// The built gateway as a test sees it: started on a free port in a folder of its own, stopped at the end.

import Foundation
import JSON
import Support

/// A running `opsgate serve`.
struct Gateway: Sendable {
    let process: ChildProcess
    let port: Int
    let folder: TemporaryFolder
    /// The administrator's API secret.
    let secret: String
    let password: String
    /// The secret of the alert source `default`.
    let webhookSecret: String
    private let environment: [String: String]

    static let adminSecret = "bkls_endtoendendtoendendtoend"
    static let adminPassword = "correct horse battery staple"

    /// Starts a fresh one.
    /// - Parameters:
    ///   - upstream: the base URL of the upstream; nil for the offline model.
    ///   - environment: more settings.
    static func start(
        upstream: String? = nil,
        environment: [String: String] = [:],
        arguments: [String] = []
    ) async throws -> Gateway {
        let folder = try TemporaryFolder("gateway")
        let files = FileManager.default
        for name in ["bots", "prompts"] {
            try files.copyItem(atPath: "\(BuiltProducts.packageRoot)/\(name)", toPath: folder.file(name))
        }
        var settings = [
            "OPSGATE_DATA": folder.file("data"), "OPSGATE_BOTS": folder.file("bots"),
            "OPSGATE_PROMPTS": folder.file("prompts"), "OPSGATE_ADMIN_SECRET": adminSecret,
            "OPSGATE_ADMIN_PASSWORD": adminPassword, "OPSGATE_PORT": "0", "OPENAI_API_KEY": "",
            "OPENAI_BASE_URL": upstream ?? "", "OPENAI_MODEL": "scripted", "OPSGATE_DATABASE_URL": "",
            "NO_PROXY": "127.0.0.1",
        ]
        if upstream != nil { settings["OPENAI_API_KEY"] = "upstream-key" }
        settings.merge(environment) { $1 }
        return try await start(folder, settings, arguments)
    }

    /// Starts it again on the same data, after `stop`.
    func startAgain() async throws -> Gateway {
        try await Self.start(folder, environment, [])
    }

    private static func start(
        _ folder: TemporaryFolder,
        _ settings: [String: String],
        _ arguments: [String]
    ) async throws -> Gateway {
        let process = try await ChildProcess.start(
            try BuiltProducts.path("opsgate"),
            ["serve"] + arguments,
            environment: settings,
            folder: folder.path
        )
        let line = try await process.waitForLine(containing: "listens on http://")
        guard let port = line.split(separator: ":").last.flatMap({ Int($0) }) else {
            throw SupportError("no port in: \(line)")
        }
        _ = try await process.waitForLine(containing: "Ask it something")
        let webhook =
            process.output.split(separator: "\n").first { $0.contains("webhook secret") }?
            .split(separator: " ").first { $0.hasPrefix("whs_") }.map(String.init) ?? ""
        return Gateway(
            process: process,
            port: port,
            folder: folder,
            secret: adminSecret,
            password: adminPassword,
            webhookSecret: webhook,
            environment: settings
        )
    }

    /// SIGTERM, and what came of it.
    @discardableResult
    func stop() async throws -> ExitStatus {
        try await process.terminate()
    }

    // MARK: Requests

    var authorization: (String, String) { ("Authorization", "Bearer \(secret)") }

    func get(_ path: String, headers: [(String, String)]? = nil) async throws -> ProbeAnswer {
        try await HTTPProbe.get(port: port, path, headers: headers ?? [authorization])
    }

    func post(_ path: String, _ json: String, headers: [(String, String)]? = nil) async throws -> ProbeAnswer {
        try await HTTPProbe.post(port: port, path, headers: headers ?? [authorization], json: json)
    }

    /// A chat completion; `members` are added to model and messages.
    func chat(
        _ text: String,
        model: String = "ops-assistant-bot",
        members: String = "",
        path: String = "/v1/chat/completions"
    ) async throws -> ProbeAnswer {
        try await post(path, Self.body(text, model: model, members: members))
    }

    static func body(_ text: String, model: String = "ops-assistant-bot", members: String = "") -> String {
        "{\"model\":\"\(model)\",\"messages\":[{\"role\":\"user\",\"content\":\(JSONValue.string(text).text)}]"
            + (members.isEmpty ? "" : ",") + members + "}"
    }

    /// Opens a streamed chat and returns the connection with its head read.
    func stream(_ json: String, path: String = "/v1/chat/completions") async throws -> (HTTPProbe, ProbeHead) {
        let probe = try await HTTPProbe(port: port)
        try await probe.request(
            "POST",
            path,
            headers: [authorization, ("Content-Type", "application/json")],
            body: Array(json.utf8)
        )
        return (probe, try await probe.head())
    }

    /// Runs a command of the program on this gateway's data.
    func command(_ arguments: [String], input: String? = nil) async throws -> CommandResult {
        if let input {
            let process = try await ChildProcess.start(
                try BuiltProducts.path("opsgate"),
                arguments,
                environment: environment,
                folder: folder.path,
                hasInput: true
            )
            try process.send(input)
            process.closeInput()
            let status = try await process.wait()
            return CommandResult(status: status, output: process.output, errors: "")
        }
        return try await Command.run(try BuiltProducts.path("opsgate"), arguments, environment: environment)
    }

    /// The usage rows, oldest first, once there are at least `count`.
    func usage(atLeast count: Int) async throws -> [[String: String]] {
        try await eventually("there are \(count) usage rows", every: .milliseconds(20)) {
            let rows = try await sql("SELECT * FROM usage_record ORDER BY id")
            return rows.count >= count ? rows : nil
        }
    }

    /// Asks the SQLite file.
    func sql(_ query: String) async throws -> [[String: String]] {
        let script = """
            import json, sqlite3, sys
            connection = sqlite3.connect("file:" + sys.argv[1] + "?mode=ro", uri=True)
            connection.row_factory = sqlite3.Row
            rows = [{k: "" if row[k] is None else str(row[k]) for k in row.keys()} for row in connection.execute(sys.argv[2])]
            print(json.dumps(rows))
            """
        let file = folder.file("data") + "/opsgate.sqlite"
        let result = try await Command.run("python3", ["-c", script, file, query])
        guard result.status.isSuccess else { throw SupportError(result.errors) }
        return try JSONDecoder().decode([[String: String]].self, from: Data(result.output.utf8))
    }
}

extension ProbeAnswer {
    /// The body as JSON.
    var json: JSONValue {
        get throws { try JSONValue(parsing: body) }
    }
}

extension HTTPProbe {
    /// All events up to the end of the stream.
    func events() async throws -> [String] {
        var all: [String] = []
        while let data = try await eventData() { all.append(data) }
        return all
    }
}

/// A stream's chunks put together, as a strict client would.
struct Assembled {
    var role: [String] = []
    var content = ""
    var reasoning = ""
    var finishes: [String] = []
    var ids: Set<String> = []
    var usage: [JSONValue] = []
    var calls: [Int: (id: String, name: String, arguments: String)] = [:]
    var isDone = false
    var error: JSONValue?

    init(_ events: [String]) throws {
        for event in events {
            if event == "[DONE]" {
                isDone = true
                continue
            }
            let chunk = try JSONValue(parsing: event)
            if let error = chunk["error"] {
                self.error = error
                continue
            }
            ids.insert(chunk["id"]?.string ?? "none")
            if let usage = chunk["usage"], usage != .null { self.usage.append(usage) }
            for choice in chunk["choices"]?.array ?? [] {
                let delta = choice["delta"]
                if let text = delta?["role"]?.string { role.append(text) }
                content += delta?["content"]?.string ?? ""
                reasoning += delta?["reasoning_content"]?.string ?? ""
                if let reason = choice["finish_reason"]?.string { finishes.append(reason) }
                for call in delta?["tool_calls"]?.array ?? [] {
                    let index = call["index"]?.int ?? -1
                    var known = calls[index] ?? ("", "", "")
                    known.id += call["id"]?.string ?? ""
                    known.name += call["function"]?["name"]?.string ?? ""
                    known.arguments += call["function"]?["arguments"]?.string ?? ""
                    calls[index] = known
                }
            }
        }
    }
}
