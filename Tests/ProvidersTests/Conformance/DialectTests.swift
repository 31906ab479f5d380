// Servers that almost speak OpenAI's protocol: their errors, their habits, their embeddings.

import HTTPTransport
import Identity
import JSON
import OpenAIProtocol
import Testing

@testable import Providers

@Suite(.timeLimit(.minutes(10))) struct DialectTests {
    private let base = ConformanceTests()

    /// Errors inside a stream of status 200, as OpenRouter, vLLM, DashScope, llama.cpp and Ollama write them.
    @Test(arguments: [
        (#"{"id":"x","error":{"code":429,"message":"slow down"},"choices":[]}"#, ProviderFailure.Kind.rateLimited),
        (#"{"error":{"code":502,"message":"provider returned error","metadata":{}}}"#, .serverError),
        (#"{"object":"error","message":"boom","type":"BadRequestError","param":null,"code":400}"#, .badRequest),
        (
            #"{"error":{"message":"no","type":"Arrearage","param":null,"code":"Arrearage"},"request_id":"r"}"#,
            .quotaExceeded
        ),
        (
            #"{"error":{"message":"Range of input length should be [1, 5]","code":"invalid_parameter_error"}}"#,
            .contextTooLong
        ),
        (#"{"error":{"code":400,"message":"too big","type":"exceed_context_size_error","n_ctx":8}}"#, .contextTooLong),
        (#"{"error":"model requires more system memory"}"#, .serverError),
    ]) func errorsInStreams(_ json: String, _ kind: ProviderFailure.Kind) {
        let bytes = Array(": OPENROUTER PROCESSING\n\ndata: \(json)\n\n".utf8)
        for split in 0...bytes.count {
            #expect(hear([Array(bytes[..<split]), Array(bytes[split...])]) == Heard(failure: kind))
        }
    }

    /// Events that are errors by their name only: DashScope's, proxies', and those that say nothing in JSON.
    @Test(arguments: [
        (#"{"code":"InvalidParameter","message":"bad","request_id":"r"}"#, ProviderFailure.Kind.badRequest),
        (#"{"code":"Throttling.RateQuota","message":"slow down"}"#, .rateLimited),
        (#"{"code":429,"message":"slow down"}"#, .rateLimited), (#"{"message":"boom"}"#, .serverError),
        (#"{"error":null,"message":"boom"}"#, .serverError), (#""upstream timeout""#, .serverError),
        ("upstream connect error", .serverError), (#"{"error":{"code":503,"message":"busy"}}"#, .overloaded),
    ]) func errorsByName(_ data: String, _ kind: ProviderFailure.Kind) {
        let start = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}\n\n"
        let bytes = Array("\(start)id: 1\nevent: error\n:HTTP_STATUS/400\ndata: \(data)\n\n".utf8)
        for split in 0...bytes.count {
            let heard = hear([Array(bytes[..<split]), Array(bytes[split...])])
            #expect(heard.failure == kind && heard.content == "a")
        }
    }

    /// The first chunk of Azure has members of its choice, and says nothing: what breaks behind it can go to another.
    @Test func aRoleWithMembersOfTheChoiceSaysNothing() async throws {
        let role =
            #"{"index":0,"delta":{"role":"assistant","content":""},"content_filter_results":{},"#
            + #""logprobs":{"content":[]},"finish_reason":null}"#
        let body = "data: {\"choices\":[\(role)]}\n\n" + Vendor.azure.errorEvent(500, "busy")
        let server = try TinyServer(answer("200 OK", "text/event-stream", body))
        try await base.with(.azure, server) { provider in
            let failure = await #expect(throws: ProviderFailure.self) { try await provider.start(base.call()) }
            #expect(failure?.kind == .serverError)
        }
    }

    /// `gateways.md` (c) 18: the upstream that rejects the parameter is asked without.
    @Test(arguments: [Vendor.openAI, .azure]) func streamOptionsThatAreRefused(_ vendor: Vendor) async throws {
        let server = try TinyServer { request in
            request.contains("stream_options")
                ? vendor.error(400, "Unrecognized request argument supplied: stream_options")
                : answer("200 OK", "text/event-stream", vendor.stream(Script(text: ["a"])))
        }
        try await base.with(vendor, server) { provider in
            for _ in 0..<2 {
                let heard = try await base.hear(provider, base.call())
                #expect(heard.content == "a")
            }
        }
        #expect(server.requests.count == 3)
    }

    /// Vendors' members reach whoever knows them. Who knows no such thing is asked without, by whatever words it says so.
    @Test(arguments: [
        (Vendor.openAI, #"{"error":{"message":"Unrecognized request argument supplied: top_k","param":null}}"#),
        (.azure, #"{"error":{"message":"Unknown parameter: 'top_k'.","param":"top_k","code":"unknown_parameter"}}"#),
        (
            .openAI,
            #"{"message":{"detail":[{"type":"extra_forbidden","loc":["body","top_k"],"msg":"Extra inputs are not permitted"}]}}"#
        ),
    ]) func vendorsMembersThatAreRefused(_ vendor: Vendor, _ refusal: String) async throws {
        let server = try TinyServer { request in
            request.contains("top_k")
                ? answer("400 No", "application/json", refusal)
                : answer("200 OK", "text/event-stream", vendor.stream(Script(text: ["a"])))
        }
        try await base.with(vendor, server) { provider in
            var call = base.call()
            call.vendorMembers = [.init(name: "min_p", json: Array("0.1".utf8))]
            var dropped = try await provider.start(call).droppedParameters
            #expect(dropped.isEmpty)
            call.vendorMembers.append(.init(name: "top_k", json: Array("5".utf8)))
            dropped = try await provider.start(call).droppedParameters
            #expect(dropped == ["min_p", "top_k"])
        }
        #expect(server.requests.count == 3)
        #expect(server.requests[0].contains(#""min_p":0.1"#) && server.requests[1].contains(#""top_k":5"#))
    }

    /// A value that is refused is the caller's business.
    @Test func vendorsValuesThatAreRefused() async throws {
        let server = try TinyServer(Vendor.openAI.error(400, "thinking_budget must be at most 5"))
        try await base.with(.openAI, server) { provider in
            var call = base.call()
            call.vendorMembers = [.init(name: "thinking_budget", json: Array("9".utf8))]
            let asked = call
            await #expect(throws: ProviderFailure.self) { try await provider.start(asked) }
        }
        #expect(server.requests.count == 1)
    }

    @Test(arguments: [Vendor.anthropic, .gemini]) func otherProtocolsNameVendorsMembers(_ vendor: Vendor) async throws {
        let server = try vendor.server(Script(text: ["a"]))
        try await base.with(vendor, server) { provider in
            var call = base.call(parameters: #""seed":1"#)
            call.vendorMembers = [.init(name: "min_p", json: Array("0.1".utf8))]
            let dropped = try await provider.start(call).droppedParameters
            #expect(dropped.contains("min_p"))
        }
        #expect(server.requests.first?.contains("min_p") == false)
        var call = base.call()
        call.model = "ops"
        call.vendorMembers = [.init(name: "min_p", json: Array("0.1".utf8))]
        #expect(try await OfflineProvider().start(call).droppedParameters == ["min_p"])
    }

    /// A refusal that repeats a caller's words teaches nothing about the server.
    @Test(arguments: [Vendor.openAI, .azure]) func habitsAreNotTaughtByCallers(_ vendor: Vendor) async throws {
        let words = "no stream_options, only support stream"
        let server = try TinyServer { request in
            request.contains("poison")
                ? vendor.error(400, "Invalid value: 'poison \(words)'")
                : answer("200 OK", "text/event-stream", vendor.stream(Script(text: ["a"])))
        }
        try await base.with(vendor, server) { provider in
            for stream in [true, false] {
                let poison = base.call([#"{"role":"user","content":"poison"}"#], stream: stream)
                await #expect(throws: ProviderFailure.self) { try await provider.start(poison) }
            }
            let before = server.requests.count
            for stream in [true, false] { _ = try await base.hear(provider, base.call(stream: stream)) }
            let later = server.requests[before...]
            #expect(later.first?.contains(#""stream_options""#) == true)
            #expect(later.last?.contains(#""stream":true"#) == false)
        }
    }

    @Test func modelsThatOnlyStream() async throws {
        let server = try TinyServer { request in
            request.contains("\"stream\":true")
                ? answer("200 OK", "text/event-stream", Vendor.openAI.stream(Script(text: ["a"])))
                : Vendor.openAI.error(400, "This model only support stream mode, please enable the stream parameter")
        }
        try await base.with(.openAI, server) { provider in
            let heard = try await base.hear(provider, base.call(stream: false))
            #expect(heard.content == "a")
        }
    }

    @Test(arguments: [Vendor.openAI, .azure, .azureV1, .gemini]) func embeddings(_ vendor: Vendor) async throws {
        let body =
            vendor == .gemini
            ? #"{"embeddings":[{"values":[1,0.5]},{"values":[2,3]}]}"#
            : #"{"data":[{"index":1,"embedding":[2,3]},{"index":0,"embedding":[1,0.5]}],"usage":{"prompt_tokens":4,"total_tokens":4}}"#
        let server = try TinyServer(answer("200 OK", "application/json", body))
        let provider = try await base.with(vendor, server) { provider in
            let embedder = try #require(provider as? any EmbeddingProvider)
            var call = EmbeddingCall(model: "m", input: ["a", "b"], requestID: "r")
            let answer = try await embedder.embed(call)
            #expect(answer.vectors == [[1, 0.5], [2, 3]])
            #expect(answer.usage?.promptTokens == (vendor == .gemini ? nil : 4))
            // Not a vector for each input.
            call.input = ["a", "b", "c"]
            await #expect(throws: ProviderFailure.self) { try await embedder.embed(call) }
            return provider
        }
        #expect(provider.name == "up")
        let line = String(server.requests[0].prefix { $0 != "\r\n" })
        switch vendor {
        case .azure: #expect(line == "POST /openai/deployments/my%20dep/embeddings?api-version=2024-10-21 HTTP/1.1")
        case .gemini: #expect(line == "POST /v1beta/models/m:batchEmbedContents HTTP/1.1")
        case .azureV1: #expect(line == "POST /openai/v1/embeddings HTTP/1.1")
        default: #expect(line == "POST /v1/embeddings HTTP/1.1")
        }
    }

    /// Gemini takes a hundred at once; of more none is lost, and each keeps its place.
    @Test(arguments: [100, 101, 250]) func manyEmbeddingsOfGemini(_ count: Int) async throws {
        let server = try TinyServer { request in
            let body = try? JSONValue(parsing: String(request.split(separator: "\r\n\r\n", maxSplits: 1).last ?? ""))
            let texts = body?["requests"]?.array?.compactMap { $0["content"]?["parts"]?[0]?["text"]?.string } ?? []
            guard (1...100).contains(texts.count) else {
                return Vendor.gemini.error(400, "at most 100 requests can be in one batch")
            }
            let vectors = texts.map { #"{"values":[\#($0)]}"# }
            return answer("200 OK", "application/json", #"{"embeddings":[\#(vectors.joined(separator: ","))]}"#)
        }
        try await base.with(.gemini, server) { provider in
            let embedder = try #require(provider as? any EmbeddingProvider)
            let input = JSONValue.array((0..<count).map { .string(String($0)) })
            let answer = try await embedder.embed(EmbeddingCall(model: "m", input: input, requestID: "r"))
            #expect(answer.vectors == (0..<count).map { [Float($0)] })
        }
        #expect(server.requests.count == (count + 99) / 100)
    }

    /// The request's own win, then the model's, then the provider's; what belongs to chats only is left out.
    @Test func whatIsConfiguredGoesWithEmbeddings() async throws {
        let server = try TinyServer(
            answer("200 OK", "application/json", #"{"data":[{"index":0,"embedding":[1]}],"usage":{"prompt_tokens":4}}"#)
        )
        let client = try HTTPClient()
        var configuration = UpstreamConfiguration(name: "up", baseURL: "http://127.0.0.1:\(server.port)", apiKey: nil)
        configuration.extra = ["truncate": "NONE", "user": "gateway", "temperature": 1, "input": "other"]
        let router = ModelRouter(
            providers: [OpenAICompatibleProvider(configuration: configuration, client: client)],
            routes: [],
            profiles: [
                "up/m": ModelProfile(
                    name: "up/m",
                    extra: ["input_type": "passage", "truncate": "END", "dimensions": 8, "encoding_format": "base64"]
                )
            ]
        )
        let route = try #require(router.route(named: "up/m"))
        var call = EmbeddingCall(model: "", input: "a", requestID: "r")
        call.vendorMembers = [.init(name: "input_type", json: Array(#""query""#.utf8))]
        let (result, _, _) = try await router.embed(call, on: route)
        await client.shutdown()
        #expect(result.dropped.isEmpty)
        let body = try JSONValue(parsing: String(server.requests[0].split(separator: "\r\n\r\n", maxSplits: 1)[1]))
        #expect(
            body == [
                "model": "m", "input": "a", "encoding_format": "float", "input_type": "query", "truncate": "END",
                "dimensions": 8, "user": "gateway",
            ]
        )
    }

    /// Who does not know vendors' members is asked without, as for chats; who has no word for them is not asked twice.
    @Test(arguments: [Vendor.openAI, .azure, .gemini]) func vendorsMembersOfEmbeddings(_ vendor: Vendor) async throws {
        let body =
            vendor == .gemini
            ? #"{"embeddings":[{"values":[1]}]}"# : #"{"data":[{"embedding":[1]}],"usage":{"prompt_tokens":4}}"#
        let server = try TinyServer { request in
            request.contains("input_type")
                ? vendor.error(400, "Unrecognized request argument supplied: input_type")
                : answer("200 OK", "application/json", body)
        }
        try await base.with(vendor, server) { provider in
            let embedder = try #require(provider as? any EmbeddingProvider)
            var call = EmbeddingCall(model: "m", input: "a", requestID: "r")
            call.vendorMembers = [.init(name: "input_type", json: Array(#""query""#.utf8))]
            #expect(try await embedder.embed(call).dropped == ["input_type"])
        }
        #expect(server.requests.count == (vendor == .gemini ? 1 : 2))
    }

    /// A model's name cannot lead to another place.
    @Test func modelNamesStayInTheirPlace() async throws {
        let client = try HTTPClient()
        let gemini = GeminiProvider(configuration: .init(name: "g", baseURL: "http://h", apiKey: nil), client: client)
        #expect(try gemini.address(of: "tuned/x?y#z", "m") == "http://h/v1beta/tuned/x%3Fy%23z:m")
        let azure = AzureOpenAIProvider(
            configuration: .init(name: "a", baseURL: "http://h/", apiKey: nil),
            apiVersion: "v",
            client: client
        )
        #expect(try azure.address(of: "o", model: "a b?c") == "http://h/openai/deployments/a%20b%3Fc/o?api-version=v")
        for name in ["..", ".", "", "a/../b", "../x", "a//b", "a\nb", "a\u{0}", "a\u{7F}"] {
            #expect(throws: ProviderFailure.self) { try gemini.address(of: name == "" ? "/" : name, "m") }
            let failure = #expect(throws: ProviderFailure.self) { try azure.address(of: "o", model: name) }
            #expect(failure?.kind == .modelNotFound && failure?.parameter == "model")
            #expect(failure?.message.unicodeScalars.contains { $0.value < 0x20 } == false)
        }
        #expect(throws: ProviderFailure.self) { try azure.address(of: "o", model: "a/b") }
        await client.shutdown()
    }
}
