// A streamed answer on the wire: order, shape, ends.

import JSON
import Support
import Testing

@Suite struct StreamTests {
    @Test func aBotStreamsFactsThroughTheToolLoop() async throws {
        let upstream = try await ScriptedUpstream.start(key: "upstream-key")
        try await upstream.queue(
            #"{"text":"Let me look. ","tool_calls":[{"id":"call_a","name":"alerts_count","arguments":{}}],"arguments_every":1}"#,
            #"{"text":["Nothing ","is firing."]}"#
        )
        let gateway = try await Gateway.start(upstream: upstream.baseURL)
        let (probe, head) = try await gateway.stream(
            Gateway.body("what is firing?", members: #""stream":true,"stream_options":{"include_usage":true}"#)
        )
        let answer = try Assembled(try await probe.events())
        #expect(head.status == 200)
        #expect(head["content-type"] == "text/event-stream")
        #expect(head["x-opsgate-provider"] == "openai")
        #expect(head["x-request-id"]?.isEmpty == false)
        #expect(answer.role == ["assistant"])
        #expect(answer.content == "Let me look. Nothing is firing.")
        #expect(answer.reasoning.isEmpty)
        #expect(answer.finishes == ["stop"])
        #expect(answer.ids.count == 1)
        #expect(answer.usage.count == 1)
        #expect(answer.usage.first?["prompt_tokens"]?.int == 24)
        #expect(answer.usage.first?["completion_tokens"]?.int == 14)
        #expect(answer.isDone)
        #expect(answer.calls.isEmpty)

        // The second round carries the call and its result, and the tools again.
        let requests = try JSONValue(parsing: try await upstream.requests())
        let text = requests.text
        #expect(text.contains("no_data"))
        let row = try #require(try await gateway.usage(atLeast: 1).first)
        #expect(row["rounds"] == "2")
        #expect(row["tools"] == "alerts_count")
        #expect(row["prompt_tokens"] == "24")
        #expect(row["outcome"] == "finished")
        #expect(row["bot_id"] == "ops-bot-001")
        try await gateway.stop()
        try await upstream.stop()
    }

    @Test func theLobeChatRouteShowsStepsAsReasoning() async throws {
        let upstream = try await ScriptedUpstream.start()
        try await upstream.queue(
            #"{"tool_calls":[{"id":"call_a","name":"alerts_count","arguments":{}}]}"#,
            #"{"text":"Done."}"#
        )
        let gateway = try await Gateway.start(upstream: upstream.baseURL)
        let (probe, _) = try await gateway.stream(
            Gateway.body("count", members: #""stream":true"#),
            path: "/api/v1/opspilot/bot_mgmt/lobe_chat/v1/chat/completions"
        )
        let answer = try Assembled(try await probe.events())
        #expect(answer.reasoning.contains("alerts_count"))
        #expect(answer.content == "Done.")
        #expect(answer.finishes == ["stop"])
        try await gateway.stop()
        try await upstream.stop()
    }

    @Test func clientToolsComeBackByteForByteAndMixedRoundsAreWholeAgain() async throws {
        let upstream = try await ScriptedUpstream.start()
        let name = "lobe-web____search____default"
        try await upstream.queue(
            """
            {"tool_calls":[{"id":"call_ours","name":"alerts_count","arguments":{}},
                           {"id":"call_theirs","name":"\(name)","arguments":{"q":"x"}}]}
            """,
            #"{"text":"All done."}"#
        )
        let gateway = try await Gateway.start(upstream: upstream.baseURL)
        let tools = #""tools":[{"type":"function","function":{"name":"\#(name)","parameters":{"type":"object"}}}]"#
        let (probe, _) = try await gateway.stream(Gateway.body("go", members: #""stream":true,\#(tools)"#))
        let first = try Assembled(try await probe.events())
        #expect(first.finishes == ["tool_calls"])
        #expect(first.calls.count == 1)
        #expect(first.calls[0]?.name == name)
        // Ids are the gateway's own: upstreams use one and the same in answer after answer.
        let id = try #require(first.calls[0]?.id)
        #expect(id.hasPrefix("call_") && id != "call_theirs")
        #expect(first.calls[0]?.arguments == #"{"q":"x"}"#)

        // The client knows only its own call; the upstream, which is strict, gets all of them with their results.
        let body = """
            {"model":"ops-assistant-bot",\(tools),"messages":[{"role":"user","content":"go"},
            {"role":"assistant","content":null,"tool_calls":[{"id":"\(id)","type":"function",
            "function":{"name":"\(name)","arguments":"{\\"q\\":\\"x\\"}"}}]},
            {"role":"tool","tool_call_id":"\(id)","content":"found"}]}
            """
        let second = try await gateway.post("/v1/chat/completions", body)
        #expect(second.status == 200)
        #expect(try second.json["choices"]?[0]?["message"]?["content"]?.string == "All done.")
        let sent = String(decoding: try await upstream.requests(), as: UTF8.self)
        #expect(sent.contains("no_data") && sent.contains("alerts_count"))
        #expect(try await upstream.stats().refused == 0)
        try await gateway.stop()
        try await upstream.stop()
    }
}
