// Failure mode 34: the tool loop of a bot before several upstreams (`gateways.md` (c)).

import JSON
import Support
import Testing

@Suite struct ToolLoopModeTests {
    private static let call = #"{"tool_calls":[{"id":"c","name":"alerts_count","arguments":{}}]}"#

    /// A route `default` over two upstreams; the second is asked when the first fails.
    private func withTwo(
        _ a: String,
        _ b: String,
        _ body: (Gateway, ScriptedUpstream, ScriptedUpstream) async throws -> Void
    )
        async throws
    {
        try await Stand.turnstile.pass {
            let (first, second) = (try await ScriptedUpstream.start(), try await ScriptedUpstream.start())
            try await first.script(a)
            try await second.script(b)
            let folder = try TemporaryFolder("loop")
            let file = try folder.write(
                """
                providers:
                  - {name: a, kind: openai-compatible, base_url: "\(first.baseURL)"}
                  - {name: b, kind: openai-compatible, base_url: "\(second.baseURL)"}
                routes:
                  default: {targets: [{model: a/m}, {model: b/m, order: 2}], retries: 0}
                """,
                to: "providers.yaml"
            )
            let gateway = try await Gateway.start(environment: ["OPSGATE_PROVIDERS": file])
            try await body(gateway, first, second)
            try await gateway.stop()
            try await first.stop()
            try await second.stop()
        }
    }

    @Test("34. Failover is for one round of the model: tools that ran do not run again")
    func failoverInTheSecondRound() async throws {
        let failing = "{\"queue\":[\(Self.call),{\"status\":500},{\"status\":500}]}"
        try await withTwo(failing, #"{"default":"Nothing is firing."}"#) { gateway, first, second in
            let (probe, _) = try await gateway.stream(Gateway.body("x", members: #""stream":true"#))
            let answer = try Assembled(try await probe.events())
            #expect(answer.content == "Nothing is firing." && answer.finishes == ["stop"] && answer.isDone)
            #expect(try await first.stats().requests == 2)
            #expect(try await second.stats().requests == 1)
            let row = try #require(try await gateway.usage(atLeast: 1).first)
            #expect(row["tools"] == "alerts_count", "it ran once")
            #expect(row["rounds"] == "2" && row["attempts"] == "3")
            #expect(row["provider"] == "b")
            // The other upstream got the call with its result.
            let sent = String(decoding: try await second.requests(), as: UTF8.self)
            #expect(sent.contains("alerts_count") && sent.contains("no_data"))
            // Two rounds reported, each by another upstream: both are billed, the failed attempt is not.
            #expect(row["prompt_tokens"] == "24" && row["completion_tokens"] == "14")
            // Each under its own name, as its vendor's bill has it.
            let sums = try await gateway.get("/api/v1/opspilot/usage/?group_by=provider").json["data"]?["results"]?
                .array
            let lines = sums?.map { sum in
                (["provider", "requests", "prompt_tokens", "completion_tokens"] as [String])
                    .map { sum[$0]?.text ?? "" }.joined(separator: " ")
            }
            #expect(lines == [#""a" 0 12 7"#, #""b" 1 12 7"#])
        }
    }

    @Test("34. A tool that must be called is a choice for the first round only", arguments: [true, false])
    func requiredIsRelaxed(_ named: Bool) async throws {
        try await Stand.run("{\"queue\":[\(Self.call),{\"text\":\"Done.\"}]}") { stand in
            let choice = named ? #"{"type":"function","function":{"name":"alerts_count"}}"# : #""required""#
            let answer = try await stand.gateway.chat("x", members: "\"tool_choice\":\(choice)")
            #expect(answer.status == 200, "\(answer.text)")
            #expect(try answer.json["choices"]?[0]?["message"]?["content"]?.string == "Done.")
            let choices = try await stand.bodies().map { $0["tool_choice"] }
            #expect(choices.count == 2)
            #expect(choices.first??.text == (try JSONValue(parsing: choice).text))
            #expect(choices.last == .some(nil) || choices.last == "auto")
        }
    }

    @Test("34. Every round is billed, the tools keep their order, and the last round has none")
    func roundsAndOrder() async throws {
        // A model that calls for ever, each time something else.
        let rounds = (1...20).map {
            #"{"tool_calls":[{"id":"c","name":"alerts_list","arguments":{"page_size":\#($0)}}]}"#
        }
        try await Stand.run("{\"queue\":[\(rounds.joined(separator: ","))]}") { stand in
            let answer = try await stand.gateway.chat("x")
            #expect(answer.status == 200, "\(answer.text)")
            #expect(try answer.json["choices"]?[0]?["finish_reason"]?.string == "stop")
            let bodies = try await stand.bodies()
            let row = try #require(try await stand.gateway.usage(atLeast: 1).first)
            // `limits: {rounds: 8}` in the bot's file.
            #expect(bodies.count == 8 && row["rounds"] == "8", "no round past the limit")
            #expect(row["prompt_tokens"] == "\(8 * 12)" && row["completion_tokens"] == "\(8 * 7)")
            #expect(try answer.json["usage"]?["prompt_tokens"]?.int == 8 * 12)
            #expect(bodies.last?["tools"] == nil && bodies.last?["tool_choice"] == nil)
            let offered = bodies.dropLast().map { $0["tools"]?.text ?? "" }
            #expect(Set(offered).count == 1 && offered[0].contains("alerts_count"), "the prefix can be cached")
        }
    }

    @Test("34. The same call again and again is refused, and the model is told")
    func identicalCalls() async throws {
        let again = Array(repeating: Self.call, count: 5).joined(separator: ",")
        try await Stand.run("{\"queue\":[\(again),{\"text\":\"Done.\"}]}") { stand in
            let answer = try await stand.gateway.chat("x")
            #expect(try answer.json["choices"]?[0]?["message"]?["content"]?.string == "Done.")
            let row = try #require(try await stand.gateway.usage(atLeast: 1).first)
            let ran = row["tools"]?.split(separator: ",").count ?? 0
            #expect((1...2).contains(ran), "of five: \(row["tools"] ?? "")")
            #expect(String(decoding: try await stand.upstream.requests(), as: UTF8.self).contains("identical call"))
        }
    }
}
