// The whole program before upstreams that speak Anthropic's, Gemini's and Azure's protocols: the answer, and the books.

import Foundation
import JSON
import Support
import Testing

@Suite struct VendorTests {
    enum Vendor: String, CaseIterable, Sendable, CustomTestStringConvertible {
        case anthropic, gemini, azure

        var testDescription: String { rawValue }

        var provider: String {
            switch self {
            case .anthropic: #"{name: up, kind: anthropic, base_url: "${URL}", api_keys: ["${KEY}"]}"#
            case .gemini: #"{name: up, kind: gemini, base_url: "${URL}", api_keys: ["${KEY}"]}"#
            case .azure:
                #"{name: up, kind: azure-openai, base_url: "${URL}", api_keys: ["${KEY}"], api_version: "2024-10-21", deployments: {m: dep}}"#
            }
        }

        /// Where the requests go, a stream's and a whole answer's.
        func address(stream: Bool) -> String {
            switch self {
            case .anthropic: "/v1/messages"
            case .gemini: "/v1beta/models/m:" + (stream ? "streamGenerateContent?alt=sse" : "generateContent")
            case .azure: "/openai/deployments/dep/chat/completions?api-version=2024-10-21"
            }
        }
    }

    /// A gateway whose default route leads to the vendor's upstream; its scripted upstream checks what it gets.
    private func run(
        _ vendor: Vendor,
        _ script: String,
        file: String? = nil,
        _ body: (Stand) async throws -> Void
    ) async throws {
        try await Stand.turnstile.pass {
            let upstream = try await ScriptedUpstream.start(key: "vendor-key")
            try await upstream.script(script)
            let folder = try TemporaryFolder("vendors")
            let path = folder.file("providers.yaml")
            let usual = """
                providers:
                  - \(vendor.provider)
                models: [{name: up/m, max_output: 900}]
                routes: {default: {targets: [{model: up/m}], retries: 0}}
                """
            try (file ?? usual).write(toFile: path, atomically: true, encoding: .utf8)
            let gateway = try await Gateway.start(environment: [
                "OPSGATE_PROVIDERS": path, "URL": "http://127.0.0.1:\(upstream.port)", "KEY": "vendor-key",
            ])
            try await body(Stand(upstream: upstream, gateway: gateway))
            try await gateway.stop()
            try await upstream.stop()
        }
    }

