// The events of a response and the response object: one answer, told twice.

import Conversation
import JSON
import OpenAIProtocol
import Providers
import Testing

@testable import Gateway

@Suite struct ResponseAnswerTests {
    private static func answer(_ members: String = "", showSteps: Bool = false) throws -> ResponseAnswer {
        let request = try ResponseRequest(parsing: Array("{\"model\":\"m\",\"input\":\"hi\"\(members)}".utf8))
        let document = ResponseDocument(id: "resp_t", createdAt: 1_700_000_000, model: "m", echo: request.echo)
        return ResponseAnswer(document: document, token: "t", showSteps: showSteps, isStored: true)
    }

    private static let began = TurnEvent.began(RouteTarget(provider: "up", model: "m"), attempts: 1)

    /// What the stream says and what the whole answer says.
    private func run(
        _ events: [TurnEvent],
        _ members: String = "",
        usage: Usage = Usage(promptTokens: 3, completionTokens: 4, cachedTokens: 1, reasoningTokens: 2),
        showSteps: Bool = false
    ) throws -> (fold: ResponseFold, whole: JSONValue) {
        var streamed = try Self.answer(members, showSteps: showSteps)
        var bytes: [UInt8] = []
        for event in [Self.began] + events { try streamed.take([event], into: &bytes) }
        _ = streamed.complete(usage: usage, at: 1_700_000_001)
        streamed.last(into: &bytes)

        var collected = try Self.answer(members, showSteps: showSteps)
        var unused: [UInt8] = []
        try collected.take([Self.began] + events, into: &unused)
        let whole = collected.complete(usage: usage, at: 1_700_000_001)
        return (try ResponseFold(bytes), try JSONValue(parsing: whole))
    }

    private func said(_ text: String) -> TurnEvent { .delta(ModelDelta(content: JSONText(escaping: text))) }
    private func thought(_ text: String) -> TurnEvent { .delta(ModelDelta(reasoning: JSONText(escaping: text))) }
    private func called(_ index: Int, _ id: String?, _ name: String?, _ text: String) -> TurnEvent {
        .delta(
            ModelDelta(
                toolCalls: [ToolCallDelta(index: index, id: id, name: name, arguments: JSONText(escaping: text))]
            )
        )
    }

