// Answers in Anthropic's form: blocks that follow one another, the same message streamed and whole.

import JSON
import OpenAIProtocol
import Providers
import Testing

@testable import Conversation
@testable import Gateway

@Suite struct MessageStreamTests {
    private let identity = MessageIdentity(id: "msg_1", model: "m")

    private func text(_ text: String) -> TurnEvent { .delta(ModelDelta(content: JSONText(escaping: text))) }

    private func thought(_ text: String) -> TurnEvent { .delta(ModelDelta(reasoning: JSONText(escaping: text))) }

    private func call(_ index: Int, _ arguments: String, id: String? = nil, name: String? = nil) -> TurnEvent {
        .delta(
            ModelDelta(toolCalls: [
                ToolCallDelta(index: index, id: id, name: name, arguments: JSONText(escaping: arguments))
            ])
        )
    }

    /// The events of a stream, checked for their order as a strict client would, and the message that they make.
    private func streamed(
        _ events: [TurnEvent],
        stops: [String] = [],
        usage: Usage = Usage(promptTokens: 3, completionTokens: 2),
        showSteps: Bool = false
    ) throws -> (events: [JSONValue], message: JSONValue) {
        var blocks = MessageBlocks()
        var encoder = MessageEncoder(identity: identity)
        var bytes: [UInt8] = []
        encoder.start(into: &bytes)
        for event in events { encoder.encode(blocks.take(event, showSteps: showSteps), into: &bytes) }
        encoder.encode(blocks.end(), into: &bytes)
        encoder.finish(blocks.stop(stops), usage: usage, into: &bytes)
        var framer = SSEFramer()
        let frames = try framer.append(bytes)
        let values = try frames.map { try JSONValue(parsing: $0.data) }
        #expect(zip(frames, values).allSatisfy { $0.name == $1["type"]?.string })
        return (values, try StrictClient().message(values))
    }

    private func whole(
        _ events: [TurnEvent],
        stops: [String] = [],
        usage: Usage = Usage(promptTokens: 3, completionTokens: 2),
        showSteps: Bool = false
    ) throws -> JSONValue {
        var blocks = MessageBlocks()
        var body = MessageBody()
        for event in events { body.take(blocks.take(event, showSteps: showSteps)) }
        body.take(blocks.end())
        return try JSONValue(parsing: body.bytes(identity: identity, stop: blocks.stop(stops), usage: usage))
    }

