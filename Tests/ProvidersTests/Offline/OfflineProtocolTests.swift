// What the caller asks of the form: tool choice, limits, formats, streams, usage, failures.

import JSON
import OpenAIProtocol
import Testing

@testable import Providers

@Suite struct OfflineProtocolTests {
    private static let weather = OfflineTalk.tool(
        "get_weather",
        """
        {"type":"object","required":["city","unit","days"],"properties":{"city":{"type":"string"},
         "unit":{"type":"string","enum":["celsius","fahrenheit"]},"days":{"type":"integer","minimum":1,"maximum":7}}}
        """
    )

    @Test("Tools that it does not know are not called")
    func unknownTools() async throws {
        for question in ["what is the weather in Paris?", "what is firing?", "call get_weather now", "alert 42"] {
            var talk = OfflineTalk(question)
            talk.tools = [Self.weather]
            let result = try await talk.round()
            #expect(result.calls.isEmpty)
            #expect(result.finishes == [.stop])
        }
    }

    @Test("Without tools it says so")
    func noTools() async throws {
        for (question, phrase) in [
            ("what is firing?", "no tools here"), ("现在有哪些告警", "没有可用的工具"), ("hi", "no tools here"),
        ] {
            var talk = OfflineTalk(question)
            talk.tools = []
            let result = try await talk.round()
            #expect(result.text.contains(phrase))
            #expect(result.finishes == [.stop])
        }
    }

    @Test("tool_choice none is honoured, before and after results")
    func choiceNone() async throws {
        var talk = OfflineTalk("what is firing?")
        talk.toolChoice = "none"
        let refused = try await talk.round()
        #expect(refused.calls.isEmpty)
        #expect(refused.text.contains("switched off") && refused.text.contains("`alerts_list`"))
        talk.results([("call_1", "alerts_list", [:])], [OfflineResults.list([OfflineResults.row(1, "A")])])
        let answered = try await talk.round()
        #expect(answered.calls.isEmpty && answered.text.contains("[alert:1]"))
    }

