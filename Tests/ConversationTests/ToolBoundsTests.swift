// Bounds of time and bytes: a tool that hangs holds nobody, and results share what is left.

import Identity
import JSON
import Logging
import OpenAIProtocol
import Providers
import Support
import Synchronization
import Testing
import Tools

@testable import Conversation

/// A tool's work that hears no cancellation: it ends when the test says so.
final class Stubborn: Sendable {
    private let waiting = Mutex<(isReleased: Bool, waiters: [CheckedContinuation<Void, Never>])>((false, []))
    let started = Counter()

    func work() async {
        started.up()
        await withCheckedContinuation { continuation in
            let isReleased = waiting.withLock { state in
                if !state.isReleased { state.waiters.append(continuation) }
                return state.isReleased
            }
            if isReleased { continuation.resume() }
        }
    }

    func release() {
        let waiters = waiting.withLock { state in
            state.isReleased = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }
}

@Suite struct ToolBoundsTests {
    @Test(.timeLimit(.minutes(10))) func aToolThatIgnoresItsTimeIsLeftBehind() async throws {
        let stubborn = Stubborn()
        defer { stubborn.release() }
        let model = ScriptedModel(
            .says([[called(0, "a", "stuck"), called(1, "b", "look"), finished(.toolCalls)]]),
            .answers("ok"),
            .calls("stuck"),
            .answers("ok")
        )
        func stuck(_ time: Duration) -> Tool {
            tool("stuck", budget: ToolBudget(time: time)) { _, _ in
                await stubborn.work()
                return ToolResult(data: "too late")
            }
        }
        try await withStage(model) { stage in
            let tools = [stuck(.milliseconds(50)), tool("look")]
            #expect(try await stage.run(plan(bot: bot(), tools: tools)).end.label == "finished")
            try await eventually("it has been started") { stubborn.started.value == 1 }
            #expect(try model.results(1)[0]?["message"]?.string?.contains("did not answer") == true)
            #expect(try model.results(1)[1]?["status"] == "ok")
            // The bot's time is as good as the tool's own.
            var limits = TurnLimits.patient
            limits.toolTime = .milliseconds(50)
            let alone = try plan(bot: bot(limits: limits), tools: [stuck(.seconds(600))])
            let (end, _) = await stage.run(alone)
            #expect(end.label == "finished")
            #expect(try model.results(3)[0]?["message"]?.string?.contains("did not answer") == true)
        }
    }

    @Test(.timeLimit(.minutes(10))) func theToolsOwnTimeCountsToo() async throws {
        let model = ScriptedModel(.calls("slow", id: "a"), .answers("ok"))
        try await withStage(model) { stage in
            let slow = tool("slow", budget: ToolBudget(time: .milliseconds(20))) { _, _ in
                try await Task.sleep(for: .seconds(600))
                return ToolResult()
            }
            _ = await stage.run(try plan(bot: bot(), tools: [slow]))
            #expect(try model.results(1)[0]?["status"] == "error")
        }
    }

    @Test(.timeLimit(.minutes(10))) func theTurnsTimeEndsASilentUpstream() async throws {
        for time in [Duration.milliseconds(100), .seconds(1), .seconds(10)] {
            if try await aSilentUpstreamIsEnded(after: time) { return }
        }
        Issue.record("no round began in time")
    }

    /// - Returns: false when the time was over before the upstream had been asked.
    private func aSilentUpstreamIsEnded(after time: Duration) async throws -> Bool {
        let model = ScriptedModel(.hangs([[said("Well")]]))
        var limits = TurnLimits.patient
        limits.turnTime = time
        var hasBegun = false
        try await withStage(model) { [limits] stage in
            let (end, _) = await stage.run(try plan(bot: bot(limits: limits)))
            #expect(end.label == "turn_timeout")
            #expect(try await stage.outcomes() == ["turn_timeout"])
            hasBegun = !model.rounds.isEmpty
            #expect(model.rounds.map(\.isCancelled) == (hasBegun ? [true] : []))
        }
        return hasBegun
    }

    @Test func oneResultHasItsBytes() async throws {
        let model = ScriptedModel(.calls("big", id: "a"), .answers("ok"))
        var limits = TurnLimits.patient
        limits.resultBytes = 1000
        try await withStage(model) { [limits] stage in
            let big = tool("big") { _, context in
                #expect(context.bytes == 1000)
                return ToolResult(
                    data: .array(Array(repeating: "0123456789", count: 1000)),
                    total: 1000,
                    returned: 1000
                )
            }
            _ = await stage.run(try plan(bot: bot(limits: limits), tools: [big]))
            let result = try #require(try model.results(1)[0])
            #expect(result.bytes.count <= 1000)
            #expect(result["total"] == 1000)
            #expect(result["truncated"] == true)
        }
    }

