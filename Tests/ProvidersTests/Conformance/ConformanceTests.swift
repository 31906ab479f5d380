// One suite for every adapter: whatever the protocol, a turn hears the same.

import HTTPTransport
import Identity
import JSON
import OpenAIProtocol
import Support
import Testing

@testable import Providers

@Suite(.timeLimit(.minutes(10))) struct ConformanceTests {
    static let script = Script(
        reasoning: "hm 漢",
        text: ["h\u{e9}\n\"", "漢😀"],
        calls: [.init(name: "f", arguments: #"{"x":"é\n"}"#), .init(name: "f", arguments: "{}")],
        finish: .calls
    )

    func with<Answer>(
        _ vendor: Vendor,
        _ server: TinyServer,
        _ body: (any ModelProvider) async throws -> Answer
    ) async throws -> Answer {
        let client = try HTTPClient()
        do {
            let answer = try await body(vendor.provider(port: server.port, client: client))
            await client.shutdown()
            return answer
        } catch {
            await client.shutdown()
            throw error
        }
    }

    func call(
        _ messages: [String] = [#"{"role":"user","content":"hi"}"#],
        stream: Bool = true,
        tools: [String] = [],
        choice: JSONValue? = nil,
        parameters: String = ""
    ) -> ModelCall {
        ModelCall(
            model: "m",
            messages: messages.map { Array($0.utf8) },
            tools: tools.map { json in
                ModelTool(
                    name: (try? JSONValue(parsing: json))?["function"]?["name"]?.string ?? "",
                    json: Array(json.utf8)
                )
            },
            toolChoice: choice,
            parameters: Array(parameters.utf8),
            stream: stream,
            requestID: "req-9"
        )
    }

    func hear(_ provider: any ModelProvider, _ call: ModelCall) async throws -> Heard {
        let round = try await provider.start(call)
        var events: [ModelEvent] = []
        while let some = try await round.next(patience: nil) { events += some }
        return Heard(events)
    }

    private func failure(_ vendor: Vendor, _ bytes: String, stream: Bool = true) async throws -> ProviderFailure {
        try await with(vendor, try TinyServer(bytes)) { provider in
            do {
                _ = try await hear(provider, call(stream: stream))
            } catch let failure as ProviderFailure { return failure }
            Issue.record("it did not fail")
            return ProviderFailure(.cancelled, "", provider: "")
        }
    }

    private func expect(_ heard: Heard, _ script: Script, _ vendor: Vendor) {
        #expect(heard.content == script.text.joined())
        #expect(heard.reasoning == script.reasoning)
        #expect(heard.calls == script.calls.map { "\($0.name)(\($0.arguments))" })
        var usage = Script.usage
        if vendor == .anthropic { usage.cacheWriteTokens = 3 }
        #expect(heard.usage == usage)
    }

    @Test(arguments: Vendor.allCases, [true, false]) func anAnswerWithEverything(_ vendor: Vendor, _ stream: Bool)
        async throws
    {
        let heard = try await with(vendor, try vendor.server(Self.script)) { try await hear($0, call(stream: stream)) }
        expect(heard, Self.script, vendor)
        #expect(heard.finishes == [.toolCalls])
    }

    /// `gateways.md` (c) 12: no byte at which a stream is split changes what is heard.
    @Test(arguments: Vendor.allCases) func everySplit(_ vendor: Vendor) throws {
        let bytes = Array(vendor.stream(Self.script).utf8)
        for split in 0...bytes.count {
            let pieces = [Array(bytes[..<split]), Array(bytes[split...])]
            let heard =
                switch vendor {
                case .anthropic: try Self.read(pieces, AnthropicReader(provider: "up"))
                case .gemini: try Self.read(pieces, GeminiReader(provider: "up"))
                default: try Self.read(pieces, ChunkReader(provider: "up"))
                }
            expect(heard, Self.script, vendor)
        }
    }

    static func read(_ pieces: [[UInt8]], _ reader: some AnswerReader) throws -> Heard {
        var frames = EventReader(reader: reader, limit: 1 << 20)
        var events: [ModelEvent] = []
        for piece in pieces { events += try frames.take(piece) }
        return Heard(events + (try frames.end()))
    }

    @Test(
        arguments: Vendor.allCases,
        [(Script.Finish.stop, FinishReason.stop), (.length, .length), (.filtered, .contentFilter)]
    ) func finishes(_ vendor: Vendor, _ finish: (Script.Finish, FinishReason)) async throws {
        for stream in [true, false] {
            let script = Script(text: ["a"], finish: finish.0)
            let heard = try await with(vendor, try vendor.server(script)) { try await hear($0, call(stream: stream)) }
            #expect(heard.finishes == [finish.1])
        }
    }

    @Test(
        arguments: Vendor.allCases,
        [
            (401, ProviderFailure.Kind.unauthorized), (404, .modelNotFound), (429, .rateLimited), (500, .serverError),
            (503, .overloaded), (529, .overloaded), (400, .badRequest),
        ]
    ) func refusals(_ vendor: Vendor, _ refusal: (Int, ProviderFailure.Kind)) async throws {
        let bytes = vendor.error(refusal.0, "no \(Vendor.key) here", headers: "Retry-After: 7\r\n")
        for stream in [true, false] {
            let failure = try await failure(vendor, bytes, stream: stream)
            #expect(failure.kind == refusal.1)
            #expect(failure.status == refusal.0)
            #expect(failure.retryAfter == .seconds(7))
            #expect(!failure.message.contains(Vendor.key))
        }
    }

    @Test(arguments: [
        (Vendor.openAI, "This model's maximum context length is 10 tokens."), (.azure, "maximum context length"),
        (.anthropic, "prompt is too long: 208310 tokens > 200000 maximum"),
        (.gemini, "The input token count (9) exceeds the maximum number of tokens allowed (8)."),
    ]) func tooLong(_ vendor: Vendor, _ message: String) async throws {
        #expect(try await failure(vendor, vendor.error(400, message)).kind == .contextTooLong)
        #expect(
            try await failure(vendor, answer("200 OK", "text/event-stream", vendor.errorEvent(400, message))).kind
                == .contextTooLong
        )
    }

    /// `gateways.md` (c) 10: 200 and then an error is a refusal, and `start` says so.
    @Test(arguments: Vendor.allCases) func anErrorAsFirstEvent(_ vendor: Vendor) async throws {
        let event = vendor.errorEvent(vendor == .anthropic ? 529 : 500, "busy \(Vendor.key)")
        // Anthropic's may follow its `message_start`.
        let before = vendor == .anthropic ? vendor.events(Script())[..<2].joined() : ""
        let server = try TinyServer(answer("200 OK", "text/event-stream", before + event))
        try await with(vendor, server) { provider in
            let failure = await #expect(throws: ProviderFailure.self) { try await provider.start(call()) }
            #expect(failure?.kind == (vendor == .anthropic ? .overloaded : .serverError))
            #expect(failure?.message.contains(Vendor.key) == false)
        }
    }

    /// `gateways.md` (c) 8: a beginning that says nothing, and then the end, is a refusal, and `start` says so.
    @Test(arguments: Vendor.allCases) func aBeginningWithoutAnAnswer(_ vendor: Vendor) async throws {
        let silent = vendor.events(Script()).prefix(vendor == .gemini ? 0 : vendor == .azure ? 2 : 1).joined()
        for ending in ["", ": bye\n\n"] + (vendor == .gemini || vendor == .anthropic ? [] : ["data: [DONE]\n\n"]) {
            let server = try TinyServer(answer("200 OK", "text/event-stream", silent + ending))
            try await with(vendor, server) { provider in
                let failure = await #expect(throws: ProviderFailure.self) { try await provider.start(call()) }
                #expect(failure?.isWorthAnotherTry == true)
            }
        }
    }

    /// `gateways.md` (c) 6, 7: an upstream that dies does not look complete.
    @Test(arguments: Vendor.allCases) func aCutStream(_ vendor: Vendor) async throws {
        let events = vendor.events(Script(text: ["a", "b"]))
        let cut = vendor == .openAI || vendor == .azureV1 ? 3 : 4
        let whole = events.prefix(vendor == .gemini ? 2 : cut).joined()
        let failure = try await failure(vendor, answer("200 OK", "text/event-stream", whole))
        #expect(failure.kind == .connectionLost)
    }

    /// `gateways.md` (c) 7: an error after text is a failure of the round, behind what had been said.
    @Test(arguments: Vendor.allCases) func anErrorAfterText(_ vendor: Vendor) async throws {
        let events = vendor.events(Script(text: ["a", "b"])).dropLast(vendor == .gemini ? 1 : 3).joined()
        let server = try TinyServer(
            answer("200 OK", "text/event-stream", events + vendor.errorEvent(503, "busy \(Vendor.key)"))
        )
        try await with(vendor, server) { provider in
            let round = try await provider.start(call())
            var heard: [ModelEvent] = []
            let failure = await #expect(throws: ProviderFailure.self) {
                while let some = try await round.next(patience: nil) { heard += some }
            }
            #expect(Heard(heard).content == "ab")
            #expect(failure?.message.contains(Vendor.key) == false)
        }
    }

    /// `gateways.md` (c) 1.
    @Test(arguments: Vendor.allCases) func cancelling(_ vendor: Vendor) async throws {
        let some = vendor.events(Script(text: ["a", "b"])).prefix(4).dropLast(vendor == .gemini ? 2 : 0).joined()
        let server = try TinyServer("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + some, holds: true)
        try await with(vendor, server) { provider in
            let round = try await provider.start(call())
            round.cancel()
            try await eventually("the upstream sees it") { server.hasSeenClose ? true : nil }
        }
    }
}
