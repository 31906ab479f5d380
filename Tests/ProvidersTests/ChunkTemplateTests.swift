// Chunks that are recognised by their frame mean what parsing them would say.

import HTTPTransport
import JSON
import OpenAIProtocol
import Testing

@testable import Providers

@Suite struct ChunkTemplateTests {
    private func chunk(_ content: String, finish: String = "null", id: String = "c1") -> [UInt8] {
        Array(
            """
            {"id":"\(id)","object":"chat.completion.chunk","created":1,"model":"m","system_fingerprint":"fp",\
            "choices":[{"index":0,"delta":{"content":\(content)},"logprobs":null,"finish_reason":\(finish)}]}
            """.utf8
        )
    }

    /// What comes of the chunks when none is recognised.
    private func parsed(_ chunks: [[UInt8]]) throws -> Heard {
        var events: [ModelEvent] = []
        var metadata = false
        for chunk in chunks {
            var reader = ChunkReader(provider: "up")
            var own: [ModelEvent] = []
            try reader.read(chunk, into: &own)
            // A fresh reader tells of the members of every chunk; a stream's reader once.
            events += own.filter {
                guard case .metadata = $0 else { return true }
                defer { metadata = true }
                return !metadata
            }
        }
        return Heard(events)
    }

    @Test func streamsMeanTheSameWithAndWithoutIt() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = SeededChance(seed)
        let texts = [
            "\"\"", "\"a\"", "\" the alert\"", "\"告警\"", "\"\\n\"", "\"\\\"quoted\\\"\"", "\"\\u4f60\"", "\"🔥\"",
            "null",
            "\"}]}\"", "\"x\\\\\"",
        ]
        for round in 0..<300 {
            var chunks: [[UInt8]] = []
            for _ in 0..<Int.random(in: 1...30, using: &generator) {
                let text = texts.randomElement(using: &generator) ?? "\"\""
                let finish = Int.random(in: 0..<12, using: &generator) == 0 ? "\"stop\"" : "null"
                let id = Int.random(in: 0..<9, using: &generator) == 0 ? "c2" : "c1"
                chunks.append(chunk(text, finish: finish, id: id))
            }
            var reader = ChunkReader(provider: "up")
            var events: [ModelEvent] = []
            for chunk in chunks { try reader.read(chunk, into: &events) }
            #expect(Heard(events) == (try parsed(chunks)), "seed \(seed), round \(round)")
        }
    }

    /// The reader is really spared: also by texts with escapes, which most code has.
    @Test(arguments: ["\"\"", "\" the\"", "\"告警 🔥\"", "\"a\\n\\t\\\"b\\\"\\/\"", "\"x\\\\\"", "\"\\ud83d\""])
    func whatIsRecognised(_ text: String) throws {
        let heard = Heard([try #require(try hit(chunk(text), after: chunk("\"first\"")))])
        #expect(heard.content == (try parsed([chunk(text)])).content)
    }

    private func hit(_ chunk: [UInt8], after first: [UInt8]) throws -> ModelEvent? {
        var reader = ChunkReader(provider: "up")
        var events: [ModelEvent] = []
        try reader.read(first, into: &events)
        return reader.repeated(chunk[...])
    }

    @Test(arguments: [
        "\"a\\\"", "\"a\\x\"", "\"\\u12\"", "\"a\"b\"", "null", "\"a\u{1}\"", "\"a\"},{\"b\":\"",
    ]) func whatIsNot(_ text: String) throws {
        #expect(try hit(chunk(text), after: chunk("\"first\"")) == nil)
    }

    /// Reasoning has a template of its own, beside that of the text.
    @Test(arguments: ["reasoning_content", "reasoning"]) func reasoning(_ name: String) throws {
        func thought(_ text: String) -> [UInt8] {
            Array(
                #"{"id":"c1","choices":[{"index":0,"delta":{"content":null,"\#(name)":"\#(text)"},"finish_reason":null}]}"#
                    .utf8
            )
        }
        var reader = ChunkReader(provider: "up")
        var events: [ModelEvent] = []
        for bytes in [thought("a"), chunk("\"b\"")] { try reader.read(bytes, into: &events) }
        let later = [thought("\\n c"), chunk("\" d\"")].compactMap { reader.repeated($0[...]) }
        let heard = Heard(later)
        #expect(later.count == 2 && heard.reasoning == "\n c" && heard.content == " d")
    }

    /// OpenAI pads its chunks unless it is asked not to; behind other addresses when its name is given.
    @Test(arguments: [true, false]) func openAIIsAskedForChunksWithoutPadding(_ isRefused: Bool) async throws {
        let server = try TinyServer { request in
            isRefused && request.contains("include_obfuscation")
                ? Vendor.openAI.error(400, "Unknown parameter: 'stream_options.include_obfuscation'.")
                : answer("200 OK", "text/event-stream", Vendor.openAI.stream(Script(text: ["a"])))
        }
        let client = try HTTPClient()
        for dialect in ["openai", nil] {
            let provider = OpenAICompatibleProvider(
                configuration: .init(
                    name: "up",
                    baseURL: "http://127.0.0.1:\(server.port)/v1",
                    apiKey: nil,
                    dialect: dialect
                ),
                client: client
            )
            for _ in 0..<2 { _ = try await provider.start(ConformanceTests().call()) }
        }
        await client.shutdown()
        let padding = server.requests.map { $0.contains(#","include_obfuscation":false}"#) }
        #expect(padding == (isRefused ? [true, false, false, false, false] : [true, true, false, false]))
        #expect(server.requests.allSatisfy { $0.contains(#""stream_options":{"include_usage":true"#) })
    }

    /// A text that breaks out of its quotes, or is no text at all, is parsed and judged as ever.
    @Test(arguments: ["\"a\",\"tool_calls\":[{\"index\":0}]", "\"a\"},{\"", "\"a\u{1}\"", "\"a"])
    func whatIsNoPlainTextIsParsed(_ content: String) throws {
        var reader = ChunkReader(provider: "up")
        var events: [ModelEvent] = []
        try reader.read(chunk("\"first\""), into: &events)
        #expect(Self.outcome(&reader, chunk(content)) == Self.outcome(chunk(content)))
    }

    private static func outcome(_ chunk: [UInt8]) -> String {
        var fresh = ChunkReader(provider: "up")
        return outcome(&fresh, chunk)
    }

    private static func outcome(_ reader: inout ChunkReader, _ chunk: [UInt8]) -> String {
        var events: [ModelEvent] = []
        do throws(ProviderFailure) {
            try reader.read(chunk, into: &events)
        } catch {
            return "\(error.kind)"
        }
        let heard = Heard(events)
        return "\(heard.content) \(heard.calls)"
    }

    @Test func bytesThatAreNoTextAreRefused() throws {
        var reader = ChunkReader(provider: "up")
        var events: [ModelEvent] = []
        try reader.read(chunk("\"first\""), into: &events)
        var broken = chunk("\"??\"")
        let place = try #require(broken.firstIndex(of: 0x3F))
        broken[place] = 0xC3
        broken[place + 1] = 0x28
        #expect(throws: ProviderFailure.self) { try reader.read(broken, into: &events) }
    }
}
