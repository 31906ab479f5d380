// From a call that writes to the person's word: what waits, what is told, what runs, and once only.

import Identity
import JSON
import Logging
import OpenAIProtocol
import Providers
import Storage
import Support
import Testing
import Tools

@testable import Conversation

@Suite struct ApprovalTests {
    private static let close = Act.calls("alert_close", #"{"id":17,"reason":"fixed"}"#)

    @Test(arguments: Engine.allCases)
    func askedToldConfirmedDone(_ engine: Engine) async throws {
        let (hand, bot) = (Switch(), try bot(["alert_close"]))
        let model = ScriptedModel(Self.close, .answers("I have closed it."))
        try await withStage(model, on: engine, tools: [hand.tool()], bot: bot) { stage in
            let answer = try await stage.say("close alert 17", to: bot, [hand.tool()])
            #expect(hand.runs.isEmpty)
            let result = try #require(try model.results(1)[0])
            #expect(result["status"] == "approval_required")
            let code = try code(in: answer)
            #expect(result["data"]?["code"]?.string == code)
            #expect(result["data"]?["would"] == "Close alert 17")
            // Whatever the model says, ours stands at the end.
            #expect(answer.hasPrefix("I have closed it.\n\n---\n\n**Nothing has been done yet."))
            #expect(answer.contains("\n- Close alert 17 — reply `confirm \(code)` (valid for 10 min)\n"))
            #expect(answer.contains("ten minutes"))

            let done = try await stage.say("confirm \(code)", to: bot, [hand.tool()])
            #expect(done.hasPrefix("**Done:** Close alert 17"))
            #expect(done.contains("- `id=17` `ok=true`"))
            #expect(hand.runs == [["id": 17, "reason": "fixed"]])
            #expect(hand.callers == ["ann"])
            #expect(model.calls.count == 2, "no model is asked for a confirmation")
            #expect(try await stage.states() == ["done"])
            #expect(try await stage.audit() == ["alert_close approval_required", "alert_close ok"])

            let again = try await stage.say("confirm \(code)", to: bot, [hand.tool()])
            #expect(again.contains("used already"))
            #expect(hand.runs.count == 1)
            let usage = try await stage.usage()
            #expect(try usage.map { try $0.text("outcome") } == ["finished", "finished", "finished"])
            #expect(try usage.map { try $0.int("rounds") } == [2, 0, 0])
            #expect(try usage.map { try $0.text("tools") } == ["alert_close", "alert_close", ""])
            #expect(try usage[1].int("prompt_tokens") == 0 && usage[1].int("completion_tokens") == 0)
            #expect(try usage.map { try $0.text("bot_id") } == ["bot-1", "bot-1", "bot-1"])
        }
    }

    @Test func inChinese() async throws {
        let (hand, bot) = (Switch(), try bot(["alert_close"]))
        try await withStage(ScriptedModel(Self.close, .answers("好的")), tools: [hand.tool()], bot: bot) { stage in
            let answer = try await stage.say("关闭告警 17", to: bot, [hand.tool()])
            #expect(answer.contains("**尚未执行任何操作"))
            #expect(answer.contains("10 分钟内有效") && answer.contains("十分钟"))
            let code = try code(in: answer)
            let done = try await stage.say("确认 \(code)", to: bot, [hand.tool()])
            #expect(done.hasPrefix("**已执行：**Close alert 17"))
            let again = try await stage.say("confirm \(code)", to: bot, [hand.tool()])
            #expect(again.contains("已使用"), "the language of the question that was asked")
        }
    }

    @Test func theIdenticalCallKeepsItsCode() async throws {
        let (hand, bot) = (Switch(), try bot(["alert_close"]))
        let model = ScriptedModel(
            .calls("alert_close", #"{"id":17,"reason":"x"}"#, id: "a"),
            .calls("alert_close", #"{ "reason" : "x", "id" : 17 }"#, id: "b"),
            .calls("alert_close", #"{"id":18,"reason":"x"}"#, id: "c"),
            .answers("")
        )
        try await withStage(model, tools: [hand.tool()], bot: bot) { stage in
            let answer = try await stage.say("close them", to: bot, [hand.tool()])
            let results = try #require(try model.results(3).array)
            let codes = results.compactMap { $0["data"]?["code"]?.string }
            #expect(codes.count == 3 && codes[0] == codes[1] && codes[0] != codes[2])
            #expect(try await stage.states() == ["pending", "pending"])
            #expect(answer.ranges(of: "`confirm ").count == 2, "one line for each: \(answer)")
            #expect(answer.hasPrefix("**Nothing has been done yet"), "no rule above an answer of ours alone")
            let done = try await stage.say("confirm \(codes[2])", to: bot, [hand.tool()])
            #expect(done.contains("Close alert 18"))
            #expect(hand.runs == [["id": 18, "reason": "x"]])
            #expect(try await stage.states() == ["pending", "done"])
        }
    }

    @Test func cancelled() async throws {
        let (hand, bot) = (Switch(), try bot(["alert_close"]))
        try await withStage(ScriptedModel(Self.close, .answers("ok")), tools: [hand.tool()], bot: bot) { stage in
            let code = try code(in: try await stage.say("close 17", to: bot, [hand.tool()]))
            #expect(try await stage.say("cancel \(code)", to: bot, [hand.tool()]).hasPrefix("**Cancelled:**"))
            #expect(try await stage.say("confirm \(code)", to: bot, [hand.tool()]).contains("has been cancelled"))
            #expect(hand.runs.isEmpty)
            #expect(try await stage.states() == ["refused"])
            #expect(try await stage.audit() == ["alert_close approval_required", "alert_close rejected"])
        }
    }

    @Test(arguments: Engine.allCases)
    func aCodeExpires(_ engine: Engine) async throws {
        let (hand, bot, clock) = (Switch(), try bot(["alert_close"]), TestClock())
        let model = ScriptedModel(Self.close, .answers("ok"), Self.close, .answers("ok"))
        try await withStage(model, on: engine, tools: [hand.tool()], bot: bot, clock: clock.clock) { stage in
            let first = try code(in: try await stage.say("close 17", to: bot, [hand.tool()]))
            clock.pass(minutes: 7)
            #expect(try await stage.environment.approvals.pending(for: Stage.caller).count == 1)
            clock.pass(minutes: 3)
            #expect(try await stage.environment.approvals.pending(for: Stage.caller).count == 0)
            #expect(try await stage.say("confirm \(first)", to: bot, [hand.tool()]).contains("has expired"))
            #expect(try await stage.say("cancel \(first)", to: bot, [hand.tool()]).contains("has expired"))
            #expect(hand.runs.isEmpty)
            let second = try code(in: try await stage.say("close 17", to: bot, [hand.tool()]))
            #expect(second != first)
            #expect(try await stage.states() == ["expired", "pending"])
        }
    }

    @Test func aFailureAndAWarningAreTold() async throws {
        let (hand, bot) = (Switch(), try bot(["alert_close"]))
        let model = ScriptedModel(Self.close, .answers("ok"), Self.close, .answers("ok"))
        try await withStage(model, tools: [hand.tool()], bot: bot) { stage in
            hand.answers(.error("Alert 17 is closed already.", hint: "Look *first*."))
            let first = try code(in: try await stage.say("close 17", to: bot, [hand.tool()]))
            let failed = try await stage.say("confirm \(first)", to: bot, [hand.tool()])
            #expect(failed.hasPrefix("**Failed:** Close alert 17"))
            #expect(failed.contains("Alert 17 is closed already.") && failed.contains(#"Look \*first\*."#))
            #expect(try await stage.say("confirm \(first)", to: bot, [hand.tool()]).contains("this failed"))
            hand.answers(ToolResult(data: [["id": 17, "status": "closed"]], hint: "It could not be read back."))
            let second = try code(in: try await stage.say("close 17", to: bot, [hand.tool()]))
            let done = try await stage.say("confirm \(second)", to: bot, [hand.tool()])
            #expect(done.contains("`status=closed`") && done.contains("It could not be read back."))
            #expect(try await stage.states() == ["failed", "done"])
            let results = try await stage.approvals().map { try $0.text("result") }
            #expect(results[0].contains("closed already") && results[1].contains("read back"))
        }
    }

    @Test func withoutApprovalItRunsAtOnce() async throws {
        let hand = Switch()
        var free = try bot(["alert_close"])
        free.withoutApproval = ["alert_close"]
        let model = ScriptedModel(Self.close, .answers("Closed."))
        try await withStage(model, tools: [hand.tool()], bot: free) { [free] stage in
            let answer = try await stage.say("close 17", to: free, [hand.tool()])
            #expect(answer == "Closed.")
            #expect(hand.runs == [["id": 17, "reason": "fixed"]])
            #expect(try await stage.states().isEmpty)
            #expect(try await stage.audit() == ["alert_close ok"])
        }
    }

    @Test func aSkillAsksOrNot() async throws {
        let hand = Switch()
        let template = try PromptTemplate("x")
        for isFree in [true, false] {
            let skill = Skill(
                id: "tidy",
                name: "tidy",
                prompt: template,
                tools: ["alert_close"],
                withoutApproval: isFree ? ["alert_close"] : []
            )
            let plain = try bot(["alert_close"])
            let bot = Bot(
                id: plain.id,
                name: plain.name,
                title: "",
                description: nil,
                model: "default",
                prompt: template,
                tools: ["alert_close"],
                skills: [skill],
                limits: TurnLimits(),
                options: .init()
            )
            let registry = try ToolRegistry([hand.tool()])
            func plan(_ text: String) throws -> TurnPlan {
                try SkillRequest(["bot_id": "bot-1", "skill_id": "tidy", "user_message": .string(text)]).plan(
                    bot: bot,
                    skill: skill,
                    route: Stage.route,
                    registry: registry,
                    caller: Stage.caller,
                    requestID: "r",
                    now: 0
                )
            }
            try await withStage(ScriptedModel(Self.close, .answers("Ok.")), tools: [hand.tool()], bot: bot) { stage in
                let sink = CompletionSink(showSteps: false)
                _ = await Turn(plan: try plan("tidy up"), environment: stage.environment).run(sink)
                #expect(hand.runs.count == 1 || !isFree)
                guard !isFree else {
                    #expect(sink.completion.text == "Ok.")
                    return
                }
                let code = try code(in: sink.completion.text)
                let second = CompletionSink(showSteps: false)
                _ = await Turn(plan: try plan("confirm `\(code)`"), environment: stage.environment).run(second)
                #expect(second.completion.text.hasPrefix("**Done:**"))
                #expect(second.steps.map(\.name) == ["alert_close"])
                #expect(hand.runs.count == 2)
                let skills = try await stage.approvals().map { try $0.text("skill_id") }
                #expect(skills == ["tidy"])
            }
        }
    }

    @Test func everyCallLeavesALine() async throws {
        let (hand, bot) = (Switch(), try bot(["alert_close", "look"]))
        let tools = [hand.tool(), hand.tool("alert_assign"), tool("look")]
        let model = ScriptedModel(
            .says([
                [
                    called(0, "a", "look", #"{"x":1}"#), called(1, "b", "alert_close", #"{"reason":"secret words"}"#),
                    called(2, "c", "alert_assign", #"{"id":1}"#), called(3, "d", "no`such\ntool"),
                    called(4, "e", "alert_close", #"{"id":3}"#), finished(.toolCalls),
                ]
            ]),
            .answers("ok")
        )
        let lines = LineKeeper.Lines()
        let logger = Logger(label: "test") { _ in LineKeeper(lines: lines) }
        try await withStage(model, tools: tools, bot: bot, logger: logger) { stage in
            _ = try await stage.say("do it", to: bot, tools)
            let called = lines.all.filter { $0.hasPrefix("tool called") }
            #expect(called.count == 5)
            for (name, status) in [
                ("look", "ok"), ("alert_close", "refused"), ("alert_assign", "refused"), ("nosuchtool", "refused"),
                ("alert_close", "approval_required"),
            ] {
                #expect(called.contains { $0.contains("tool=\(name)") && $0.contains("status=\(status)") })
            }
            #expect(!called.joined().contains("secret words"))
            #expect(called.allSatisfy { $0.contains("caller=ann") && $0.contains("bot=bot-1") })
            // Reads are no matter for the audit log; writes are, whether they ran or not.
            #expect(
                try await stage.audit().sorted()
                    == ["alert_assign refused", "alert_close approval_required", "alert_close refused"]
            )
        }
    }
}
