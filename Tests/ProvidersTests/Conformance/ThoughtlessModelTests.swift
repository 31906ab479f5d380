// Models that do not think: what a request says of thinking is left out and named.

import JSON
import OpenAIProtocol
import Testing

@testable import Providers

@Suite(.timeLimit(.minutes(1))) struct ThoughtlessModelTests {
    private let base = ConformanceTests()
    private static let effort = #""seed":1,"reasoning_effort":"low","user":"u""#

    /// The member that asks a vendor's model to think.
    private static func member(_ vendor: Vendor) -> String {
        switch vendor {
        case .anthropic: #""thinking":{"#
        case .gemini: "thinkingConfig"
        default: "reasoning_effort"
        }
    }

    /// The vendors' own words.
    @Test(arguments: [
        (Vendor.openAI, "Unrecognized request argument supplied: reasoning_effort"),
        (.azure, "Unsupported parameter: 'reasoning_effort' is not supported with this model."),
        (.openAI, "reasoning_effort: Extra inputs are not permitted"),
        (.openAI, "Model grok-4 does not support parameter reasoningEffort."),
        (.openAI, "\"llama3.2:latest\" does not support thinking"),
        (.anthropic, "'claude-3-5-haiku-20241022' does not support thinking."),
        (.gemini, "Thinking is not enabled for models/gemini-2.0-flash"),
        (.gemini, "thinking_config is not supported."),
        (.gemini, "Unable to submit request because thinking is not supported by this model."),
    ]) func whatItIsAskedIsNamed(_ vendor: Vendor, _ words: String) async throws {
        let server = try TinyServer { request in
            request.contains(Self.member(vendor))
                ? vendor.error(400, words)
                : answer("200 OK", "text/event-stream", vendor.stream(Script(text: ["a"])))
        }
        try await base.with(vendor, server) { provider in
            for _ in 0..<2 {
                let round = try await provider.start(base.call(parameters: Self.effort))
                #expect(round.droppedParameters.contains("reasoning_effort"))
            }
        }
        // Refused once and remembered.
        #expect(server.requests.count == 3)
        guard vendor == .openAI else { return }
        #expect(server.requests[1].contains(#""seed":1,"user":"u""#))
    }

    /// Nor by budget, nor by effort.
    @Test func whoRefusesBothWays() async throws {
        let server = try TinyServer { request in
            if request.contains("budget_tokens") {
                return Vendor.anthropic.error(400, "\"thinking.type.enabled\" is not supported for this model.")
            }
            return request.contains("output_config")
                ? Vendor.anthropic.error(400, "This model does not support the effort parameter.")
                : answer("200 OK", "text/event-stream", Vendor.anthropic.stream(Script(text: ["a"])))
        }
        try await base.with(.anthropic, server) { provider in
            for _ in 0..<2 {
                let round = try await provider.start(base.call(parameters: #""reasoning_effort":"low""#))
                #expect(round.droppedParameters == ["reasoning_effort"])
            }
        }
        #expect(server.requests.count == 4)
    }

    /// What has not helped is not remembered: of one caller's odd member nothing follows for others.
    @Test func aRefusalThatStays() async throws {
        let server = try TinyServer { request in
            request.contains("odd_one")
                ? Vendor.openAI.error(400, "Unknown parameter: reasoning_effort, or odd_one")
                : answer("200 OK", "text/event-stream", Vendor.openAI.stream(Script(text: ["a"])))
        }
        try await base.with(.openAI, server) { provider in
            var call = base.call(parameters: Self.effort)
            call.vendorMembers = [ChatRequest.Parameter(name: "odd_one", json: Array("1".utf8))]
            _ = try await provider.start(call)
            let round = try await provider.start(base.call(parameters: Self.effort))
            #expect(round.droppedParameters.isEmpty)
        }
        #expect(server.requests.count == 4)
        #expect(server.requests.last?.contains("reasoning_effort") == true)
    }

    /// A value that is none for a model that thinks is the caller's business.
    @Test(arguments: [
        "Unsupported value: 'reasoning_effort' does not support 'none' with this model.",
        "`reasoning_effort` must be one of `none` or `default`",
        // A value may be any word of the caller's.
        "Invalid reasoning_effort: 'unknown'. Supported values are: 'low', 'medium', and 'high'.",
        "unexpected value; permitted: 'low', 'high' (reasoning_effort)",
        "reasoning_effort 'xhigh' is not supported", "Invalid effort: 'thinking is not supported'",
    ]) func valuesThatAreRefused(_ words: String) async throws {
        let server = try TinyServer(Vendor.openAI.error(400, words))
        _ = try await base.with(.openAI, server) { provider in
            let call = base.call(parameters: Self.effort)
            await #expect(throws: ProviderFailure.self) { try await provider.start(call) }
        }
        #expect(server.requests.count == 1)
    }
}
