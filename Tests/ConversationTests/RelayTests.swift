// Turns without a bot: everything passes, renumbered and with one finish a choice.

import JSON
import OpenAIProtocol
import Providers
import Storage
import Testing
import Tools

@testable import Conversation

@Suite struct RelayTests {
    @Test func theConversationGoesAsItCame() async throws {
        let model = ScriptedModel(.answers("ok"))
        try await withStage(model) { stage in
            let messages = #"{ "role":"system","content":"mine"},{"role":"user","content":"hi"}"#
            let members = clientTools + #","tool_choice":"required","temperature":0.20,"n":2,"stream":true"#
            _ = await stage.run(try plan(members, messages: messages, bot: nil, tools: [tool("look")]))
            let call = model.calls[0]
            #expect(call.messages.map { String(decoding: $0, as: UTF8.self) } == [messages])
            #expect(call.tools.map(\.name) == ["theirs"])
            #expect(call.toolChoice == "required")
            #expect(String(decoding: call.parameters, as: UTF8.self) == #""temperature":0.20,"n":2"#)
            #expect(call.stream)
            #expect(call.requestID == "req-1")
        }
    }

    /// Vendors' members are for the upstream that is addressed. What a bot's model is asked is the bot's business.
    @Test func vendorsMembersAreForUpstreams() async throws {
        let model = ScriptedModel(.answers("ok"))
        try await withStage(model) { stage in
            let members = #""enable_thinking":false,"seed":1"#
            _ = await stage.run(try plan(members, bot: nil))
            _ = await stage.run(try plan(members, bot: bot()))
            #expect(model.calls[0].vendorMembers == [.init(name: "enable_thinking", json: Array("false".utf8))])
            #expect(model.calls[1].vendorMembers.isEmpty)
            #expect(model.calls.map { String(decoding: $0.parameters, as: UTF8.self) } == ["\"seed\":1", "\"seed\":1"])
        }
    }

