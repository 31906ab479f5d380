// Failure modes 16–24: the shape of answers, whatever the upstream's was (`gateways.md` (c)).

import JSON
import Support
import Testing

@Suite struct ShapeTests {
    private static let asksUsage = #""stream_options":{"include_usage":true}"#
    private static let tools =
        #""tools":[{"type":"function","function":{"name":"f"}},{"type":"function","function":{"name":"g"}}]"#

    private func chunks(_ events: [String]) throws -> [JSONValue] {
        try events.filter { $0 != "[DONE]" }.map { try JSONValue(parsing: $0) }
    }

    @Test("16. The usage chunk has no choices, comes once and last; all others say null")
    func theUsageChunk() async throws {
        try await Stand.run(#"{"default":{"text":["a","b"]}}"#) { stand in
            for model in ["default", "ops-assistant-bot"] {
                let events = try await stand.events(Self.asksUsage, model: model)
                let all = try chunks(events)
                #expect(events.last == "[DONE]")
                #expect(all.last?["choices"] == .array([]))
                #expect(all.last?["usage"]?["total_tokens"] == 19)
                #expect(all.dropLast().allSatisfy { $0["usage"] == .null && $0["choices"]?.array?.isEmpty == false })
            }
        }
    }

    @Test(
        "17. Usage on any chunk of the upstream's is taken, with its details",
        arguments: ["last_choice", "every", "end"]
    )
    func usageAnywhere(_ place: String) async throws {
        try await Stand.run("{\"default\":{\"text\":[\"a\",\"b\"],\"usage_at\":\"\(place)\"}}") { stand in
            for model in ["default", "ops-assistant-bot"] {
                let answer = try await stand.assembled(Self.asksUsage, model: model)
                #expect(answer.usage.count == 1)
                let usage = answer.usage.first
                #expect(usage?["prompt_tokens"] == 12 && usage?["completion_tokens"] == 7)
                #expect(usage?["prompt_tokens_details"]?["cached_tokens"] == 3)
                #expect(usage?["completion_tokens_details"]?["reasoning_tokens"] == 2)
            }
            for row in try await stand.gateway.usage(atLeast: 2) {
                #expect(row["prompt_tokens"] == "12" && row["completion_tokens"] == "7", "counted once")
                #expect(row["reasoning_tokens"] == "2" && row["cached_tokens"] == "3" && row["is_estimated"] == "0")
            }
        }
    }

    @Test("18. Usage is asked for though the client did not, and kept from it; without any it is estimated and marked")
    func usageThatNobodyAskedFor() async throws {
        try await Stand.run(
            #"{"queue":[{"text":"a"},{"text":"a","usage_at":"missing"},{"text":"a","usage_at":"missing"}]}"#
        ) {
            stand in
            let silent = try chunks(try await stand.events())
            #expect(silent.allSatisfy { $0["usage"] == nil && $0["choices"]?.array?.isEmpty == false })
            #expect(try await stand.bodies()[0]["stream_options"]?["include_usage"] == true)
            let asked = try await stand.assembled(Self.asksUsage, text: "twelve bytes")
            #expect(asked.usage.count == 1 && asked.isDone)
            #expect((asked.usage.first?["prompt_tokens"]?.int ?? 0) > 0)
            #expect(try await stand.gateway.chat("x", model: "default").json["usage"]?["total_tokens"]?.int ?? 0 > 0)
            let rows = try await stand.gateway.usage(atLeast: 3)
            #expect(rows.map { $0["is_estimated"] } == ["0", "1", "1"])
            #expect(rows.allSatisfy { (Int($0["prompt_tokens"] ?? "") ?? 0) > 0 })
        }
    }

    private static let parallel =
        #""tool_calls":[{"id":"a","name":"f","arguments":{"x":1}},{"id":"b","name":"g","arguments":{"y":"ü"}}]"#