    private func expect(_ row: [String: String], _ members: [String: String]) {
        for (name, value) in members { #expect(row[name] == value, "\(name)") }
    }

    /// The row of an answer that the upstream counted.
    private static let counted = [
        "provider": "up", "model": "m", "prompt_tokens": "12", "completion_tokens": "7", "cached_tokens": "3",
        "reasoning_tokens": "2", "is_estimated": "0", "rounds": "1", "attempts": "1", "outcome": "finished",
        "error_type": "",
    ]

    @Test(arguments: Vendor.allCases, [false, true]) func anAnswer(_ vendor: Vendor, _ stream: Bool) async throws {
        try await run(vendor, #"{"default":{"reasoning":"hm","text":["Hello ","漢 \"world\"\n"]}}"#) { stand in
            var usage: JSONValue?
            if stream {
                let heard = try await stand.assembled(#""stream_options":{"include_usage":true}"#)
                #expect(heard.content == "Hello 漢 \"world\"\n" && heard.reasoning == "hm")
                #expect(heard.finishes == ["stop"] && heard.isDone)
                usage = heard.usage.last
            } else {
                let answer = try await stand.gateway.chat("x", model: "default")
                #expect(answer.status == 200 && answer.head["x-opsgate-provider"] == "up")
                let choice = try answer.json["choices"]?[0]
                #expect(choice?["message"]?["content"] == "Hello 漢 \"world\"\n" && choice?["finish_reason"] == "stop")
                usage = try answer.json["usage"]
            }
            #expect(usage?["prompt_tokens"] == 12 && usage?["completion_tokens"] == 7)
            #expect(usage?["prompt_tokens_details"]?["cached_tokens"] == 3)
            #expect(usage?["completion_tokens_details"]?["reasoning_tokens"] == 2)
            expect(try await stand.gateway.usage(atLeast: 1)[0], Self.counted)
            let sent = try JSONValue(parsing: try await stand.upstream.requests())["requests"]?[0]
            #expect(sent?["uri"]?.string == vendor.address(stream: stream))
            #expect(sent?["key_matches"] == true)
            if vendor == .anthropic { #expect(sent?["body"]?["max_tokens"] == 900) }
            let line = try #require(try await stand.upstream.ledger().first)
            #expect(line.end == "finished" && line.prompt_tokens == 12 && line.completion_tokens == 7)
        }
    }

    /// The upstream refuses a round whose calls are not answered, and tools that its vendor does not take.
    @Test(arguments: Vendor.allCases, [false, true]) func aToolRoundOfABot(_ vendor: Vendor, _ stream: Bool)
        async throws
    {
        let script = """
            {"queue":[{"text":"Looking. ","tool_calls":[{"id":"c1","name":"alerts_count","arguments":{}},
              {"id":"c2","name":"alerts_list","arguments":{"limit":1}}]},"None is firing."]}
            """
        try await run(vendor, script) { stand in
            let text: String?
            if stream {
                text = try await stand.assembled(model: "ops-assistant-bot").content
            } else {
                let answer = try await stand.gateway.chat("x")
                text = try answer.json["choices"]?[0]?["message"]?["content"]?.string
            }
            #expect(text?.contains("None is firing.") == true, "\(text ?? "")")
            let row = try await stand.gateway.usage(atLeast: 1)[0]
            expect(
                row,
                Self.counted.merging(["prompt_tokens": "24", "completion_tokens": "14"]) { $1 }.merging([
                    "cached_tokens": "6", "reasoning_tokens": "4", "rounds": "2", "attempts": "2",
                    "tools": "alerts_count,alerts_list",
                ]) { $1 }
            )
            #expect(try await stand.upstream.stats().refused == 0)
        }
    }

    @Test(arguments: Vendor.allCases, [false, true]) func aLimit(_ vendor: Vendor, _ stream: Bool) async throws {
        try await run(vendor, #"{"default":{"status":429,"headers":{"Retry-After":"40"}}}"#) { stand in
            let answer = try await stand.gateway.chat("x", model: "default", members: "\"stream\":\(stream)")
            #expect(answer.status == 429)
            #expect(answer.head["retry-after"].flatMap { Int($0) }.map { (30...40).contains($0) } == true)
            #expect(try answer.json.errorFaults.isEmpty)
            #expect(try answer.json["error"]?["code"] == "rate_limit_exceeded")
            expect(
                try await stand.gateway.usage(atLeast: 1)[0],
                ["completion_tokens": "0", "error_type": "provider_rate_limited", "attempts": "1"]
            )
        }
    }

    /// The upstream has told the prompt by then, and what was read of the answer is estimated.
    @Test(arguments: Vendor.allCases) func theClientLeavesMidway(_ vendor: Vendor) async throws {
        let word = String(repeating: "word ", count: 40)
        let script = #"{"default":{"text":["\#(word)","\#(word)"],"infinite":true,"delay_between":10}}"#
        try await run(vendor, script) { stand in
            let probe = try await stand.begin(Gateway.body("x", model: "default", members: #""stream":true"#))
            _ = try await probe.head()
            var text = ""
            while text.utf8.count < 200 {
                let event = try #require(try await probe.eventData())
                text += try JSONValue(parsing: event)["choices"]?[0]?["delta"]?["content"]?.string ?? ""
            }
            await probe.close()
            try await stand.upstreamSawTheClose()
            let row = try await stand.gateway.usage(atLeast: 1)[0]
            expect(row, ["outcome": "client_gone", "error_type": "caller_cancelled", "is_estimated": "1"])
            #expect(Int(row["completion_tokens"] ?? "") ?? 0 >= 50)
            if vendor != .azure { expect(row, ["prompt_tokens": "12"]) }
            try await stand.isIdle()
        }
    }

    /// What Claude has no word for goes to the next one; with none left it is the caller's to mend.
    @Test func whatOneCannotSay() async throws {
        let file = """
            providers:
              - \(Vendor.anthropic.provider)
              - \(Vendor.azure.provider.replacingOccurrences(of: "name: up", with: "name: other"))
            routes:
              both: {targets: [{model: up/m}, {model: other/m, order: 2}], retries: 0}
              one: {targets: [{model: up/m}, {model: offline/ops, order: 9}], retries: 2}
            """
        try await run(.anthropic, #"{"default":"twice"}"#, file: file) { stand in
            let answer = try await stand.gateway.chat("x", model: "both", members: "\"n\":2")
            #expect(answer.status == 200 && answer.head["x-opsgate-provider"] == "other")
            #expect(answer.head["x-opsgate-attempts"] == "1")
            #expect(try answer.json["choices"]?.array?.count == 2)
            let refused = try await stand.gateway.chat("x", model: "one", members: "\"n\":2")
            #expect(refused.status == 400)
            #expect(try refused.json["error"]?["param"] == "n")
            #expect(try await stand.upstream.stats().requests == 1)
            let rows = try await stand.gateway.usage(atLeast: 2)
            expect(rows[0], ["provider": "other", "attempts": "1", "outcome": "finished"])
            expect(rows[1], ["attempts": "0", "prompt_tokens": "0", "completion_tokens": "0"])
        }
    }
}
