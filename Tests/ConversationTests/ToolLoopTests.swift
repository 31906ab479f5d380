// The tool loop as a whole: calls side by side, their order, what is refused, and where it stops.

import Identity
import JSON
import OpenAIProtocol
import Providers
import Support
import Testing
import Tools

@testable import Conversation

@Suite struct ToolLoopTests {
    @Test func anAnswerThroughATool() async throws {
        let model = ScriptedModel(
            .says([
                [said("Let me "), said("look.")], [called(0, "c1", "look", #"{"x":1}"#)],
                [finished(.toolCalls), counted(10, 3)],
            ]),
            .says([[said("Seven.")], [finished(.stop), counted(20, 4)]])
        )
        try await withStage(model) { stage in
            let listener = Listener()
            let look = tool("look") { arguments, context in
                #expect(context.caller.userID == 7)
                return ToolResult(data: .object(["x": arguments["x"] ?? .null]), total: 7, returned: 7)
            }
            let (end, usage) = await stage.run(try plan(bot: bot(), tools: [look]), listener)
            #expect(end.label == "finished")
            #expect(usage == Usage(promptTokens: 30, completionTokens: 7))
            #expect(listener.text == "Let me look.Seven.")
            #expect(listener.finishes == [.stop])
            #expect(listener.calls.isEmpty)
            #expect(listener.stepWords == ["look:started", "look:ok"])
            let second = try model.messages(1)
            #expect(second.map { $0["role"]?.string } == ["system", "user", "assistant", "tool"])
            #expect(second[0]["content"] == "You are test-bot.")
            #expect(second[2]["content"] == "Let me look.")
            #expect(second[2]["tool_calls"]?[0]?["function"] == ["name": "look", "arguments": #"{"x":1}"#])
            #expect(try model.results(1)[0]?["data"] == ["x": 1])
            #expect(model.calls.map(\.model) == ["model-1", "model-1"])
        }
    }

    @Test(.timeLimit(.minutes(10))) func callsOfOneRoundRunSideBySide() async throws {
        let model = ScriptedModel(
            .says([[called(0, "a", "first"), called(1, "b", "second"), finished(.toolCalls)]]),
            .answers("ok")
        )
        // Each waits for the other: one after the other they would never end.
        let (here, there) = (Counter(), Counter())
        let first = tool("first") { _, _ in
            here.up()
            try await eventually("the second runs") { there.value > 0 ? true : nil }
            return ToolResult(data: "first")
        }
        let second = tool("second") { _, _ in
            there.up()
            try await eventually("the first runs") { here.value > 0 ? true : nil }
            return ToolResult(data: "second")
        }
        try await withStage(model) { stage in
            _ = await stage.run(try plan(bot: bot(), tools: [first, second]))
            #expect(try model.results(1).array?.map { $0["data"]?.string } == ["first", "second"])
        }
    }

    @Test func resultsStandInTheOrderOfTheCalls() async throws {
        let model = ScriptedModel(
            .says([[called(0, "a", "slow"), called(1, "b", "quick"), called(2, "c", "none"), finished(.toolCalls)]]),
            .answers("ok")
        )
        let quickIsDone = Counter()
        let slow = tool("slow") { _, _ in
            try await eventually("the quick one is done") { quickIsDone.value > 0 ? true : nil }
            return ToolResult(data: "slow")
        }
        let quick = tool("quick") { _, _ in
            quickIsDone.up()
            return ToolResult(data: "quick")
        }
        try await withStage(model) { stage in
            let listener = Listener()
            _ = await stage.run(try plan(bot: bot(), tools: [slow, quick]), listener)
            #expect(try model.ids(1).results == model.ids(1).calls)
            #expect(try model.results(1)[0]?["data"] == "slow")
            #expect(try model.results(1)[1]?["data"] == "quick")
            #expect(try model.results(1)[2]?["status"] == "error")
            #expect(listener.stepWords.filter { $0.hasPrefix("none") } == ["none:refused"])
        }
    }

    @Test func unknownToolsAndBadArgumentsAreTold() async throws {
        let model = ScriptedModel(
            .says([
                [
                    called(0, "a", "lok"), called(1, "b", "look", #"{"y":1}"#), called(2, "c", "look", #"{"x":"#),
                    called(3, "d", "look", ""), finished(.toolCalls),
                ]
            ]),
            .answers("ok")
        )
        try await withStage(model) { stage in
            let runs = Counter()
            let look = tool("look") { _, _ in
                runs.up()
                return ToolResult(data: "done")
            }
            let (end, _) = await stage.run(try plan(clientTools, bot: bot(), tools: [look]))
            #expect(end.label == "finished")
            #expect(runs.value == 1)
            let results = try model.results(1)
            #expect(results[0]?["status"] == "error")
            #expect(results[0]?["hint"] == "Available tools: look, theirs.")
            #expect(results[1]?["message"]?.string?.contains("valid are `x`") == true)
            #expect(results[2]?["message"]?.string?.contains("not valid JSON") == true)
            #expect(results[3]?["status"] == "ok")
            // Upstreams parse the arguments of earlier calls: what cannot be parsed does not go back to them.
            let arguments = try model.messages(1).first { $0["tool_calls"] != nil }?["tool_calls"]?.array ?? []
            #expect(arguments.map { $0["function"]?["arguments"]?.string } == ["{}", #"{"y":1}"#, "{}", "{}"])
        }
    }

    @Test func theThirdIdenticalCallIsRefused() async throws {
        let model = ScriptedModel(
            .calls("look", #"{"x":1}"#, id: "a"),
            .calls("look", #"{ "x" : 1 }"#, id: "b"),
            .calls("look", #"{"x":1}"#, id: "c"),
            .calls("look", #"{"x":2}"#, id: "d"),
            .answers("ok")
        )
        try await withStage(model) { stage in
            let runs = Counter()
            let look = tool("look") { _, _ in
                runs.up()
                return ToolResult(data: "done")
            }
            _ = await stage.run(try plan(bot: bot(), tools: [look]))
            #expect(runs.value == 3)
            #expect(
                try model.results(4).array?.map { $0["status"]?.string } == ["ok", "ok", "error", "ok"]
            )
            #expect(try model.results(4)[2]?["message"]?.string?.contains("identical call") == true)
        }
    }

    @Test func theLastRoundHasNoTools() async throws {
        let model = ScriptedModel(
            .calls("look", id: "a"),
            .calls("look", #"{"x":1}"#, id: "b"),
            .says([[said("Enough."), called(0, "c", "look"), finished(.toolCalls), counted(1, 1)]])
        )
        var limits = TurnLimits.patient
        limits.rounds = 3
        try await withStage(model) { [limits] stage in
            let listener = Listener()
            let members = #""tool_choice":"required","parallel_tool_calls":false,"seed":1"#
            let (end, _) = await stage.run(try plan(members, bot: bot(limits: limits), tools: [tool("look")]), listener)
            #expect(end.label == "finished")
            #expect(model.calls.map(\.tools.count) == [1, 1, 0])
            #expect(model.calls.map { $0.toolChoice?.text } == ["\"required\"", nil, nil])
            let parameters = model.calls.map { String(decoding: $0.parameters, as: UTF8.self) }
            #expect(
                parameters == [
                    #""parallel_tool_calls":false,"seed":1"#, #""parallel_tool_calls":false,"seed":1"#, #""seed":1"#,
                ]
            )
            #expect(listener.text == "Enough.")
            #expect(listener.finishes == [.stop])
        }
    }

    @Test func aSingleRoundIsTheAnswer() async throws {
        let model = ScriptedModel(.says([[said("So."), called(0, "a", "theirs"), finished(.toolCalls)]]))
        var limits = TurnLimits.patient
        limits.rounds = 1
        try await withStage(model) { [limits] stage in
            let listener = Listener()
            _ = await stage.run(try plan(clientTools, bot: bot(limits: limits), tools: [tool("look")]), listener)
            #expect(model.calls.map(\.tools.count) == [0])
            #expect(listener.calls.isEmpty)
            #expect(listener.finishes == [.stop])
        }
    }

    @Test func noneStaysNone() async throws {
        let model = ScriptedModel(.calls("look"), .answers("ok"))
        try await withStage(model) { stage in
            _ = await stage.run(try plan(#""tool_choice":"none""#, bot: bot(), tools: [tool("look")]))
            #expect(model.calls.map { $0.toolChoice?.text } == ["\"none\"", "\"none\""])
        }
    }

    @Test func theFinishOfTheModelIsKept() async throws {
        for reason in [FinishReason.length, .contentFilter, .stop] {
            let model = ScriptedModel(.says([[said("x"), finished(reason)]]))
            try await withStage(model) { stage in
                let listener = Listener()
                _ = await stage.run(try plan(bot: bot()), listener)
                #expect(listener.finishes == [reason])
            }
        }
    }

    @Test func aToolThatFailsIsToldInGeneralWords() async throws {
        struct Broken: Error { let secret = "password=1" }
        let model = ScriptedModel(.calls("look", id: "a"), .answers("ok"))
        try await withStage(model) { stage in
            let (end, _) = await stage.run(try plan(bot: bot(), tools: [tool("look") { _, _ in throw Broken() }]))
            #expect(end.label == "finished")
            #expect(try model.results(1)[0]?["status"] == "error")
            #expect(try model.results(1)[0]?.text.contains("password") == false)
        }
    }

    @Test func whatTheCallerMayNotUseIsNotOffered() async throws {
        let model = ScriptedModel(.calls("restart", id: "a"), .answers("ok"))
        let viewer = Caller(
            userID: 1,
            username: "v",
            role: .viewer,
            teams: [1],
            credential: .init(kind: .token, name: "t")
        )
        try await withStage(model) { stage in
            let runs = Counter()
            let restart = tool("restart", permission: .alertsManage) { _, _ in
                runs.up()
                return ToolResult()
            }
            _ = await stage.run(try plan(bot: bot(), tools: [restart, tool("look")], caller: viewer))
            #expect(model.calls[0].tools.map(\.name) == ["look"])
            #expect(try model.results(1)[0]?["hint"] == "Available tools: look.")
            #expect(runs.value == 0)
        }
    }
}
