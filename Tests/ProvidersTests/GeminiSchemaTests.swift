// Schemas with references, which Gemini does not know: what becomes of those that lead back, and of those that explode.

import JSON
import Testing

@testable import Providers

@Suite(.timeLimit(.minutes(10))) struct GeminiSchemaTests {
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

    /// Each at every depth would be 2^24 schemas, or 3^24.
    @Test(arguments: [["left", "right"], ["a", "b", "c"]]) func aTreeEndsAfterThreeLevels(_ names: [String]) throws {
        var node: JSONValue = ["type": "object"]
        for _ in 0..<3 {
            var properties: JSONObject = ["v": ["type": "string"]]
            for name in names { properties[name] = node }
            node = ["type": "object", "properties": .object(properties)]
        }
        #expect(try cleaned(tree(names)) == node)
    }

    /// What is no object does not become one where its recursion ends.
    @Test(arguments: ["anyOf", "oneOf"]) func aRecursionKeepsItsType(_ word: String) throws {
        let schema = ##"""
            {"type":"object","properties":{"v":{"$ref":"#/$defs/v","description":"any depth"}},"$defs":{
             "v":{"\##(word)":[{"type":"string"},{"$ref":"#/$defs/list"}]},
             "list":{"type":["array","null"],"items":{"$ref":"#/$defs/v"}}}}
            """##
        let root = try cleaned(schema)["properties"]?["v"]
        #expect(root?["description"] == "any depth")
        var value = root
        for _ in 0..<3 {
            #expect(value?["anyOf"]?[0] == ["type": "string"])
            #expect(value?["anyOf"]?[1]?["type"] == "array")
            #expect(value?["anyOf"]?[1]?["nullable"] == true)
            value = value?["anyOf"]?[1]?["items"]
        }
        #expect(
            value == [
                "anyOf": [["type": "string"], ["nullable": true, "type": "array", "items": ["type": "string"]]]
            ]
        )
    }

    /// Followed three times each would be half a million: then once must do.
    @Test func manyThatLeadToOneAnother() throws {
        let names = ["a", "b", "c", "d"]
        let members = names.map { ##""\##($0)":{"$ref":"#/$defs/\##($0)"}"## }.joined(separator: ",")
        let all = names.map { #""\#($0)":{"type":"object","properties":{\#(members)}}"# }.joined(separator: ",")
        let root = try cleaned(#"{"type":"object","properties":{\#(members)},"$defs":{\#(all)}}"#)["properties"]
        #expect(root?["a"]?["properties"]?["a"] == ["type": "object"])
        #expect(root?["a"]?["properties"]?["b"]?["properties"]?["c"]?["properties"]?["d"]?["properties"] != nil)
    }

    @Test func theWholeSchemaCanLeadBackToo() throws {
        let schema =
            ##"{"type":"object","properties":{"all":{"type":"array","items":{"$ref":"#"}},"one":{"$ref":"#"}}}"##
        var whole: JSONValue = ["type": "object"]
        for _ in 0..<3 {
            whole = ["type": "object", "properties": ["all": ["type": "array", "items": whole], "one": whole]]
        }
        #expect(try cleaned(schema) == whole)
    }

    @Test func twoThatLeadToEachOther() throws {
        let schema = ##"""
            {"type":"object","properties":{"a":{"$ref":"#/$defs/a"},"b":{"$ref":"#/$defs/b"}},"$defs":{
             "a":{"type":"object","properties":{"b1":{"$ref":"#/$defs/b"},"b2":{"$ref":"#/$defs/b"}}},
             "b":{"type":"object","properties":{"a1":{"$ref":"#/$defs/a"},"a2":{"anyOf":[{"$ref":"#/$defs/a"},{"type":"null"}]}}}}}
            """##
        var value = try cleaned(schema)["properties"]?["a"]
        for _ in 0..<3 {
            value = value?["properties"]?["b2"]
            #expect(value?["properties"]?["a2"]?["nullable"] == true)
            value = value?["properties"]?["a1"]
        }
        #expect(value == ["type": "object"])
    }

    /// Parts that share one lead nowhere back either; what they have inside does.
    @Test func theSameOneInTwoParts() throws {
        let schema = ##"""
            {"allOf":[{"allOf":[{"$ref":"#/$defs/base"},{"properties":{"x":{"type":"string"}}}]},
                      {"title":"t","allOf":[{"$ref":"#/$defs/base"},{"required":["x"]}]}],
             "$defs":{"base":{"type":"object","required":["n"],
              "properties":{"n":{"type":"string"},"more":{"allOf":[{"$ref":"#/$defs/base"}]}}}}}
            """##
        let root = try cleaned(schema)
        #expect(root["title"] == "t")
        #expect(root["required"] == ["n", "n", "x"])
        #expect(root["properties"]?["x"] == ["type": "string"])
        let more = root["properties"]?["more"]
        #expect(more?["properties"]?["more"]?["properties"]?["more"] == ["type": "object"])
        // A part without a type of its own: what the shared one says must not depend on who comes first.
        let second =
            ##"{"allOf":[{"$ref":"#/$defs/a"},{"$ref":"#/$defs/b"}],"$defs":{"a":{"allOf":[{"$ref":"#/$defs/c"}]},"##
            + ##""b":{"$ref":"#/$defs/c","description":"of b"},"c":{"type":"string"}}}"##
        #expect(try cleaned(second) == ["type": "string", "description": "of b"])
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

    /// Many parts, each of which makes the whole larger.
    private static func parts(_ part: String) -> String {
        #"{"type":"object","allOf":[\#(Array(repeating: "{\(part)}", count: 10_000).joined(separator: ","))]}"#
    }

    static let exploding = [
        "doubling": doubling,
        "descriptions": repeated(#""description":"\#(String(repeating: "x", count: 10_000))""#),
        "enumerations": repeated(#""enum":["\#(String(repeating: "x", count: 10_000))"]"#),
        "lists": repeated(#""required":[\#(Array(repeating: "1", count: 10_000).joined(separator: ","))]"#),
        "parts with names": parts(#""required":[\#(Array(repeating: "1", count: 50).joined(separator: ","))]"#),
        "parts with properties": parts(
            #""properties":{\#((0..<50).map { #""\#($0)":true"# }.joined(separator: ","))}"#
        ),
    ]

    @Test(arguments: exploding.keys.sorted()) func whatStandsForTooMuchIsRefused(_ name: String) async throws {
        let schema = try #require(Self.exploding[name])
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
                #expect(failure?.message.contains("references") == schema.contains("$ref"))
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