    @Test func theOrderOfEvents() throws {
        let (events, message) = try streamed([
            thought("hm"), text("He"), text("llo"), call(0, "{\"a\":", id: "c", name: "f"), call(0, "1}"),
            .finish(choice: 0, .toolCalls),
        ])
        #expect(
            events.compactMap { $0["type"]?.string } == [
                "message_start", "ping", "content_block_start", "content_block_delta", "content_block_stop",
                "content_block_start", "content_block_delta", "content_block_delta", "content_block_stop",
                "content_block_start", "content_block_delta", "content_block_delta", "content_block_stop",
                "message_delta", "message_stop",
            ]
        )
        #expect(
            message["content"] == [
                ["type": "thinking", "thinking": "hm", "signature": ""], ["type": "text", "text": "Hello"],
                ["type": "tool_use", "id": "c", "name": "f", "input": ["a": 1]],
            ]
        )
        #expect(message["stop_reason"] == "tool_use")
    }

    /// The engine and upstreams name the fields of a chat request.
    @Test(arguments: [
        ("stop", "stop_sequences"), ("max_completion_tokens", "max_tokens"), ("messages[3].content", "messages"),
        ("messages.0.content", "messages.0.content"), ("user", "metadata.user_id"), ("temperature", "temperature"),
        ("tool_choice.function.name", "tool_choice.name"), ("tools[2].function.parameters.x", "tools.2.input_schema.x"),
        ("tools[2].function.name", "tools.2.name"),
        ("response_format.json_schema.schema", "output_config.format.schema"),
        ("reasoning_effort", "output_config.effort"),
    ])
    func errorsNameTheFieldsOfThisForm(_ chat: String, _ field: String) {
        let error = AnthropicError(.invalid("It is wrong.", param: chat))
        #expect(error.message == "\(field): It is wrong.")
        // The one name in place of the other, not both.
        let named = AnthropicError(.invalid("Invalid '\(chat)': too much.", param: chat))
        #expect(named.message == "Invalid '\(field)': too much.")
    }

    @Test func theBeginningEstimatesThePrompt() throws {
        var encoder = MessageEncoder(identity: identity, promptTokens: 7)
        var bytes: [UInt8] = []
        encoder.start(into: &bytes)
        encoder.finish(.endTurn, usage: Usage(promptTokens: 9, completionTokens: 2), into: &bytes)
        var framer = SSEFramer()
        let events = try framer.append(bytes).map { try JSONValue(parsing: $0.data) }
        #expect(events.first?["message"]?["usage"]?["input_tokens"] == 7)
        #expect(events.first?["message"]?["usage"]?["output_tokens"] == 0)
        #expect(events.first { $0["type"] == "message_delta" }?["usage"]?["input_tokens"] == 9)
    }

    @Test func callsThatCameInterleavedFollowOneAnother() throws {
        let (events, message) = try streamed([
            call(0, "", id: "a", name: "f"), call(1, "", id: "b", name: "g"), call(0, "{\"x\":\"}"),
            call(1, "{\"y\""), text("meanwhile"), call(0, "\"}"), call(1, ":2}"), .finish(choice: 0, .toolCalls),
        ])
        let indexes = events.compactMap { $0["type"] == "content_block_delta" ? $0["index"]?.int : nil }
        #expect(indexes == indexes.sorted())
        let content = try #require(message["content"]?.array)
        #expect(content.filter { $0["type"] == "tool_use" }.map { $0["input"] } == [["x": "}"], ["y": 2]])
        #expect(content.contains(["type": "text", "text": "meanwhile"]))
    }

    @Test func aNameThatComesLateAndACallWithoutArguments() throws {
        let events = [
            call(0, "{", id: "a", name: ""), call(0, "}", name: "late"), call(1, "", id: "b", name: "none"),
            .finish(choice: 0, .stop),
        ]
        let (_, message) = try streamed(events)
        #expect(message["content"]?.array?.map { $0["name"] } == ["late", "none"])
        #expect(message["content"]?.array?.map { $0["input"] } == [[:], [:]])
        // Some upstreams say "stop" although they called tools (`gateways.md` (c) 21).
        #expect(message["stop_reason"] == "tool_use")
        #expect(try whole(events)["content"] == message["content"])
    }

    @Test(arguments: [
        (FinishReason.stop, "end_turn"), (.length, "max_tokens"), (.contentFilter, "refusal"), (.toolCalls, "end_turn"),
    ])
    func stopReasons(_ reason: FinishReason, _ word: String) throws {
        let message = try whole([text("x"), .finish(choice: 0, reason)])
        #expect(message["stop_reason"]?.string == word)
        #expect(message["stop_sequence"] == .null)
    }

    @Test func stopSequencesWhereTheUpstreamTellsThem() throws {
        let told = TurnEvent.delta(ModelDelta(extraChoice: Array(#""stop_reason":"END","x":1"#.utf8)))
        let message = try whole([text("x"), told, .finish(choice: 0, .stop)], stops: ["END"])
        #expect(message["stop_reason"] == "stop_sequence")
        #expect(message["stop_sequence"] == "END")
        // vLLM also puts other things there.
        #expect(try whole([text("x"), told, .finish(choice: 0, .stop)])["stop_reason"] == "end_turn")
    }

    @Test func aRefusalIsTextAndTold() throws {
        let message = try whole([
            .delta(ModelDelta(refusal: JSONText(escaping: "No."))), .finish(choice: 0, .stop),
        ])
        #expect(message["content"] == [["type": "text", "text": "No."]])
        #expect(message["stop_reason"] == "refusal")
    }

    @Test func tokensLeaveOutTheCache() throws {
        let usage = Usage(
            promptTokens: 100,
            completionTokens: 20,
            cachedTokens: 60,
            reasoningTokens: 5,
            cacheWriteTokens: 30
        )
        let expected: JSONValue = [
            "input_tokens": 10, "cache_creation_input_tokens": 30, "cache_read_input_tokens": 60, "output_tokens": 20,
            "output_tokens_details": ["thinking_tokens": 5],
        ]
        #expect(try whole([text("x"), .finish(choice: 0, .stop)], usage: usage)["usage"] == expected)
        #expect(try streamed([text("x"), .finish(choice: 0, .stop)], usage: usage).message["usage"] == expected)
    }

    @Test func stepsAreThinkingWhereTheyAreShown() throws {
        let step = TurnEvent.step(ToolStep(callID: "c", name: "alerts_list", arguments: "{}", phase: .started))
        let events = [text("Let me see."), step, text("Done."), .finish(choice: 0, .stop)]
        #expect(try whole(events)["content"] == [["type": "text", "text": "Let me see.Done."]])
        let shown = try whole(events, showSteps: true)["content"]?.array
        #expect(shown?.map { $0["type"]?.string } == ["text", "thinking", "text"])
    }

    @Test func argumentsThatAreNoObjectAreKept() throws {
        let message = try whole([
            call(0, "{\"a\": tru", id: "c", name: "f"), .finish(choice: 0, .length),
        ])
        #expect(message["content"]?.array?.first?["input"] == ["arguments": "{\"a\": tru"])
        #expect(message["stop_reason"] == "max_tokens")
    }

    @Test func aFailureIsAnErrorEventAndNothingAfterIt() async throws {
        let stream = ResponseStream()
        let sink = MessageStreamSink(
            stream: stream,
            identity: identity,
            promptTokens: 1,
            showSteps: false,
            stops: [],
            requestID: "req_1"
        )
        try await sink.send([.began(RouteTarget(provider: "p", model: "m"), attempts: 1), text("half")])
        sink.finish(.failed(.init(ProviderFailure(.connectionLost, "gone", provider: "p"))), usage: Usage())
        var framer = SSEFramer()
        var events: [ServerSentEvent] = []
        while let bytes = await stream.next() { events += try framer.append(bytes) }
        #expect(
            events.compactMap(\.name) == [
                "message_start", "ping", "content_block_start", "content_block_delta", "error",
            ]
        )
        #expect(
            try JSONValue(parsing: events.last?.data ?? []) == [
                "type": "error", "error": ["type": "api_error", "message": "gone"], "request_id": "req_1",
            ]
        )
    }

    @Test(arguments: [
        (400, "invalid_request_error"), (401, "authentication_error"), (403, "permission_error"),
        (404, "not_found_error"), (405, "invalid_request_error"), (413, "request_too_large"), (429, "rate_limit_error"),
        (500, "api_error"), (502, "api_error"), (503, "overloaded_error"), (504, "timeout_error"),
    ])
    func errorTypes(_ status: Int, _ type: String) {
        #expect(AnthropicError(status: status, message: "x").type == type)
    }

    /// For random events in random order the streamed and the whole message are equal, every block is whole, and nothing
    /// that was said is lost.
    @Test func streamedEqualsWhole() throws {
        let seed = UInt64.random(in: 0 ... .max)
        var generator = Seeded(seed)
        for _ in 0..<400 {
            let talk = RandomTalk(&generator)
            let shows = Bool.random(using: &generator)
            let message = try streamed(talk.events, showSteps: shows).message
            #expect(message == (try whole(talk.events, showSteps: shows)), "seed \(seed)")
            let content = message["content"]?.array ?? []
            #expect(content.compactMap { $0["text"]?.string }.joined() == talk.text, "seed \(seed)")
            let calls = content.filter { $0["type"] == "tool_use" }
            let inputs = Dictionary(uniqueKeysWithValues: calls.map { ($0["id"]?.string ?? "", $0["input"] ?? .null) })
            #expect(inputs == talk.inputs, "seed \(seed)")
        }
    }
}