    @Test("The last round without tools answers from what is there")
    func lastRound() async throws {
        var talk = OfflineTalk("how many alerts are there?")
        let first = try await talk.round()
        talk.results(first.calls, [#"{"status":"ok","total":4,"data":{"count":4}}"#])
        talk.tools = []
        let text = try await talk.round().text
        #expect(text.contains("**4 alerts are firing**"))
        #expect(!text.contains("no tools"))
    }

    @Test("tool_choice required calls something, once")
    func choiceRequired() async throws {
        var talk = OfflineTalk("tell me a joke")
        talk.toolChoice = "required"
        let forced = try await talk.round()
        #expect(forced.finishes == [.toolCalls])
        #expect(forced.calls.map(\.name) == ["alerts_count"])
        talk.results(forced.calls, [#"{"status":"ok","total":4,"data":{"count":4}}"#])
        #expect(try await talk.round().finishes == [.stop])
        var own = OfflineTalk("how many alerts?")
        own.toolChoice = "required"
        #expect(try await own.round().calls.first?.name == "alerts_count")
    }

    @Test("A named tool is called with arguments that its schema allows")
    func choiceNamed() async throws {
        var talk = OfflineTalk("the next 3 days in Paris, fahrenheit please")
        talk.tools.append(Self.weather)
        talk.toolChoice = ["type": "function", "function": ["name": "get_weather"]]
        let result = try await talk.round()
        #expect(result.calls.map(\.name) == ["get_weather"])
        #expect(result.calls.first?.arguments["unit"] == "fahrenheit")
        #expect(result.calls.first?.arguments["days"]?.int == 3)
        #expect(result.calls.first?.arguments["city"]?.string?.contains("Paris") == true)
        var own = OfflineTalk("what is firing on web-1?")
        own.toolChoice = ["type": "function", "function": ["name": "alerts_list"]]
        #expect(try await own.round().calls.first?.arguments["host"] == "web-1")
    }

    @Test("allowed_tools bounds the choice; an unknown name is refused by parameter")
    func choiceAllowed() async throws {
        var talk = OfflineTalk("how many alerts?")
        talk.toolChoice = [
            "type": "allowed_tools",
            "allowed_tools": ["mode": "auto", "tools": [["type": "function", "function": ["name": "alerts_list"]]]],
        ]
        #expect(try await talk.round().calls.map(\.name) == ["alerts_list"])
        talk.toolChoice = ["type": "function", "function": ["name": "nothing_like_it"]]
        await #expect { try await talk.round() } throws: { error in
            let failure = error as? ProviderFailure
            return failure?.kind == .badRequest && failure?.parameter == "tool_choice"
        }
    }

    @Test("parallel_tool_calls false makes one call a round until all are made")
    func oneByOne() async throws {
        var talk = OfflineTalk("what about web-1 and web-2?")
        talk.parameters["parallel_tool_calls"] = false
        let first = try await talk.round()
        #expect(first.calls.map { $0.arguments["host"]?.string } == ["web-1"])
        talk.results(first.calls, [OfflineResults.list([OfflineResults.row(1, "A")])])
        let second = try await talk.round()
        #expect(second.calls.map { $0.arguments["host"]?.string } == ["web-2"])
        #expect(second.calls.first?.id != first.calls.first?.id)
        talk.results(second.calls, [OfflineResults.list([OfflineResults.row(2, "B")])])
        let text = try await talk.round().text
        #expect(text.contains("[alert:1]") && text.contains("[alert:2]"))
    }

    @Test("stop and max_tokens cut the answer")
    func limits() async throws {
        var talk = OfflineTalk("help")
        let whole = try await talk.round().text
        talk.parameters = ["stop": ["Questions", "nowhere"]]
        let stopped = try await talk.round()
        #expect(stopped.finishes == [.stop])
        #expect(stopped.text == String(whole.prefix(upTo: try #require(whole.firstRange(of: "Questions")).lowerBound)))
        talk.parameters = ["max_tokens": 5]
        let cut = try await talk.round()
        #expect(cut.finishes == [.length])
        #expect(cut.text == String(whole.prefix(20)))
        #expect(cut.usage?.completionTokens == 5)
        talk.parameters = ["max_completion_tokens": 100_000, "temperature": 1.7, "seed": 3, "top_p": 0.1]
        #expect(try await talk.round().text == whole)
        var call = OfflineTalk("what is firing?")
        call.parameters = ["max_tokens": 1]
        let half = try await call.round()
        #expect(half.calls.isEmpty && half.finishes == [.length])
    }

    @Test("response_format: an object with the answer; a schema is refused by name")
    func formats() async throws {
        var talk = OfflineTalk("help")
        talk.parameters = ["response_format": ["type": "json_object"]]
        let object = try JSONValue(parsing: try await talk.round().text)
        #expect(object["answer"]?.string?.contains("offline model") == true)
        for (parameters, name) in [
            (["response_format": ["type": "json_schema", "json_schema": ["name": "x"]]], "response_format"),
            (["logprobs": true], "logprobs"), (["modalities": ["text", "audio"]], "modalities"),
        ] as [(JSONObject, String)] {
            talk.parameters = parameters
            await #expect { try await talk.round() } throws: { error in
                let failure = error as? ProviderFailure
                return failure?.kind == .badRequest && failure?.parameter == name && failure?.provider == "offline"
            }
        }
    }

    @Test("A stream comes in small pieces that make up the same text; all choices are alike")
    func streams() async throws {
        var talk = OfflineTalk("现在有哪些告警？")
        let calls = try await talk.round().calls
        talk.results(
            calls,
            [OfflineResults.list((1...20).map { OfflineResults.row($0, "High CPU usage on a very busy machine") })]
        )
        let whole = try await talk.round()
        #expect(whole.pieces.count == 1)
        talk.stream = true
        let streamed = try await talk.round()
        #expect(streamed.text == whole.text)
        #expect(streamed.pieces.count > 20)
        #expect(streamed.pieces.allSatisfy { !$0.isEmpty && $0.count <= 2 * OfflineEvents.pieceLength })
        #expect(streamed.finishes == [.stop])
        talk.parameters = ["n": 2]
        let round = try await OfflineProvider().start(talk.call)
        var texts = ["", ""]
        var finishes = 0
        for case .delta(let delta) in try await round.next(patience: nil) ?? [] {
            texts[delta.choice] += delta.content?.decoded ?? ""
            finishes += delta.finish == nil ? 0 : 1
        }
        #expect(texts == [whole.text, whole.text])
        #expect(finishes == 2)
    }

    @Test("The same conversation gives the same bytes")
    func deterministic() async throws {
        let talk = OfflineTalk("what about web-1 and web-2?")
        let (first, second) = (try await talk.round(), try await talk.round())
        #expect(first.calls.map(\.id) == second.calls.map(\.id))
        #expect(first.calls.map(\.arguments.text) == second.calls.map(\.arguments.text))
    }

    @Test("Usage is estimated from bytes and marked so")
    func usage() async throws {
        let talk = OfflineTalk("hello")
        let usage = try #require(try await talk.round().usage)
        let bytes = talk.call.messages.reduce(0) { $0 + $1.count } + talk.tools.reduce(0) { $0 + $1.json.count }
        #expect(usage.promptTokens == (bytes + 3) / 4)
        #expect(usage.completionTokens > 0)
        #expect(usage.isEstimated)
    }

    @Test("Failures and the end of a round")
    func failures() async throws {
        let provider = OfflineProvider()
        var call = OfflineTalk("hi").call
        call.messages = [Array("{\"role\":".utf8)]
        await #expect { _ = try await provider.start(call) } throws: { ($0 as? ProviderFailure)?.kind == .badRequest }
        call = OfflineTalk("hi").call
        call.model = "gpt"
        await #expect { _ = try await provider.start(call) } throws: {
            ($0 as? ProviderFailure)?.kind == .modelNotFound
        }
        call.model = "ops"
        let round = try await provider.start(call)
        #expect(try await round.next(patience: .zero)?.isEmpty == false)
        #expect(try await round.next(patience: nil) == nil)
        round.cancel()
        #expect(try await round.next(patience: nil) == nil)
        let cancelled = try await provider.start(call)
        cancelled.cancel()
        await #expect { _ = try await cancelled.next(patience: nil) } throws: {
            ($0 as? ProviderFailure)?.kind == .cancelled
        }
    }

    @Test("Messages may come joined by commas, and none of the user's is no crash")
    func joined() async throws {
        var call = OfflineTalk().call
        call.messages = [Array(#"{"role":"system","content":"x"},{"role":"user","content":"hello"}"#.utf8)]
        let events = try await OfflineProvider().start(call).next(patience: nil)
        #expect(events?.isEmpty == false)
        call.messages = []
        #expect(try await OfflineProvider().start(call).next(patience: nil)?.isEmpty == false)
    }
}
