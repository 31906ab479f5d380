// A bot's prompt before a conversation that begins with a system message of the client's: one message.

import JSON
import OpenAIProtocol
import Testing

@testable import Conversation

@Suite struct SystemPromptTests {
    /// The messages that the model got.
    private func told(_ messages: String) async throws -> [JSONValue] {
        let model = ScriptedModel(.answers("ok"))
        try await withStage(model) { stage in
            let (end, _) = await stage.run(try plan(messages: messages, bot: bot()))
            #expect(end.label == "finished")
        }
        return try model.messages(0)
    }

    @Test(arguments: [
        (#"{"role":"system","content":"Be \u0022brief\u0022.","name":"x"},"#, "You are test-bot.\n\nBe \"brief\"."),
        (#"{"role":"developer","content":"Be brief."} ,"#, "You are test-bot.\n\nBe brief."),
        (#"{"role":"system","content":""},"#, "You are test-bot."),
        (#"{"role":"system","content":[]},"#, "You are test-bot."), ("", "You are test-bot."),
    ]) func textsBecomeOne(_ leading: String, _ text: String) async throws {
        let told = try await told(leading + #"{"role":"user","content":"hi"}"#)
        #expect(told.map { $0["role"] } == ["system", "user"])
        #expect(told[0]["content"] == .string(text))
        #expect(told[1]["content"] == "hi")
    }

    @Test func partsStayParts() async throws {
        let parts = #"[{"type":"text","text":"Be brief.","cache_control":{"type":"ephemeral"}}]"#
        let told = try await told(#"{"role":"system","content":\#(parts)},{"role":"user","content":"hi"}"#)
        #expect(told.count == 2)
        #expect(told[0]["content"]?[0] == ["type": "text", "text": "You are test-bot."])
        #expect(told[0]["content"]?[1]?["cache_control"] == ["type": "ephemeral"])
    }

    /// Nobody's words change their place.
    @Test func furtherDownTheyStay() async throws {
        let told = try await told(
            #"{"role":"user","content":"hi"},{"role":"system","content":"Be brief."},{"role":"user","content":"go"}"#
        )
        #expect(told.map { $0["role"] } == ["system", "user", "system", "user"])
        #expect(told[0]["content"] == "You are test-bot.")
    }

    /// What the gateway did behind the client's back is put back behind the message that has grown.
    @Test func heldRoundsFindTheirPlace() async throws {
        let model = ScriptedModel(
            .says([[called(0, "a", "look"), called(1, "b", "theirs"), finished(.toolCalls)]]),
            .answers("ok")
        )
        try await withStage(model) { stage in
            let listener = Listener()
            let start = #"{"role":"system","content":"Be brief."},{"role":"user","content":"hi"}"#
            _ = await stage.run(try plan(clientTools, messages: start, bot: bot(), tools: [tool("look")]), listener)
            let call = try #require(listener.calls.first)
            let back =
                #"{"role":"assistant","content":null,"tool_calls":[{"id":"\#(call.id)","type":"function","function":{"name":"theirs","arguments":"{}"}}]},"#
                + #"{"role":"tool","tool_call_id":"\#(call.id)","content":"1"}"#
            _ = await stage.run(
                try plan(clientTools, messages: "\(start),\(back)", bot: bot(), tools: [tool("look")])
            )
            let told = try model.messages(1)
            #expect(told.map { $0["role"]?.string } == ["system", "user", "assistant", "tool", "tool"])
            #expect(told[0]["content"] == "You are test-bot.\n\nBe brief.")
        }
    }
}
