// What most failure modes are tested with: a gateway before one scripted upstream, both fresh.

import Foundation
import JSON
import Support

/// A gateway and its upstream, whose provider is called `openai`.
struct Stand: Sendable {
    let upstream: ScriptedUpstream
    let gateway: Gateway

    /// A small machine cannot start dozens of programs at a time.
    static let turnstile = Turnstile(places: 6)

    /// Starts both, runs the body, and stops both.
    static func run(
        _ script: String = "{}",
        environment: [String: String] = [:],
        _ body: (Stand) async throws -> Void
    ) async throws {
        try await turnstile.pass { try await runInside(script, environment, body) }
    }

    private static func runInside(
        _ script: String,
        _ environment: [String: String],
        _ body: (Stand) async throws -> Void
    ) async throws {
        let upstream = try await ScriptedUpstream.start()
        if script != "{}" { try await upstream.script(script) }
        let gateway = try await Gateway.start(upstream: upstream.baseURL, environment: environment)
        try await body(Stand(upstream: upstream, gateway: gateway))
        try await gateway.stop()
        try await upstream.stop()
    }

    /// A streamed chat with the model itself, whole, as events' data.
    func events(_ members: String = "", model: String = "default", text: String = "x") async throws -> [String] {
        let more = members.isEmpty ? "" : "," + members
        let (probe, head) = try await gateway.stream(
            Gateway.body(text, model: model, members: #""stream":true"# + more)
        )
        guard head.status == 200 else {
            throw SupportError("status \(head.status): \(String(decoding: try await probe.body(), as: UTF8.self))")
        }
        return try await probe.events()
    }

    /// The same, put together.
    func assembled(_ members: String = "", model: String = "default", text: String = "x") async throws -> Assembled {
        try Assembled(try await events(members, model: model, text: text))
    }

    /// Sends a chat and reads nothing of the answer.
    func begin(_ json: String, path: String = "/v1/chat/completions") async throws -> HTTPProbe {
        let probe = try await HTTPProbe(port: gateway.port)
        try await probe.request(
            "POST",
            path,
            headers: [gateway.authorization, ("Content-Type", "application/json")],
            body: Array(json.utf8)
        )
        return probe
    }

    /// Waits until the upstream has nothing left to do and has seen so many answers cut off by their reader.
    func upstreamSawTheClose(_ count: Int = 1) async throws {
        try await eventually("the upstream saw \(count) closes", every: .milliseconds(2)) {
            let stats = try await upstream.stats()
            return stats.streams_open + stats.answers_open == 0
                && stats.streams_cancelled + stats.answers_cancelled == count
        }
    }

    /// A metric without labels.
    func metric(_ name: String) async throws -> Double? {
        let lines = try await gateway.get("/metrics").text.split(separator: "\n")
        return lines.first { $0.hasPrefix(name + " ") }.flatMap { Double($0.dropFirst(name.utf8.count + 1)) }
    }

    /// Waits until no stream and no turn is in flight.
    func isIdle() async throws {
        try await eventually("nothing is in flight", every: .milliseconds(20)) {
            let streams = try await metric("opsgate_streams_in_flight")
            let turns = try await metric("opsgate_turns_running")
            return streams == 0 && turns == 0
        }
    }

    /// The bodies of the requests that the upstream got, oldest first.
    func bodies() async throws -> [JSONValue] {
        let journal = try JSONValue(parsing: try await upstream.requests())
        return journal["requests"]?.array?.compactMap { $0["body"] } ?? []
    }

    /// Resident memory of the gateway at its highest, in MiB.
    func peakMemory() throws -> Int { try memory("VmHWM") }

    /// Memory of the gateway in MiB, by the system's name for it: `VmRSS`, `VmHWM`.
    func memory(_ name: String) throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(gateway.process.id)/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix(name + ":") }
        guard let kib = line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({ Int($0) }) else {
            throw SupportError("no \(name) in \(status)")
        }
        return kib / 1024
    }
}

extension JSONValue {
    /// Asserts nothing: the faults of an error object in OpenAI's form, empty when it is one.
    var errorFaults: [String] {
        guard let error = self["error"] else { return ["no error member"] }
        var faults: [String] = []
        if error.object?.keys.sorted() != ["code", "message", "param", "type"] { faults.append("other members") }
        for name in ["message", "type"] where error[name]?.string?.isEmpty != false {
            faults.append("\(name) is empty")
        }
        for name in ["message", "type", "param", "code"] {
            guard let value = error[name], value != .null else { continue }
            guard let text = value.string else {
                faults.append("\(name) is no string")
                continue
            }
            if ["None", "null", "nil", ""].contains(text) { faults.append("\(name) is \"\(text)\"") }
            if name != "message", Int(text) != nil { faults.append("\(name) is a number in quotes") }
        }
        return faults
    }
}