    @Test func allResultsOfARoundShareWhatIsLeft() async throws {
        let calls = (0..<10).map { called($0, "c\($0)", "big", "{\"x\":\($0)}") }
        let model = ScriptedModel(.says([calls + [finished(.toolCalls)]]), .answers("ok"))
        var limits = TurnLimits.patient
        limits.totalResultBytes = 20_000
        try await withStage(model) { [limits] stage in
            let big = tool("big") { _, _ in
                ToolResult(data: .array(Array(repeating: "0123456789", count: 5000)), total: 5000)
            }
            _ = await stage.run(try plan(bot: bot(limits: limits), tools: [big]))
            let sizes = try model.results(1).array?.map(\.bytes.count) ?? []
            #expect(sizes.count == 10)
            #expect(sizes.reduce(0, +) <= 20_000)
            #expect(sizes.allSatisfy { $0 > 1000 })
        }
    }

    @Test func whenTheBytesAreUsedUpTheNextRoundIsTheLast() async throws {
        let model = ScriptedModel(
            .says([[called(0, "a", "big"), called(1, "b", "big", #"{"x":1}"#), finished(.toolCalls)]]),
            .answers("ok")
        )
        var limits = TurnLimits.patient
        limits.totalResultBytes = 1000
        try await withStage(model) { [limits] stage in
            let big = tool("big") { _, _ in
                ToolResult(data: .array(Array(repeating: .string(String(repeating: "x", count: 400)), count: 9)))
            }
            _ = await stage.run(try plan(bot: bot(limits: limits), tools: [big]))
            #expect(model.calls.count == 2)
            let sizes = try model.results(1).array?.map(\.bytes.count) ?? []
            #expect(sizes.count == 2)
            #expect(sizes.allSatisfy { $0 <= 500 })
        }
    }

    @Test func aFloodOfCallsIsCutOff() throws {
        var loop = ToolLoop(limits: TurnLimits(), tools: [tool("look")], clientTools: [])
        let verdicts = loop.judge(
            (0..<20).map { ToolCall(id: "\($0)", name: "look", arguments: JSONText(escaping: "{\"x\":\($0)}")) }
        )
        let running = verdicts.count { if case .run = $0 { true } else { false } }
        #expect(running == 16)
        #expect(loop.ran.count == 16)
    }

    @Test func exhaustionRefusesWhatComesAfter() throws {
        var limits = TurnLimits.patient
        limits.totalResultBytes = 1000
        let look = tool("look")
        var loop = ToolLoop(limits: limits, tools: [look], clientTools: [])
        #expect(loop.budget(for: look, sharing: 1) == 1000)
        loop.count(resultBytes: 1000)
        #expect(loop.isExhausted)
        #expect(loop.budget(for: look, sharing: 4) == 500)
        guard case .refuse(let result) = loop.judge([ToolCall(id: "a", name: "look", arguments: JSONText())])[0] else {
            Issue.record("ran although no room is left")
            return
        }
        #expect(result.message?.contains("No room is left") == true)
    }

    @Test func theOrderOfArgumentsMakesNoOtherCall() throws {
        let any = Tool(name: "any", summary: "", parameters: ["type": "object"], permission: .alertsView) { _, _ in
            ToolResult()
        }
        var loop = ToolLoop(limits: TurnLimits(), tools: [any], clientTools: [])
        let texts = [
            #"{"a":1,"b":{"c":[1,2],"d":null}}"#, #"{"b":{"d":null,"c":[1,2]},"a":1}"#,
            #"{ "a":1, "b":{"c":[1, 2],"d":null} }"#,
        ]
        let refused = texts.map { text in
            if case .refuse = loop.judge([ToolCall(id: "x", name: "any", arguments: JSONText(escaping: text))])[0] {
                true
            } else {
                false
            }
        }
        #expect(refused == [false, false, true])
    }

    @Test func theRunnerAsksForThePermissionAgain() async {
        let viewer = Caller(
            userID: 1,
            username: "v",
            role: .viewer,
            teams: [1],
            credential: .init(kind: .token, name: "t")
        )
        let runs = Counter()
        let restart = tool("restart", permission: .alertsManage) { _, _ in
            runs.up()
            return ToolResult()
        }
        let call = ToolCall(id: "a", name: "restart", arguments: JSONText())
        let outcome = await ToolRunner(caller: viewer, now: 0, logger: Logger(label: "test"), requestID: "r")
            .run(.init(call: call, tool: restart, arguments: [:], bytes: 1000, time: .seconds(5)))
        #expect(outcome.status == .error)
        #expect(String(decoding: outcome.json, as: UTF8.self).contains("alerts.manage"))
        #expect(runs.value == 0)
    }
}