    @Test func aTextInTheOrderThatClientsNeed() throws {
        let (fold, whole) = try run([said("Hel"), said("lo"), .finish(choice: 0, .stop)])
        #expect(fold.fault == nil)
        #expect(
            fold.names == [
                "response.created", "response.in_progress", "response.output_item.added",
                "response.content_part.added", "response.output_text.delta", "response.output_text.delta",
                "response.output_text.done", "response.content_part.done", "response.output_item.done",
                "response.completed",
            ]
        )
        #expect(whole["status"] == "completed")
        #expect(whole["output"]?[0]?["content"]?[0]?["text"] == "Hello")
        #expect(whole["usage"]?["input_tokens_details"]?["cached_tokens"] == 1)
        #expect(whole["usage"]?["output_tokens_details"]?["reasoning_tokens"] == 2)
        #expect(whole["usage"]?["total_tokens"] == 7)
    }

    @Test func thinkingTextAndCallsAreItemsOfTheirOwn() throws {
        let (fold, whole) = try run([
            thought("Hm."), said("Look:"), called(0, "a", "f", "{\"x\""), called(1, "b", "g", "{}"),
            called(0, nil, nil, ":1}"), .finish(choice: 0, .toolCalls),
        ])
        #expect(fold.fault == nil)
        let items = whole["output"]?.array ?? []
        #expect(items.map { $0["type"]?.string } == ["reasoning", "message", "function_call", "function_call"])
        #expect(items[0]["summary"]?[0]?["text"] == "Hm.")
        #expect(items[2]["arguments"] == "{\"x\":1}")
        #expect(items[2]["call_id"] == "a" && items[3]["call_id"] == "b")
        #expect(items.allSatisfy { $0["status"] == nil || $0["status"] == "completed" })
        #expect(Set(items.compactMap { $0["id"]?.string }).count == 4)
    }

    @Test func aNameThatComesLateOpensTheCallThen() throws {
        let (fold, whole) = try run([
            called(0, "a", "", "{"), called(0, nil, "f", "}"), .finish(choice: 0, .toolCalls),
        ])
        #expect(fold.fault == nil)
        #expect(whole["output"]?[0]?["name"] == "f")
        #expect(whole["output"]?[0]?["arguments"] == "{}")
    }

    @Test(arguments: [(FinishReason.length, "max_output_tokens"), (.contentFilter, "content_filter")])
    func aCutAnswerIsIncomplete(_ reason: FinishReason, _ word: String) throws {
        let (fold, whole) = try run([said("Hel"), .finish(choice: 0, reason)])
        #expect(fold.fault == nil)
        #expect(fold.names.last == "response.incomplete")
        #expect(whole["status"] == "incomplete")
        #expect(whole["incomplete_details"]?["reason"]?.string == word)
        #expect(whole["output"]?[0]?["status"] == "incomplete")
    }

    @Test func anAnswerWithoutAWordIsAMessageAllTheSame() throws {
        let (fold, whole) = try run([.finish(choice: 0, .stop)])
        #expect(fold.fault == nil)
        #expect(whole["output"]?[0]?["content"]?[0]?["text"] == "")
    }

    @Test func aRefusalIsAPartOfItsOwn() throws {
        let (fold, whole) = try run([
            said("Well. "), .delta(ModelDelta(refusal: JSONText(escaping: "No."))), .finish(choice: 0, .stop),
        ])
        #expect(fold.fault == nil)
        #expect(whole["output"]?[0]?["content"]?.array?.count == 2)
        #expect(whole["output"]?[0]?["content"]?[1]?["refusal"] == "No.")
    }

    @Test func stepsOfTheToolLoopOnlyWhereTheyAreWanted() throws {
        let step = TurnEvent.step(ToolStep(callID: "c", name: "look", arguments: "{}", phase: .started))
        let shown = try run([step, said("x"), .finish(choice: 0, .stop)], showSteps: true)
        #expect(shown.fold.fault == nil)
        #expect(shown.whole["output"]?[0]?["summary"]?[0]?["text"]?.string?.contains("look") == true)
        let hidden = try run([step, said("x"), .finish(choice: 0, .stop)])
        #expect(hidden.whole["output"]?.array?.count == 1)
    }

    @Test func aFailureInTheMiddleNeverLooksComplete() throws {
        var answer = try Self.answer()
        var bytes: [UInt8] = []
        try answer.take([Self.began, said("Hel")], into: &bytes)
        let error = OpenAIError(status: 502, message: "It died.", type: "upstream_error", code: "upstream_error")
        answer.fail(error, usage: Usage(promptTokens: 1), into: &bytes)
        let fold = try ResponseFold(bytes)
        #expect(fold.fault == nil)
        #expect(fold.names.last == "response.failed")
        #expect(!fold.names.contains("response.completed") && !fold.names.contains("response.output_item.done"))
        #expect(fold.last?["status"] == "failed" && fold.last?["store"] == false)
        #expect(fold.last?["error"]?["code"] == "server_error" && fold.last?["error"]?["message"] == "It died.")
        #expect(fold.last?["output"]?[0]?["status"] == "incomplete")
    }

    /// Clients make the response of its first event: where a keep-alive has gone out before, a failure is no status any more.
    @Test(arguments: [true, false]) func aFailureBeforeAnythingWasSaidHasItsBeginning(_ isShutDown: Bool) async throws {
        let stream = ResponseStream()
        let sink = ResponseStreamSink(stream: stream, answer: try Self.answer()) { _ in true }
        _ = stream.beat(now: .now + .seconds(11))
        #expect(await stream.next() == ServerSentEvents.keepAlive)
        let error = OpenAIError(status: 502, message: "It died.", type: "upstream_error", code: "upstream_error")
        await sink.finish(isShutDown ? .cancelled(.shutDown) : .failed(error), usage: Usage())
        let fold = try ResponseFold(try #require(await stream.next()))
        #expect(fold.fault == nil)
        #expect(fold.names == ["response.created", "response.in_progress", "response.failed"])
        #expect(fold.last?["status"] == "failed")
    }

    @Test func anAnswerWithoutEndIsEnded() throws {
        var answer = try Self.answer()
        var bytes: [UInt8] = []
        let piece = said(String(repeating: "x", count: 1 << 20))
        #expect(throws: OpenAIError.self) {
            for _ in 0..<20 {
                bytes = []
                try answer.take([piece], into: &bytes)
            }
        }
    }

    @Test func theObjectSaysWhatWasAskedAndWhatThatMeans() throws {
        let (_, plain) = try run([.finish(choice: 0, .stop)])
        for (name, _) in ResponseParameters.defaults { #expect(plain[name] != nil, "\(name)") }
        #expect(plain["tools"]?.array?.isEmpty == true && plain["tool_choice"] == "auto")
        #expect(plain["parallel_tool_calls"] == true && plain["text"]?["format"]?["type"] == "text")
        let members = #","instructions":"Be kind.","temperature":0.5,"metadata":{"a":"b"},"text":{"verbosity":"low"}"#
        let (_, asked) = try run([.finish(choice: 0, .stop)], members)
        #expect(asked["instructions"] == "Be kind." && asked["metadata"]?["a"] == "b")
        #expect(asked["temperature"]?.double == 0.5)
        #expect(asked["text"]?["verbosity"] == "low" && asked["text"]?["format"]?["type"] == "text")
    }

    /// Whatever a model says in whatever order, the events folded are the whole answer.
    @Test func eventsFoldedAreTheWholeAnswer() throws {
        for round in 0..<300 {
            let seed = UInt64.random(in: 0 ... .max)
            var random = SplitMix(state: seed)
            var events: [TurnEvent] = []
            var known: [Int: Bool] = [:]
            for _ in 0..<Int.random(in: 0..<25, using: &random) {
                switch Int.random(in: 0..<8, using: &random) {
                case 0, 1: events.append(said(random.text()))
                case 2: events.append(thought(random.text()))
                case 3: events.append(.delta(ModelDelta(refusal: JSONText(escaping: random.text()))))
                case 4:
                    let delta = ModelDelta(
                        content: JSONText(escaping: random.text()),
                        reasoning: JSONText(escaping: random.text())
                    )
                    events.append(.delta(delta))
                case 5: events.append(.metadata(Array(#""system_fingerprint":"x""#.utf8)))
                default:
                    let index = Int.random(in: 0...min(known.count, 5), using: &random)
                    let isFirst = known[index] == nil
                    let hasName = known[index] != true && Bool.random(using: &random)
                    known[index] = hasName || known[index] == true
                    events.append(
                        called(index, isFirst ? "c\(index)" : nil, hasName ? "tool\(index)" : nil, random.text())
                    )
                }
            }
            let reasons: [FinishReason] = [.stop, .length, .toolCalls, .contentFilter]
            events.append(.finish(choice: 0, reasons[round % 4]))
            let (fold, whole) = try run(events)
            #expect(fold.fault == nil, "seed \(seed)")
            #expect(fold.last == whole, "seed \(seed)")
            #expect(JSONValue.array(fold.items) == whole["output"], "seed \(seed)")
        }
    }
}

/// Random numbers that can be had again.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func text() -> String {
        let pieces = ["", "a", " b", "\"", "\\", "\n", "é", "火", "\u{2028}", "\u{1F525}", "{\"x\":1}", "\0"]
        return (0..<Int.random(in: 0..<4, using: &self)).map { _ in pieces.randomElement(using: &self) ?? "" }.joined()
    }
}
