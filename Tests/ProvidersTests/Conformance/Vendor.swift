// The protocols that every conformance test is run over, each with a server that speaks it strictly.

import HTTPTransport
import Identity
import JSON
import OpenAIProtocol
import Support
import Testing

@testable import Providers

/// What a model says, in the form of no vendor.
struct Script: Sendable {
    struct Call: Sendable {
        var name: String
        var arguments: String
    }

    enum Finish: Sendable {
        case stop, length, calls, filtered
    }

    var reasoning = ""
    /// Pieces of the text.
    var text: [String] = []
    var calls: [Call] = []
    var finish = Finish.stop
    /// Prompt 20 of which 5 cached, completion 9 of which 3 reasoning.
    static let usage = Usage(promptTokens: 20, completionTokens: 9, cachedTokens: 5, reasoningTokens: 3)
}

enum Vendor: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case openAI, azure, azureV1, anthropic, gemini

    var testDescription: String { rawValue }
    static let key = "secret-key-of-the-gateway"

    func provider(port: Int, client: HTTPClient) -> any ModelProvider {
        let base = "http://127.0.0.1:\(port)"
        let key = Secret(Self.key)
        return switch self {
        case .openAI:
            OpenAICompatibleProvider(
                configuration: .init(name: "up", baseURL: base + "/v1", apiKey: key),
                client: client
            )
        case .azure:
            AzureOpenAIProvider(
                configuration: .init(name: "up", baseURL: base, apiKey: key),
                apiVersion: "2024-10-21",
                deployments: ["m": "my dep"],
                client: client
            )
        case .azureV1:
            AzureOpenAIProvider(
                configuration: .init(name: "up", baseURL: base + "/openai/v1/", apiKey: key),
                keyHeader: .bearer,
                client: client
            )
        case .anthropic:
            AnthropicProvider(configuration: .init(name: "up", baseURL: base, apiKey: key), client: client)
        case .gemini:
            GeminiProvider(configuration: .init(name: "up", baseURL: base + "/", apiKey: key), client: client)
        }
    }

    /// The request line and key header that the vendor expects.
    func addressing(stream: Bool) -> (line: String, key: String) {
        switch self {
        case .openAI: ("POST /v1/chat/completions HTTP/1.1", "authorization: bearer \(Self.key)")
        case .azure:
            (
                "POST /openai/deployments/my%20dep/chat/completions?api-version=2024-10-21 HTTP/1.1",
                "api-key: \(Self.key)"
            )
        case .azureV1: ("POST /openai/v1/chat/completions HTTP/1.1", "authorization: bearer \(Self.key)")
        case .anthropic: ("POST /v1/messages HTTP/1.1", "x-api-key: \(Self.key)")
        case .gemini:
            (
                "POST /v1beta/models/m:\(stream ? "streamGenerateContent?alt=sse" : "generateContent") HTTP/1.1",
                "x-goog-api-key: \(Self.key)"
            )
        }
    }

    /// A server that checks each request as the vendor would and answers with the script.
    func server(_ script: Script) throws -> TinyServer {
        try TinyServer { request in
            if let fault = self.fault(in: request) { return self.error(400, fault) }
            let isStream = request.contains("\"stream\":true") || request.contains("streamGenerateContent")
            return isStream
                ? answer("200 OK", "text/event-stream", self.stream(script))
                : answer("200 OK", "application/json", self.whole(script))
        }
    }

    private func fault(in request: String) -> String? {
        let parts = request.split(separator: "\r\n\r\n", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let body = try? JSONValue(parsing: String(parts[1])) else { return "no JSON" }
        let isStream = body["stream"] == true || request.contains("streamGenerateContent")
        let expected = addressing(stream: isStream)
        guard request.hasPrefix(expected.line + "\r\n") else { return "wrong line \(request.prefix(120))" }
        guard parts[0].lowercased().contains("\r\n" + expected.key) else { return "no key" }
        switch self {
        case .anthropic:
            guard parts[0].lowercased().contains("anthropic-version: 2023-06-01") else { return "no version" }
            return AnthropicRules.fault(in: body)
        case .gemini: return GeminiRules.fault(in: body)
        default: return OpenAIRules.fault(in: body)
        }
    }

    /// An error answer in the vendor's form.
    func error(_ status: Int, _ message: String, headers: String = "") -> String {
        answer("\(status) No", "application/json", errorBody(status, message), headers)
    }

    func errorBody(_ status: Int, _ message: String) -> String {
        let text = JSONValue.string(message).text
        switch self {
        case .openAI, .azure, .azureV1:
            return #"{"error":{"message":\#(text),"type":"t","param":null,"code":null}}"#
        case .anthropic:
            let types = [
                400: "invalid_request_error", 401: "authentication_error", 404: "not_found_error",
                429: "rate_limit_error", 500: "api_error", 529: "overloaded_error", 503: "overloaded_error",
            ]
            return #"{"type":"error","error":{"type":"\#(types[status] ?? "api_error")","message":\#(text)}}"#
        case .gemini:
            let words = [
                400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 404: "NOT_FOUND", 429: "RESOURCE_EXHAUSTED",
                500: "INTERNAL", 503: "UNAVAILABLE", 529: "UNAVAILABLE",
            ]
            return #"{"error":{"code":\#(status),"message":\#(text),"status":"\#(words[status] ?? "UNKNOWN")"}}"#
        }
    }

    /// The same error as an event inside a stream.
    func errorEvent(_ status: Int, _ message: String) -> String {
        let body = errorBody(status, message)
        return self == .anthropic ? "event: error\ndata: \(body)\n\n" : "data: \(body)\n\n"
    }
}
