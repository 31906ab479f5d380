// A conversation with the offline model for tests: messages in, calls or text out.

import JSON
import OpenAIProtocol
import Testing

@testable import Providers

/// What came out of one round.
struct OfflineResult {
    var text = ""
    var calls: [(id: String, name: String, arguments: JSONValue)] = []
    var finishes: [FinishReason] = []
    var pieces: [String] = []
    var usage: Usage?
}

/// Builds a conversation step by step and runs rounds of it.
struct OfflineTalk {
    var messages: [JSONValue] = []
    var tools: [ModelTool] = OfflineTalk.alertTools
    var toolChoice: JSONValue?
    var parameters: JSONObject = [:]
    var stream = false

    /// What the alert tools share.
    private static let filter = """
        "status":{"type":"array","items":{"type":"string","enum":["firing","acknowledged","resolved","closed"]},
         "maxItems":4,"description":"Only these states. What goes on now is firing and acknowledged."},
        "level":{"type":"array","items":{"type":"string","enum":["critical","error","warning","info"]},"maxItems":4},
        "source_id":{"type":"string","maxLength":100,"description":"Only this alert source."},
        "host":{"type":"string","maxLength":255},
        "search":{"type":"string","maxLength":200,"description":"Text in title, description or host."},
        "labels":{"type":"array","items":{"type":"string"},"description":"Label matchers: name=value or name!=value."},
        "since":{"type":"string","maxLength":40,
         "description":"Only what still went on at or after this time: ISO 8601, or a span back: 30m, 2h, 7d."},
        "until":{"type":"string","maxLength":40,"description":"Only what had begun by this time; written as since."}
        """

    /// The alert tools in the form in which the room `Alerts` offers them.
    static let alertTools: [ModelTool] = [
        tool(
            "alert_get",
            """
            {"type":"object","properties":{"id":{"type":"integer","minimum":1},"with_events":{"type":"boolean"}},
             "required":["id"],"additionalProperties":false}
            """
        ),
        tool(
            "alerts_count",
            """
            {"type":"object","properties":{\(filter),"group_by":{"type":"string","maxLength":210,
             "description":"level, status, source, host, or label:NAME, e.g. label:region."}},
             "additionalProperties":false}
            """
        ),
        tool(
            "alerts_list",
            """
            {"type":"object","properties":{\(filter),"limit":{"type":"integer","minimum":1,"maximum":100},
             "cursor":{"type":"string","maxLength":200}},"additionalProperties":false}
            """
        ),
    ]

    static func tool(_ name: String, _ parameters: String) -> ModelTool {
        let text = "{\"type\":\"function\",\"function\":{\"name\":\"\(name)\",\"parameters\":\(parameters)}}"
        return ModelTool(name: name, json: Array(text.utf8))
    }

    init(_ questions: String...) {
        for question in questions { user(question) }
    }

    mutating func system(_ text: String) { messages.append(["role": "system", "content": .string(text)]) }

    mutating func user(_ text: String) { messages.append(["role": "user", "content": .string(text)]) }

    mutating func assistant(_ text: String) { messages.append(["role": "assistant", "content": .string(text)]) }

    /// Puts calls and their results behind the conversation, as the tool loop does.
    mutating func results(_ calls: [(id: String, name: String, arguments: JSONValue)], _ results: [String]) {
        let list = calls.map { call -> JSONValue in
            [
                "id": .string(call.id), "type": "function",
                "function": ["name": .string(call.name), "arguments": .string(call.arguments.text)],
            ]
        }
        messages.append(["role": "assistant", "content": nil, "tool_calls": .array(list)])
        for (call, result) in zip(calls, results) {
            messages.append(["role": "tool", "tool_call_id": .string(call.id), "content": .string(result)])
        }
    }

    var call: ModelCall {
        var members = JSONValue.object(parameters).bytes
        members.removeFirst()
        members.removeLast()
        return ModelCall(
            model: "ops",
            messages: messages.map(\.bytes),
            tools: tools,
            toolChoice: toolChoice,
            parameters: members,
            stream: stream,
            requestID: "request-1"
        )
    }

    /// Runs one round to its end.
    func round() async throws -> OfflineResult {
        let round = try await OfflineProvider().start(call)
        var result = OfflineResult()
        while let events = try await round.next(patience: nil) {
            for event in events {
                switch event {
                case .delta(let delta):
                    if let content = delta.content, delta.choice == 0 {
                        result.text += content.decoded
                        result.pieces.append(content.decoded)
                    }
                    for call in delta.toolCalls where delta.choice == 0 {
                        let arguments = try JSONValue(parsing: call.arguments.decoded)
                        result.calls.append((call.id ?? "", call.name ?? "", arguments))
                    }
                    if let finish = delta.finish { result.finishes.append(finish) }
                case .usage(let usage): result.usage = usage
                case .metadata, .usageDetails: break
                }
            }
        }
        return result
    }

    /// Runs the call, puts `results` behind it and runs the answer; fails the test when no call was made.
    func answer(_ results: String..., sourceLocation: SourceLocation = #_sourceLocation) async throws -> String {
        let first = try await round()
        #expect(first.finishes == [.toolCalls], sourceLocation: sourceLocation)
        try #require(first.calls.count == results.count, sourceLocation: sourceLocation)
        var talk = self
        talk.results(first.calls, results)
        let second = try await talk.round()
        #expect(second.finishes == [.stop], sourceLocation: sourceLocation)
        #expect(second.calls.isEmpty, sourceLocation: sourceLocation)
        return second.text
    }
}

extension JSONValue {
    init(test text: String) throws { self = try JSONValue(parsing: text) }
}
