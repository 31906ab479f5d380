// Schemas with references, which Gemini does not know: what becomes of those that lead back, and of those that explode.

import JSON
import Testing

@testable import Providers

@Suite(.timeLimit(.minutes(1))) struct GeminiSchemaTests {
    private let base = ConformanceTests()

    private func cleaned(_ text: String) throws -> JSONValue {
        var schemas = GeminiSchema(provider: "up")
        return try schemas.cleaned(try JSONValue(parsing: text), of: "tools", "the function f")
    }

    /// A node of a tree with so many children of its own kind.
    private func tree(_ names: [String]) -> String {
        let children = names.map { ##""\##($0)":{"$ref":"#/$defs/node"}"## }.joined(separator: ",")
        return ##"{"$ref":"#/$defs/node","$defs":{"node":{"type":"object","properties":{"v":{"type":"string"},"##
            + children + "}}}}"
    }

    /// Each once would be 2^24 schemas, or 3^24.
    @Test(arguments: [["left", "right"], ["a", "b", "c"]]) func aTreeEndsWhereItBegins(_ names: [String]) throws {
        var properties: JSONObject = ["v": ["type": "string"]]
        for name in names { properties[name] = ["type": "object"] }
        #expect(try cleaned(tree(names)) == ["type": "object", "properties": .object(properties)])
    }

    @Test func theWholeSchemaCanLeadBackToo() throws {
        let schema =
            ##"{"type":"object","properties":{"all":{"type":"array","items":{"$ref":"#"}},"one":{"$ref":"#"}}}"##
        #expect(
            try cleaned(schema)
                == [
                    "type": "object",
                    "properties": ["all": ["type": "array", "items": ["type": "object"]], "one": ["type": "object"]],
                ]
        )
    }

    @Test func twoThatLeadToEachOther() throws {
        let schema = ##"""
            {"type":"object","properties":{"a":{"$ref":"#/$defs/a"},"b":{"$ref":"#/$defs/b"}},"$defs":{
             "a":{"type":"object","properties":{"b1":{"$ref":"#/$defs/b"},"b2":{"$ref":"#/$defs/b"}}},
             "b":{"type":"object","properties":{"a1":{"$ref":"#/$defs/a"},"a2":{"anyOf":[{"$ref":"#/$defs/a"},{"type":"null"}]}}}}}
            """##
        let root = try cleaned(schema)["properties"]
        let end: JSONValue = ["type": "object"]
        #expect(root?["a"]?["properties"]?["b2"]?["properties"]?["a1"] == end)
        #expect(root?["a"]?["properties"]?["b2"]?["properties"]?["a2"] == ["nullable": true, "type": "object"])
        #expect(root?["b"]?["properties"]?["a2"]?["properties"]?["b1"] == end)
        #expect(root?["b"]?["properties"]?["a2"]?["nullable"] == true)
    }

    /// Those beside each other lead nowhere back: each is followed.
    @Test func theSameOneTwice() throws {
        let schema = ##"""
            {"type":"object","properties":{"from":{"$ref":"#/$defs/day"},"to":{"allOf":[{"$ref":"#/$defs/day"}],"title":"t"}},
             "$defs":{"day":{"type":"string","format":"date-time"}}}
            """##
        let properties = try cleaned(schema)["properties"]
        #expect(properties?["from"] == ["type": "string", "format": "date-time"])
        #expect(properties?["to"] == ["type": "string", "title": "t", "format": "date-time"])
    }

    /// Twenty definitions, each of which has the next twice: none leads back, together they are a million.
    private static let doubling: String = {
        let all = (0..<20).map {
            ##""d\##($0)":{"type":"object","properties":{"x":{"$ref":"#/$defs/d\##($0 + 1)"},"y":{"$ref":"#/$defs/d\##($0 + 1)"}}}"##
        }
        return ##"{"type":"object","properties":{"x":{"$ref":"#/$defs/d0"}},"$defs":{"d20":{"type":"string"},"##
            + all.joined(separator: ",") + "}}"
    }()

    /// One long text, or one long list, and a thousand references to it.
    private static func repeated(_ long: String) -> String {
        let all = (0..<1000).map { ##""p\##($0)":{"$ref":"#/$defs/d"}"## }.joined(separator: ",")
        return #"{"type":"object","properties":{\#(all)},"$defs":{"d":{"type":"string",\#(long)}}}"#
    }

    static let exploding = [
        doubling, repeated(#""description":"\#(String(repeating: "x", count: 10_000))""#),
        repeated(#""enum":["\#(String(repeating: "x", count: 10_000))"]"#),
        repeated(#""required":[\#(Array(repeating: "1", count: 10_000).joined(separator: ","))]"#),
    ]

    @Test(arguments: exploding) func whatStandsForTooMuchIsRefused(_ schema: String) async throws {
        let server = try Vendor.gemini.server(Script(text: ["a"]))
        let tool = #"{"type":"function","function":{"name":"grow","parameters":\#(schema)}}"#
        let format = #""response_format":{"type":"json_schema","json_schema":{"name":"n","schema":\#(schema)}}"#
        try await base.with(.gemini, server) { provider in
            for (call, field) in [
                (base.call(tools: [tool]), "tools"), (base.call(parameters: format), "response_format"),
            ] {
                let failure = await #expect(throws: ProviderFailure.self) { try await provider.start(call) }
                #expect(failure?.kind == .badRequest)
                #expect(failure?.parameter == field)
                #expect(failure?.isUnsent == true)
                #expect(failure?.message.contains("'\(field)'") == true)
            }
        }
        #expect(server.requests.isEmpty)
    }

    /// The bound is of the request: many tools cannot each have all of it.
    @Test func manyLargeOnes() throws {
        var schemas = GeminiSchema(provider: "up")
        let schema = try JSONValue(parsing: Self.repeated(#""title":"\#(String(repeating: "x", count: 500))""#))
        _ = try schemas.cleaned(schema, of: "tools", "f")
        #expect(throws: ProviderFailure.self) { _ = try schemas.cleaned(schema, of: "tools", "g") }
    }

    @Test func whatIsLargeByItselfIsTaken() throws {
        let all = (0..<2000).map { #""p\#($0)":{"type":"string","description":"The property of that number."}"# }
        let schema = #"{"type":"object","properties":{\#(all.joined(separator: ","))}}"#
        #expect(try cleaned(schema)["properties"]?.object?.count == 2000)
    }
}
