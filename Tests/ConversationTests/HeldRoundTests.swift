// Our tools and the client's in one answer: what the client sees, and the conversation whole when it comes back.

import JSON
import OpenAIProtocol
import Providers
import Storage
import Support
import Testing
import Tools

@testable import Conversation

@Suite struct HeldRoundTests {
    /// What a client sends back after it ran its tool.
    private static func comingBack(_ id: String, _ content: String = "null") -> String {
        #"{"role":"user","content":"hi"},{"role":"assistant","content":\#(content),"tool_calls":[{"id":"\#(id)","type":"function","#
            + #""function":{"name":"theirs","arguments":"{}"}}]},{"role":"tool","tool_call_id":"\#(id)","content":"from the client"}"#
    }

    @Test func bothKindsInOneRound() async throws {
        let model = ScriptedModel(
            .says([
                [said("Looking."), called(0, "own-1", "look", #"{"x":1}"#)], [called(1, "cli-1", "theirs", #"{"a""#)],
                [called(2, "own-2", "look"), called(1, "cli-1", "", ":1}")], [called(3, "cli-2", "theirs")],
                [finished(.toolCalls), counted(5, 5)],
            ]),
            .answers("Whole.")
        )
        try await withStage(model) { stage in
            let listener = Listener()
            let (end, _) = await stage.run(try plan(clientTools, bot: bot(), tools: [tool("look")]), listener)
            #expect(end.label == "finished")
            #expect(listener.finishes == [.toolCalls])
            let ids = listener.calls.map(\.id)
            #expect(ids.count == 2)
            #expect(listener.calls.map(\.arguments.decoded) == [#"{"a":1}"#, "{}"])
            #expect(listener.deltas.flatMap(\.toolCalls).map(\.index) == [0, 0, 1])
            #expect(listener.stepWords.filter { $0.hasSuffix("ok") } == ["look:ok", "look:ok"])
            #expect(model.calls.count == 1)

            let back = try plan(
                clientTools,
                messages: Self.comingBack(ids[0], "\"Looking.\""),
                bot: bot(),
                tools: [tool("look")]
            )
            _ = await stage.run(back)
            let messages = try model.messages(1)
            #expect(messages.map { $0["role"]?.string } == ["system", "user", "assistant", "tool", "tool", "tool"])
            let calls = messages[2]["tool_calls"]?.array ?? []
            #expect(calls.map { $0["function"]?["name"]?.string } == ["look", "theirs", "look", "theirs"])
            let own = calls.enumerated().filter { $0.offset % 2 == 0 }.compactMap { $0.element["id"]?.string }
            #expect(messages[3...].map { $0["tool_call_id"]?.string } == own + [ids[0]])
            #expect(calls[1]["id"]?.string == ids[0])
            #expect(messages[5]["content"] == "from the client")
            #expect(try await stage.outcomes() == ["finished", "finished"])
        }
    }

    @Test func ownRoundsBeforeAreKeptToo() async throws {
        let model = ScriptedModel(.calls("look", id: "own-1"), .calls("theirs", id: "cli-1"), .answers("Whole."))
        try await withStage(model) { stage in
            let listener = Listener()
            _ = await stage.run(try plan(clientTools, bot: bot(), tools: [tool("look")]), listener)
            let id = try #require(listener.calls.first?.id)
            _ = await stage.run(
                try plan(clientTools, messages: Self.comingBack(id), bot: bot(), tools: [tool("look")])
            )
            let messages = try model.messages(2)
            #expect(
                messages.map { $0["role"]?.string } == ["system", "user", "assistant", "tool", "assistant", "tool"]
            )
            #expect(messages[2]["tool_calls"]?[0]?["function"]?["name"] == "look")
            #expect(messages[4]["tool_calls"]?[0]?["function"]?["name"] == "theirs")
            #expect(try model.ids(2).results == model.ids(2).calls)
            #expect(try model.ids(2).calls.last == id)
        }
    }

    @Test func onlyTheClientsCallsNeedNothingKept() async throws {
        let model = ScriptedModel(.calls("theirs", id: "cli-1"), .answers("Whole."))
        try await withStage(model) { stage in
            let listener = Listener()
            _ = await stage.run(try plan(clientTools, bot: bot(), tools: [tool("look")]), listener)
            #expect(listener.finishes == [.toolCalls])
            let kept = try await stage.database.read { try $0.query("SELECT * FROM conversation_held_round", []).count }
            #expect(kept == 0)
        }
    }

    @Test func aSecondTimeInTheSameConversation() async throws {
        let model = ScriptedModel(
            .says([[called(0, "own-1", "look"), called(1, "cli-1", "theirs")]]),
            .says([[called(0, "own-2", "look"), called(1, "cli-2", "theirs")]]),
            .answers("Whole.")
        )
        try await withStage(model) { stage in
            let look = tool("look")
            let (first, second) = (Listener(), Listener())
            _ = await stage.run(try plan(clientTools, bot: bot(), tools: [look]), first)
            let one = Self.comingBack(try #require(first.calls.first?.id))
            _ = await stage.run(try plan(clientTools, messages: one, bot: bot(), tools: [look]), second)
            let two = Self.comingBack(try #require(second.calls.first?.id))
            let both = one + two.dropFirst(#"{"role":"user","content":"hi"}"#.count)
            _ = await stage.run(try plan(clientTools, messages: both, bot: bot(), tools: [look]))
            let ids = try model.ids(2)
            #expect(ids.calls.count == 4)
            #expect(ids.results == ids.calls)
            let names = try model.messages(2).flatMap { $0["tool_calls"]?.array ?? [] }
            #expect(names.map { $0["function"]?["name"]?.string } == ["look", "theirs", "look", "theirs"])
        }
    }

    /// An upstream that says `call_0` in every answer must not mix up a user's conversations.
    @Test func twoConversationsStayApart() async throws {
        let mixed = Act.says([[called(0, "call_0", "look", #"{"x":1}"#), called(1, "call_1", "theirs")]])
        let model = ScriptedModel(mixed, mixed, .answers("Whole."))
        try await withStage(model) { stage in
            let listeners = [Listener(), Listener()]
            for (index, listener) in listeners.enumerated() {
                let look = tool("look") { _, _ in ToolResult(data: .string("of \(index)")) }
                _ = await stage.run(try plan(clientTools, bot: bot(), tools: [look]), listener)
            }
            let first = Self.comingBack(try #require(listeners[0].calls.first?.id))
            _ = await stage.run(try plan(clientTools, messages: first, bot: bot(), tools: [tool("look")]))
            let content = try model.messages(2).first { $0["role"] == "tool" }?["content"]?.string
            #expect(content?.contains("of 0") == true)
        }
    }

    @Test func aToolOfTheSameNameIsTheClients() async throws {
        let model = ScriptedModel(.calls("theirs", id: "a"))
        try await withStage(model) { stage in
            let runs = Counter()
            let ours = tool("theirs") { _, _ in
                runs.up()
                return ToolResult()
            }
            let listener = Listener()
            _ = await stage.run(try plan(clientTools, bot: bot(), tools: [ours]), listener)
            #expect(model.calls[0].tools.count == 1)
            #expect(listener.calls.map(\.name) == ["theirs"])
            #expect(runs.value == 0)
        }
    }

    // MARK: The store of them

    private static let message = #"{"role":"assistant","content":null,"tool_calls":[]}"#

    private func restore(_ stage: Stage, user: Int64, now: Int64) async throws -> String {
        let request = try ChatRequest(parsing: Array("{\"model\":\"m\",\"messages\":[\(Self.comingBack("c"))]}".utf8))
        let bytes = try await stage.environment.held.restore(
            request.messages,
            calls: request.assistantCalls,
            userID: user,
            now: now
        )
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test func whoseTheyAreAndForHowLong() async throws {
        try await withStage(ScriptedModel(.answers("x"))) { stage in
            let held = stage.environment.held
            try await held.hold(Array(Self.message.utf8), for: ["c", "d"], userID: 7, team: 3, now: 1000)
            #expect(try await restore(stage, user: 7, now: 1000).contains(Self.message))
            #expect(try await !restore(stage, user: 8, now: 1000).contains(Self.message))
            let day: Int64 = 24 * 3_600_000
            #expect(try await restore(stage, user: 7, now: 1000 + day).contains(Self.message))
            #expect(try await !restore(stage, user: 7, now: 1001 + day).contains(Self.message))
            // The next one clears away what is over.
            try await held.hold(Array("{}".utf8), for: ["e"], userID: 7, team: 3, now: 1001 + day)
            let ids = try await stage.database.read {
                try $0.query("SELECT call_id FROM conversation_held_round", []).map { try $0.text("call_id") }
            }
            #expect(ids == ["e"])
        }
    }

    @Test func heldTwiceTheLastCounts() async throws {
        try await withStage(ScriptedModel(.answers("x"))) { stage in
            let held = stage.environment.held
            try await held.hold(Array(#"{"n":1}"#.utf8), for: ["c"], userID: 7, team: 3, now: 1000)
            try await held.hold(Array(#"{"n":2}"#.utf8), for: ["c"], userID: 7, team: 3, now: 1000)
            #expect(try await restore(stage, user: 7, now: 1000).contains(#"{"n":2}"#))
        }
    }
}
