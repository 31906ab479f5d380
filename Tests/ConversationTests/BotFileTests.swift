// Bot files against their rules: a good one read whole, each rule broken with file, line and reason.

import Testing
import Tools
import YAML

@testable import Conversation

@Suite struct BotFileTests {
    private let context: BotContext

    init() throws {
        context = BotContext(
            registry: try ToolRegistry([tool("alerts_list"), tool("alert_get")]),
            hasModel: { $0 == "default" || $0 == "up/model" },
            prompt: { name in
                switch name {
                case "ops": ("prompts/ops.md", "You are {{bot}}.")
                case "broken": ("prompts/broken.md", "Fine.\n{{nobody}}")
                default: nil
                }
            }
        )
    }

    private func read(_ text: String) throws -> Bot { try BotFile.read(text, file: "bots/b.yaml", context: context) }

    @Test func everythingThatThereCanBe() throws {
        let bot = try read(
            """
            # A comment
            id: ops-bot-001
            name: ops-assistant-bot
            title: Ops assistant
            description: Answers.
            model: up/model
            prompt: ops
            tools: [alerts_*, alert_get, cmdb_*]
            skills:
              - {id: triage, name: alert-triage, prompt: ops, tools: [alerts_list]}
              - id: second
                prompt: ops
            limits: {rounds: 3, tool_seconds: 4, turn_seconds: 5, result_bytes: 600, total_result_bytes: 7000}
            options: {temperature: 0.2, max_tokens: 9, show_steps: true}
            """
        )
        #expect(bot.id == "ops-bot-001" && bot.name == "ops-assistant-bot" && bot.title == "Ops assistant")
        #expect(bot.description == "Answers." && bot.model == "up/model")
        #expect(bot.prompt.source == "You are {{bot}}.")
        #expect(bot.tools == ["alerts_*", "alert_get", "cmdb_*"])
        #expect(bot.skills.map(\.id) == ["triage", "second"])
        #expect(bot.skills.map(\.name) == ["alert-triage", "second"])
        #expect(bot.skills.map(\.tools) == [["alerts_list"], []])
        #expect(bot.limits.rounds == 3 && bot.limits.toolTime == .seconds(4) && bot.limits.turnTime == .seconds(5))
        #expect(bot.limits.resultBytes == 600 && bot.limits.totalResultBytes == 7000)
        #expect(bot.options == Bot.Options(temperature: 0.2, maxTokens: 9, showSteps: true))
    }

    @Test func theLeastThatThereMustBe() throws {
        let bot = try read("id: b\nprompt: ops\n")
        #expect(bot.name == "b" && bot.title == "b" && bot.model == "default")
        #expect(bot.tools.isEmpty && bot.skills.isEmpty)
        #expect(bot.limits == TurnLimits() && bot.options == Bot.Options())
        #expect(
            TurnLimits().rounds == 8 && TurnLimits().toolTime == .seconds(30) && TurnLimits().turnTime == .seconds(300)
        )
        #expect(TurnLimits().identicalCalls == 2)
    }

    @Test(arguments: [
        ("", "bots/b.yaml: is empty"), ("id: [", "bots/b.yaml:"), ("- a", "bots/b.yaml:1: the file must be a mapping"),
        ("prompt: ops", "bots/b.yaml:1: `id` is missing"), ("id: b", "bots/b.yaml:1: `prompt` is missing"),
        ("id: b\nprompt: ops\npromt: x", "bots/b.yaml:3: `promt` is not known"),
        ("id: b\nid: c\nprompt: ops", "`id` is there twice"),
        ("id: a b\nprompt: ops", "bots/b.yaml:1: `id` must be 1 to 64"),
        ("id: up/x\nprompt: ops", "bots/b.yaml:1: `id` must be"),
        ("id: [b]\nprompt: ops", "bots/b.yaml:1: `id` must be a string"),
        ("id: b\nname: é\nprompt: ops", "bots/b.yaml:2: `name` must be"),
        ("id: b\nprompt: ops\nmodel: gone", "bots/b.yaml:3: `model` gone is neither"),
        ("id: b\nprompt: gone", "bots/b.yaml:2: there is no prompt gone.md"),
        ("id: b\nprompt: broken", "prompts/broken.md:2: `{{nobody}}` is not known"),
        ("id: b\nprompt: ops\ntools: alerts_list", "bots/b.yaml:3: `tools` must be a list"),
        (
            "id: b\nprompt: ops\ntools:\n  - alerts_list\n  - alerts_lst",
            "bots/b.yaml:5: there is no tool alerts_lst; there are alert_get, alerts_list"
        ),
        ("id: b\nprompt: ops\nskills: [{id: s}]", "bots/b.yaml:3: `skills[0].prompt` is missing"),
        ("id: b\nprompt: ops\nskills: [{prompt: ops}]", "`skills[0].id` is missing"),
        (
            "id: b\nprompt: ops\nskills:\n  - {id: s, prompt: ops}\n  - {id: s, prompt: ops}",
            "bots/b.yaml:5: the skill s is there twice"
        ),
        ("id: b\nprompt: ops\nskills: [{id: s, prompt: ops, tols: []}]", "`skills[0].tols` is not known"),
        ("id: b\nprompt: ops\nlimits: {rounds: 0}", "bots/b.yaml:3: `limits.rounds` must be from 1 to 50"),
        ("id: b\nprompt: ops\nlimits: {rounds: \"8\"}", "`limits.rounds` must be a whole number"),
        ("id: b\nprompt: ops\nlimits: {tool_seconds: 601}", "`limits.tool_seconds` must be from 1 to 600"),
        ("id: b\nprompt: ops\nlimits: {turn_seconds: -1}", "`limits.turn_seconds` must be from"),
        ("id: b\nprompt: ops\nlimits: {result_bytes: 499}", "`limits.result_bytes` must be from"),
        ("id: b\nprompt: ops\nlimits: {total_result_bytes: 999}", "`limits.total_result_bytes` must be from"),
        ("id: b\nprompt: ops\nlimits: {round: 1}", "`limits.round` is not known"),
        ("id: b\nprompt: ops\noptions: {temperature: 2.1}", "`options.temperature` must be from"),
        ("id: b\nprompt: ops\noptions: {temperature: hot}", "`options.temperature` must be a number"),
        ("id: b\nprompt: ops\noptions: {max_tokens: 0}", "`options.max_tokens` must be from"),
        ("id: b\nprompt: ops\noptions: {show_steps: maybe}", "`options.show_steps` must be true or false"),
        ("id: b\nprompt: ops\noptions: {top_k: 1}", "`options.top_k` is not known"),
    ]) func aBrokenRuleIsNamed(_ text: String, _ fault: String) {
        let found = #expect(throws: YAMLFault.self) { try read(text) }
        #expect(found?.description.contains(fault) == true, "\(found?.description ?? "-")")
    }
}
