// Names of tools that OpenAI and Azure refuse, told to them as others and heard back as they were.

import JSON
import OpenAIProtocol
import Testing

@testable import Providers

@Suite(.timeLimit(.minutes(1))) struct ToolNameTests {
    private let base = ConformanceTests()
    /// As long as Anthropic's clients may name them, alike for longer than OpenAI reads.
    private static let long = ["one", "two"].map { String(repeating: "mcp__server__", count: 9) + $0 }
    private static let names = long + ["db.query", "now"]
    private static let spoken = [
        #"{"role":"user","content":"mcp__server__ é"}"#,
        #"{"role":"assistant","content":null,"tool_calls":[{"id":"a","type":"function","function":{"name":"\#(long[0])","arguments":"{}"}},{"id":"b","type":"function","function":{"arguments":"{}","name":"old.one"}}]},{"role":"tool","tool_call_id":"a","name":"\#(long[0])","content":"1"}"#,
        #"{"role":"tool","tool_call_id":"b","content":"2"}"#,
    ]

    private func body(_ request: String) throws -> JSONValue {
        try JSONValue(parsing: String(try #require(request.split(separator: "\r\n\r\n", maxSplits: 1).last)))
    }

    /// Refuses what the vendor would, and calls all tools that it was told of.
    private func server(_ vendor: Vendor) throws -> TinyServer {
        try TinyServer { request in
            guard let body = try? body(request) else { return vendor.error(400, "no JSON") }
            if let fault = OpenAIRules.fault(in: body) { return vendor.error(400, fault) }
            let told = body["tools"]?.array?.compactMap { $0["function"]?["name"]?.string } ?? []
            let script = Script(text: ["a"], calls: told.map { .init(name: $0, arguments: "{}") })
            return body["stream"] == true
                ? answer("200 OK", "text/event-stream", vendor.stream(script))
                : answer("200 OK", "application/json", vendor.whole(script))
        }
    }

    private static let choices: [(JSONValue, @Sendable (JSONValue) -> JSONValue?)] = [
        (["type": "function", "function": ["name": .string(long[1])]], { $0["function"]?["name"] }),
        (
            [
                "type": "allowed_tools",
                "allowed_tools": [
                    "mode": "auto", "tools": [["type": "function", "function": ["name": .string(long[1])]]],
                ],
            ], { $0["allowed_tools"]?["tools"]?[0]?["function"]?["name"] }
        ),
    ]

    @Test(arguments: [Vendor.openAI, .azure, .azureV1], [true, false])
    func namesGoThereAndComeBack(_ vendor: Vendor, _ stream: Bool) async throws {
        for (choice, named) in Self.choices {
            let server = try server(vendor)
            let tools = Self.names.map { #"{"type":"function", "function":{"description":"é","name":"\#($0)"}}"# }
            let heard = try await base.with(vendor, server) {
                try await base.hear($0, base.call(Self.spoken, stream: stream, tools: tools, choice: choice))
            }
            #expect(heard.calls == Self.names.map { $0 + "({})" })
            #expect(server.requests.count == 1)
            let body = try body(try #require(server.requests.last))
            let told = body["tools"]?.array?.compactMap { $0["function"]?["name"] } ?? []
            #expect(Set(told).count == 4)
            #expect(body["tool_choice"].flatMap(named) == told[1])
            let calls = body["messages"]?[1]?["tool_calls"]
            #expect(calls?[0]?["function"]?["name"] == told[0] && calls?[1]?["function"]?["name"] == "old_one")
            #expect(body["messages"]?[2]?["name"] == told[0])
            // What else there is stays as it came.
            #expect(body["messages"]?[0]?["content"] == "mcp__server__ é")
            #expect(server.requests[0].contains(tools[3]))
        }
    }

    /// Where no tool is offered any more, nobody looks for earlier calls before the server does.
    @Test(arguments: [Vendor.openAI, .azure]) func namesOfEarlierCalls(_ vendor: Vendor) async throws {
        let server = try server(vendor)
        let heard = try await base.with(vendor, server) { try await base.hear($0, base.call(Self.spoken)) }
        #expect(heard.content == "a")
        #expect(server.requests.count == 2)
    }
}
