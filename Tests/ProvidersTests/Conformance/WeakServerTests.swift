// Servers that can do less than OpenAI's: no schema for answers, no tool that must be called.

import HTTPTransport
import JSON
import OpenAIProtocol
import Testing

@testable import Providers

@Suite(.timeLimit(.minutes(10))) struct WeakServerTests {
    private let base = ConformanceTests()
    private static let schema = #"{"type":"object","properties":{"a":{"type":"integer"}},"required":["a"]}"#
    private static let format =
        #""seed":1,"response_format":{"type":"json_schema","json_schema":{"name":"x","schema":\#(schema)}}"#

    private func body(_ request: String) throws -> JSONValue {
        try JSONValue(parsing: String(try #require(request.split(separator: "\r\n\r\n", maxSplits: 1).last)))
    }

    /// Asked for a JSON object, and told of the schema in words.
    private func expectDescribed(_ body: JSONValue, own: String = "") {
        #expect(body["response_format"] == ["type": "json_object"])
        #expect(body["seed"] == 1)
        #expect(body["messages"]?[0]?["role"] == "system")
        let words = body["messages"]?[0]?["content"]?.string ?? ""
        #expect(words.hasPrefix(own) && words.hasSuffix(Self.schema) && words.contains("JSON"))
        #expect(body["messages"]?.array?.last == ["role": "user", "content": "hi"])
    }

    /// DeepSeek's words, and those of OpenAI's older models.
    @Test(arguments: [
        "This response_format type is unavailable now",
        "Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model.",
    ]) func schemasThatAreRefused(_ words: String) async throws {
        let server = try TinyServer { request in
            request.contains("json_schema")
                ? Vendor.openAI.error(400, words)
                : answer("200 OK", "text/event-stream", Vendor.openAI.stream(Script(text: ["{}"])))
        }
        try await base.with(.openAI, server) { provider in
            let system = #"{"role":"system","content":"be brief"},{"role":"user","content":"hi"}"#
            _ = try await provider.start(base.call(parameters: Self.format))
            _ = try await provider.start(base.call([system], parameters: Self.format))
        }
        #expect(server.requests.count == 3)
        expectDescribed(try body(server.requests[1]))
        let second = try body(server.requests[2])
        expectDescribed(second, own: "be brief\n\n")
        #expect(second["messages"]?.array?.count == 2)
    }

    /// What the caller did wrong is his to hear.
    @Test func aSchemaThatIsWrong() async throws {
        let server = try TinyServer(
            Vendor.openAI.error(400, "Invalid schema for response_format 'x': 'minLength' is not supported.")
        )
        try await base.with(.openAI, server) { provider in
            let call = base.call(parameters: Self.format)
            await #expect(throws: ProviderFailure.self) { try await provider.start(call) }
        }
        #expect(server.requests.count == 1)
    }

    @Test func callsThatCannotBeDemanded() async throws {
        let server = try TinyServer { request in
            request.contains(#""tool_choice":"required""#)
                ? Vendor.openAI.error(400, "tool_choice is one of the strings that should be [\"none\", \"auto\"]")
                : answer("200 OK", "text/event-stream", Vendor.openAI.stream(Script(text: ["a"])))
        }
        try await base.with(.openAI, server) { provider in
            let tool = #"{"type":"function","function":{"name":"f"}}"#
            for _ in 0..<2 {
                let round = try await provider.start(base.call(tools: [tool], choice: "required"))
                #expect(round.droppedParameters == ["tool_choice"])
            }
        }
        #expect(server.requests.count == 3)
        #expect(server.requests.dropFirst().allSatisfy { $0.contains(#""tool_choice":"auto""#) })
    }

    /// `json_schema: false` of a model says the same beforehand, whoever its provider is.
    @Test func modelsOfWhichItIsKnown() async throws {
        let server = try TinyServer(answer("200 OK", "text/event-stream", Vendor.openAI.stream(Script(text: ["{}"]))))
        try await base.with(.openAI, server) { provider in
            let router = ModelRouter(
                providers: [provider],
                routes: [],
                profiles: ["up/weak": ModelProfile(name: "up/weak", writesJSONSchema: false)]
            )
            for name in ["up/weak", "up/other"] {
                let route = try #require(router.route(named: name))
                _ = try await router.start(base.call(parameters: Self.format), on: route, standIn: false)
            }
        }
        expectDescribed(try body(server.requests[0]))
        #expect(try body(server.requests[1])["response_format"]?["type"] == "json_schema")
    }
}
