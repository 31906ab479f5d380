// `without_approval` in bot files: what it takes, and how its faults are named.

import JSON
import Testing
import Tools
import YAML

@testable import Conversation

@Suite struct BotApprovalTests {
    private func read(_ text: String) throws -> Bot {
        let hand = Switch()
        let context = BotContext(
            registry: try ToolRegistry([tool("alert_get"), hand.tool(), hand.tool("alert_assign")]),
            hasModel: { $0 == "default" },
            prompt: { _ in ("prompts/ops.md", "x") }
        )
        return try BotFile.read(text, file: "bots/b.yaml", context: context)
    }

    @Test func ofTheBotAndOfASkill() throws {
        let bot = try read(
            """
            id: b
            prompt: ops
            tools: [alert_*, alert_close, alert_assign]
            without_approval: [alert_close]
            skills:
              - {id: one, prompt: ops, tools: [alert_assign], without_approval: [alert_assign]}
              - {id: two, prompt: ops, tools: [alert_assign]}
            """
        )
        #expect(bot.withoutApproval == ["alert_close"])
        #expect(bot.skills.map(\.withoutApproval) == [["alert_assign"], []])
        #expect(try read("id: b\nprompt: ops\n").withoutApproval.isEmpty)
    }

    @Test(arguments: [
        ("tools: [alert_*]\nwithout_approval:\n  - alert_close", 5, "full name must stand in the `tools`"),
        ("tools: [alert_close]\nwithout_approval: [alert_*]", 4, "there is no tool alert_*"),
        ("tools: [alert_get]\nwithout_approval: [alert_get]", 4, "only reads"),
        ("without_approval: [nothing]", 3, "there is no tool nothing"),
        ("without_approval: alert_close", 3, "`without_approval` must be a list"),
        (
            "tools: [alert_close]\nskills:\n  - id: s\n    prompt: ops\n    without_approval: [alert_close]", 7,
            "alert_close is not granted"
        ),
    ])
    func faults(_ rest: String, line: Int, reason: String) throws {
        let fault = #expect(throws: YAMLFault.self) { try read("id: b\nprompt: ops\n\(rest)\n") }
        #expect(fault?.line == line)
        #expect(fault?.reason.contains(reason) == true, "\(fault?.reason ?? "")")
    }
}