    @Test func whatTheUpstreamTellsOfItsUsage() async throws {
        let raw =
            #"{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7,"cost":0.10,"cost_details":null,"#
            + #""prompt_tokens_details":{"cached_tokens":1,"audio_tokens":2},"#
            + #""completion_tokens_details":{"accepted_prediction_tokens":5,"reasoning_tokens":1}}"#
        let view = try JSONDocument(parsing: raw).root
        let model = ScriptedModel(
            .says([
                [said("x"), finished(.stop)],
                [.usage(try #require(Usage(view))), .usageDetails(try #require(UsageDetails(view)))],
            ])
        )
        try await withStage(model) { stage in
            let sink = CompletionSink(showSteps: false)
            let (_, usage) = await Turn(plan: try plan(bot: nil), environment: stage.environment).run(sink)
            let identity = AnswerIdentity(created: 1, model: "m")
            let body = String(decoding: sink.completion.body(identity: identity, usage: usage), as: UTF8.self)
            #expect(
                body.contains(
                    #""usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7,"#
                        + #""prompt_tokens_details":{"cached_tokens":1,"audio_tokens":2},"completion_tokens_details":"#
                        + #"{"reasoning_tokens":1,"accepted_prediction_tokens":5},"cost":0.10}"#
                ),
                "\(body)"
            )
            // A bot's usage is a sum over its rounds.
            let own = CompletionSink(showSteps: false)
            _ = await Turn(plan: try plan(bot: bot()), environment: stage.environment).run(own)
            #expect(own.completion.usageDetails == UsageDetails())
        }
    }

    @Test func choicesMetadataAndFinishes() async throws {
        let model = ScriptedModel(
            .says([
                [
                    .metadata(Array("\"service_tier\":\"x\"".utf8)),
                    .delta(ModelDelta(choice: 1, content: JSONText(escaping: "b"))),
                ],
                [.delta(ModelDelta(choice: 0, content: JSONText(escaping: "a"), finish: .length))],
                [.delta(ModelDelta(choice: 1, finish: .stop)), .delta(ModelDelta(choice: 1, finish: .length))],
                [counted(3, 4)],
            ])
        )
        try await withStage(model) { stage in
            let sink = CompletionSink(showSteps: false)
            let plan = try plan("\"n\":2", bot: nil)
            let (_, usage) = await Turn(plan: plan, environment: stage.environment).run(sink)
            #expect(usage == Usage(promptTokens: 3, completionTokens: 4))
            let body = try JSONValue(
                parsing: sink.completion.body(identity: AnswerIdentity(created: 1, model: "m"), usage: usage)
            )
            #expect(body["choices"]?.array?.map { $0["message"]?["content"]?.string } == ["a", "b"])
            #expect(body["choices"]?.array?.map { $0["finish_reason"]?.string } == ["length", "stop"])
            #expect(body["service_tier"] == "x")
            #expect(sink.target?.0.name == "up/model-1")
        }
    }

    @Test func aFinishThatForgetsTheCalls() async throws {
        let model = ScriptedModel(.says([[called(1, "a", "theirs"), called(2, "b", "theirs"), finished(.stop)]]))
        try await withStage(model) { stage in
            let listener = Listener()
            _ = await stage.run(try plan(clientTools, bot: nil), listener)
            #expect(listener.finishes == [.toolCalls])
            #expect(listener.deltas.flatMap(\.toolCalls).map(\.index) == [0, 1])
        }
    }

    @Test func whatIsKnownOfResultsGoesWithEachRound() async throws {
        for bot in [nil, try bot()] {
            let model = ScriptedModel(.answers("x"))
            try await withStage(model) { stage in
                var plan = try plan(bot: bot)
                plan.failedResults = ["a": "Error: "]
                _ = await stage.run(plan)
            }
            #expect(model.calls.map(\.failedResults) == [["a": "Error: "]])
        }
    }

    @Test func noFinishAtAllIsAStop() async throws {
        try await withStage(ScriptedModel(.says([[said("x")]]))) { stage in
            let listener = Listener()
            _ = await stage.run(try plan(bot: nil), listener)
            #expect(listener.finishes == [.stop])
            let row = try #require(try await stage.usage().first)
            #expect(try row.int("is_estimated") == 1)
            #expect(row["bot_id"] == .null)
        }
    }

    @Test func aChoiceThatIsNotCompleteIsNoAnswer() async throws {
        let half = ModelDelta(choice: 1, content: JSONText(escaping: "b"))
        try await withStage(ScriptedModel(.says([[said("a"), finished(.stop), .delta(half)]]))) { stage in
            let listener = Listener()
            let end = await stage.run(try plan("\"n\":2", bot: nil), listener).end
            #expect(end.label == "upstream_error")
            #expect(listener.finishes.isEmpty)
        }
    }

    @Test func choicesThatNobodyAskedForAreDropped() async throws {
        let other = ModelDelta(choice: 1, content: JSONText(escaping: "b"), finish: .stop)
        try await withStage(ScriptedModel(.says([[said("a"), finished(.stop), .delta(other)]]))) { stage in
            let listener = Listener()
            let end = await stage.run(try plan(bot: nil), listener).end
            #expect(end.label == "finished")
            #expect(listener.text == "a")
            #expect(listener.finishes == [.stop])
        }
    }

    @Test func aModelThatTheUpstreamDoesNotHave() async throws {
        try await withStage(ScriptedModel(.refuses(.modelNotFound))) { stage in
            var own = try plan(bot: nil)
            own.route = ModelRoute(name: "up/other", targets: [RouteTarget(provider: "up", model: "other")])
            #expect(await stage.run(own).end.label == "model_not_found")
            // What is configured is there as far as callers can see: that it is not is no fault of theirs.
            var target = try plan(bot: nil)
            target.route = ModelRoute(name: "up/model-1", targets: Stage.route.targets)
            for plan in [try plan(bot: nil), target, try plan(bot: bot())] {
                guard case .failed(let error) = await stage.run(plan).end else {
                    Issue.record("it should fail")
                    return
                }
                #expect(error.status == 502 && error.message == "refused")
            }
            let types = try await stage.usage().map { try $0.text("error_type") }
            #expect(types == ["caller_model_unknown"] + Array(repeating: "ours_misconfigured", count: 3))
        }
    }

    /// A model that writes without end is cut where the answer is kept as a whole.
    @Test func aWholeAnswerHasABound() async throws {
        let text = JSONText(escaping: String(repeating: "x", count: 1 << 20))
        for piece in [ModelDelta(content: text), ModelDelta(reasoning: text), ModelDelta(refusal: text)] {
            let model = ScriptedModel(.says(Array(repeating: [.delta(piece)], count: 17) + [[finished(.stop)]]))
            try await withStage(model) { stage in
                let whole = await Turn(plan: try plan(bot: nil), environment: stage.environment)
                    .run(CompletionSink(showSteps: false)).end
                #expect(whole.label == "upstream_error" && model.rounds[0].isCancelled)
                // Nothing of a stream is kept.
                #expect(await stage.run(try plan(#""stream":true"#, bot: nil)).end.label == "finished")
            }
        }
    }

    @Test func itDiesMidway() async throws {
        let model = ScriptedModel(.breaks([[said("x")]], .connectionLost))
        try await withStage(model) { stage in
            let listener = Listener()
            let end = await stage.run(try plan(bot: nil), listener).end
            #expect(end.label == "upstream_error")
            #expect(listener.finishes.isEmpty)
            #expect(model.rounds[0].isCancelled)
            #expect(try await stage.outcomes() == ["upstream_error"])
        }
    }

    @Test func nobodyListens() async throws {
        let model = ScriptedModel(.hangs([[said("x")]]))
        try await withStage(model) { stage in
            for word in ["began", "delta"] {
                let listener = Listener { event in
                    switch event {
                    case .began: word == "began"
                    case .delta: word == "delta"
                    default: false
                    }
                }
                let end = await stage.run(try plan(bot: nil), listener).end
                #expect(end.label == "client_gone")
            }
            #expect(model.rounds.map(\.isCancelled) == [true, true])
            #expect(try await stage.outcomes() == ["client_gone", "client_gone"])
        }
    }
}