/// Puts a message together and objects to whatever is out of order.
struct StrictClient {
    struct Disorder: Error { let event: JSONValue }

    func message(_ events: [JSONValue]) throws -> JSONValue {
        var message: JSONObject?
        var content: [JSONValue] = []
        var open: (index: Int, block: JSONObject, json: String)?
        var isOver = false
        for event in events {
            if isOver { throw Disorder(event: event) }
            switch event["type"]?.string {
            case "ping": continue
            case "message_start" where message == nil: message = event["message"]?.object
            case "content_block_start" where message != nil && open == nil && event["index"]?.int == content.count:
                open = (content.count, event["content_block"]?.object ?? [:], "")
            case "content_block_delta" where open != nil && event["index"]?.int == open?.index:
                let delta = event["delta"]
                let (type, name) = (open?.block["type"]?.string ?? "", delta?["type"]?.string ?? "")
                guard
                    ["text": "text_delta", "thinking": "thinking_delta", "tool_use": "input_json_delta"][type] == name
                else { throw Disorder(event: event) }
                if type == "tool_use" {
                    open?.json += delta?["partial_json"]?.string ?? ""
                } else {
                    let before = open?.block[type]?.string ?? ""
                    open?.block[type] = .string(before + (delta?[type]?.string ?? ""))
                }
            case "content_block_stop" where open != nil && event["index"]?.int == open?.index:
                if let json = open?.json, !json.isEmpty { open?.block["input"] = try JSONValue(parsing: json) }
                content.append(.object(open?.block ?? [:]))
                open = nil
            case "message_delta" where open == nil:
                for name in ["stop_reason", "stop_sequence"] { message?[name] = event["delta"]?[name] }
                message?["usage"] = event["usage"]
            case "message_stop" where open == nil && message?["stop_reason"] != .null: isOver = true
            default: throw Disorder(event: event)
            }
        }
        message?["content"] = .array(content)
        guard isOver, let message else { throw Disorder(event: .null) }
        return .object(message)
    }
}

