// The body of `skill_execute` and the turn that it becomes.

import JSON
import OpenAIProtocol
import Resources
import Testing
import Tools

@testable import Conversation

@Suite struct SkillRequestTests {
    private static let least: JSONObject = ["bot_id": "bot-1", "skill_id": "triage", "user_message": "what is firing?"]

    private func with(_ name: String, _ value: JSONValue) -> JSONObject {
        var body = Self.least
        body[name] = value
        return body
    }

    @Test func theLeastAndTheMost() throws {
        let least = try SkillRequest(Self.least)
        #expect(least.botID == "bot-1" && least.skillID == "triage" && least.userMessage == "what is firing?")
        #expect(least.senderID == nil && least.channel == nil && least.history.isEmpty)
        var body = with("sender_id", "u1")
        body["channel"] = "wecom"
        body["bot_id"] = 12
        body["chat_history"] = [
            ["role": "user", "content": "a"], ["event": "bot", "text": "b"], ["event": "user", "message": "c"],
            ["role": "assistant", "content": "d"],
        ]
        let most = try SkillRequest(body)
        #expect(most.botID == "12")
        #expect(most.senderID == "u1" && most.channel == "wecom")
        #expect(most.history.map(\.role) == ["user", "assistant", "user", "assistant"])
        #expect(most.history.map(\.text) == ["a", "b", "c", "d"])
        #expect(try SkillRequest(with("chat_history", .null)).history.isEmpty)
    }

    @Test func everyFaultIsNamed() {
        let error = #expect(throws: ResourceError.self) {
            try SkillRequest([
                "bot_id": "", "user_message": [1], "sender_id": true,
                "chat_history": [["role": "system", "content": "x"], 7], "odd": 1,
            ])
        }
        #expect(
            error?.errors.map(\.field).sorted()
                == ["bot_id", "chat_history[0]", "chat_history[1]", "odd", "sender_id", "skill_id", "user_message"]
        )
        let list = #expect(throws: ResourceError.self) { try SkillRequest(with("chat_history", "x")) }
        #expect(list?.errors == [FieldError("chat_history", "must be a list")])
    }

    @Test func theTurnOfASkill() throws {
        let skill = Skill(
            id: "triage",
            name: "t",
            prompt: try PromptTemplate("Sort with {{tools}}."),
            tools: ["alerts_*", "node_get"]
        )
        let request = try SkillRequest(with("chat_history", [["role": "user", "content": "a \"b\""]]))
        let plan = try request.plan(
            bot: bot(["alerts_*", "cmdb_get"]),
            skill: skill,
            route: Stage.route,
            registry: ToolRegistry([tool("alerts_list"), tool("node_get"), tool("cmdb_get")]),
            caller: Stage.caller,
            requestID: "r",
            now: 0
        )
        #expect(plan.tools.map(\.name) == ["alerts_list"])
        #expect(plan.systemPrompt == "You are test-bot.\n\nSort with alerts_list.")
        #expect(plan.surface == "skill_execute")
        #expect(!plan.stream)
        #expect(
            String(decoding: plan.messages, as: UTF8.self)
                == #"{"role":"user","content":"a \"b\""},{"role":"user","content":"what is firing?"}"#
        )
    }

    @Test func anAnswerWithItsSteps() async throws {
        let model = ScriptedModel(.calls("look", id: "a"), .answers("Seven."))
        try await withStage(model) { stage in
            let sink = CompletionSink(showSteps: true)
            let plan = try plan(
                bot: bot(),
                tools: [tool("look") { _, _ in ToolResult(data: [1], total: 7, returned: 1) }]
            )
            _ = await Turn(plan: plan, environment: stage.environment).run(sink)
            #expect(sink.completion.text == "Seven.")
            #expect(sink.completion.toolCalls.isEmpty)
            #expect(sink.steps.map(\.name) == ["look", "look"])
            let body = try JSONValue(
                parsing: sink.completion.body(identity: AnswerIdentity(created: 1, model: "m"), usage: Usage())
            )
            let thinking = body["choices"]?[0]?["message"]?["reasoning_content"]?.string
            #expect(thinking?.hasPrefix("`look` {}\n`look`: ok, 1 of 7 (") == true)
        }
    }
}