    /// Both calls whole, ids, names and roles on the opening delta only, one finish.
    private func expectBoth(_ stand: Stand, _ model: String = "default") async throws {
        let events = try await stand.events(Self.tools, model: model)
        let answer = try Assembled(events)
        #expect(answer.calls.count == 2)
        #expect(answer.calls[0]?.name == "f" && answer.calls[1]?.name == "g")
        #expect(try JSONValue(parsing: answer.calls[0]?.arguments ?? "") == ["x": 1])
        #expect(try JSONValue(parsing: answer.calls[1]?.arguments ?? "") == ["y": "ü"])
        #expect(answer.calls[0]?.id.isEmpty == false && answer.calls[0]?.id != answer.calls[1]?.id)
        #expect(answer.finishes == ["tool_calls"] && answer.isDone)
        let pieces = try chunks(events).flatMap { $0["choices"]?[0]?["delta"]?["tool_calls"]?.array ?? [] }
        #expect(pieces.allSatisfy { $0["index"]?.int != nil })
        for index in 0..<2 {
            let own = pieces.filter { $0["index"]?.int == index }
            #expect(own.first?["type"]?.string == "function")
            #expect(
                own.dropFirst().allSatisfy { $0["id"] == nil && $0["function"]?["name"] == nil && $0["type"] == nil }
            )
            #expect(own.allSatisfy { $0["function"]?["arguments"]?.string != nil })
        }
    }

    @Test(
        "19. Parallel calls that all have index 0, or none, stay apart",
        arguments: [
            #""tool_indexes":"zero""#, #""tool_indexes":"missing""#, #""tool_indexes":"zero","arguments_every":3"#,
            #""interleaved":true,"arguments_every":1"#,
        ]
    )
    func parallelCalls(_ habit: String) async throws {
        try await Stand.run("{\"default\":{\(Self.parallel),\(habit)}}") { stand in
            for model in ["default", "ops-assistant-bot"] { try await expectBoth(stand, model) }
        }
    }

    @Test("20. An id on every fragment is told once")
    func idsOnEveryFragment() async throws {
        let step = "{\(Self.parallel),\"arguments_every\":2,\"id_on_every_fragment\":true}"
        try await Stand.run("{\"default\":\(step)}") { stand in
            for model in ["default", "ops-assistant-bot"] { try await expectBoth(stand, model) }
        }
    }

    @Test("21. Calls that end with `stop` end with `tool_calls`", arguments: ["stop", "function_call", "end_turn"])
    func stopWithCalls(_ reason: String) async throws {
        try await Stand.run("{\"default\":{\(Self.parallel),\"finish_reason\":\"\(reason)\"}}") { stand in
            for model in ["default", "ops-assistant-bot"] {
                try await expectBoth(stand, model)
                let whole = try await stand.gateway.chat("x", model: model, members: Self.tools).json
                #expect(whole["choices"]?[0]?["finish_reason"]?.string == "tool_calls")
                #expect(whole["choices"]?[0]?["message"]?["tool_calls"]?.array?.count == 2)
            }
        }
    }

    @Test("22. However many finishes the upstream sends, the client gets one, at the end")
    func manyFinishes() async throws {
        func call(_ index: Int, _ name: String, _ arguments: String) -> String {
            """
            {"choices":[{"index":0,"delta":{"tool_calls":[{"index":\(index),"id":"\(name)1","type":"function",
            "function":{"name":"\(name)","arguments":"\(arguments)"}}]},"finish_reason":null}]}
            """
        }
        let finish = #"{"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}"#
        let step = """
            {"text":[],"late_events":[\(call(0, "f", #"{\"x\":1}"#)),\(finish),\(call(1, "g", #"{\"y\":\"ü\"}"#)),\(finish)],
             "finish_reason":"stop"}
            """
        try await Stand.run("{\"default\":\(step)}") { stand in
            try await expectBoth(stand)
            let events = try await stand.events(Self.tools)
            let reasons = try chunks(events).map { $0["choices"]?[0]?["finish_reason"]?.string }
            #expect(reasons.dropLast().allSatisfy { $0 == nil } && reasons.last == "tool_calls")
        }
    }

    @Test("23. Arguments that come as an object are handed on as a string")
    func argumentsAsObject() async throws {
        try await Stand.run("{\"default\":{\(Self.parallel),\"arguments_as_object\":true}}") { stand in
            for model in ["default", "ops-assistant-bot"] {
                try await expectBoth(stand, model)
                let whole = try await stand.gateway.chat("x", model: model, members: Self.tools).json
                let arguments = whole["choices"]?[0]?["message"]?["tool_calls"]?[0]?["function"]?["arguments"]
                #expect(try JSONValue(parsing: try #require(arguments?.string)) == ["x": 1])
            }
        }
    }

    @Test("24. Too long a context has its own code, whenever the upstream notices")
    func contextTooLong() async throws {
        let error =
            #"{"error":{"message":"This model's maximum context length is 10 tokens.","code":"context_length_exceeded"}}"#
        try await Stand.run { stand in
            try await stand.upstream.script(
                #"{"default":{"text":["a"],"late_events":[\#(error)],"finish_reason":null,"usage_at":"missing","done":false}}"#
            )
            for model in ["default", "ops-assistant-bot"] {
                let answer = try await stand.assembled(model: model)
                #expect(answer.content == "a")
                #expect(answer.error?["code"]?.string == "context_length_exceeded")
                #expect(answer.finishes.isEmpty && !answer.isDone)
            }
            try await stand.upstream.script("{\"default\":{\"first_events\":[\(error)]}}")
            for model in ["default", "ops-assistant-bot"] {
                let answer = try await stand.gateway.chat("x", model: model, members: #""stream":true"#)
                #expect(answer.status == 400)
                #expect(try answer.json["error"]?["code"]?.string == "context_length_exceeded")
                #expect(try answer.json.errorFaults == [])
            }
            for row in try await stand.gateway.usage(atLeast: 4) {
                #expect(row["error_type"] == "provider_context_too_long")
            }
        }
    }
}