/// A random answer: texts, thoughts and calls whose pieces come in any order, each call's own in theirs.
struct RandomTalk {
    private(set) var events: [TurnEvent] = []
    private(set) var text = ""
    private(set) var inputs: [String: JSONValue] = [:]

    init(_ generator: inout Seeded) {
        var lanes: [[TurnEvent]] = []
        var words: [TurnEvent] = []
        for index in 0..<Int.random(in: 0...6, using: &generator) {
            let word = ["é", "\"", "\\", "}", "{", "\u{2028}", "🙂", "a b"].randomElement(using: &generator) ?? ""
            if Bool.random(using: &generator) {
                text += word + "\(index)"
                words.append(.delta(ModelDelta(content: JSONText(escaping: word + "\(index)"))))
            } else {
                words.append(.delta(ModelDelta(reasoning: JSONText(escaping: word))))
            }
            if Bool.random(using: &generator) {
                words.append(.step(ToolStep(callID: "s", name: "t", arguments: "{}", phase: .started)))
            }
        }
        lanes.append(words)
        for index in 0..<Int.random(in: 0...4, using: &generator) {
            let input: JSONValue =
                [
                    ["a": "}{\"\\"], ["b": [1, ["c": [:]]]], [:], ["é": "\u{1F642}]"],
                ].randomElement(using: &generator) ?? [:]
            inputs["c\(index)"] = input
            let characters = Array(input == [:] && Bool.random(using: &generator) ? "" : input.text)
            var pieces: [TurnEvent] = []
            var rest = characters[...]
            var isFirst = true
            while isFirst || !rest.isEmpty {
                let size = min(rest.count, Int.random(in: 0...4, using: &generator))
                let delta = ToolCallDelta(
                    index: index,
                    id: isFirst ? "c\(index)" : nil,
                    name: isFirst ? "f" : nil,
                    arguments: JSONText(escaping: String(rest.prefix(size)))
                )
                pieces.append(.delta(ModelDelta(toolCalls: [delta])))
                rest = rest.dropFirst(size)
                isFirst = false
            }
            lanes.append(pieces)
        }
        while let lane = lanes.indices.filter({ !lanes[$0].isEmpty }).randomElement(using: &generator) {
            events.append(lanes[lane].removeFirst())
        }
        let reason: FinishReason =
            [.stop, .length, .toolCalls, .contentFilter].randomElement(using: &generator) ?? .stop
        events.append(.finish(choice: 0, reason))
    }
}

/// SplitMix64, so that a seed makes a failure happen again.
struct Seeded: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
