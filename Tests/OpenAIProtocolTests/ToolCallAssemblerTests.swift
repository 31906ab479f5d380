// Tool calls in the dialects of upstreams, put together and renumbered (`gateways.md` (c) 19, 20).

import JSON
import OpenAIProtocol
import Testing

@Suite struct ToolCallAssemblerTests {
    private struct Piece {
        var index: Int
        var id: String?
        var name: String?
        var arguments: String
    }

    /// Feeds the pieces and checks what every dialect must come out as: contiguous indexes, id and name once.
    private func assemble(_ pieces: [Piece]) -> [ToolCall] {
        var assembler = ToolCallAssembler()
        var opened: [Int: String] = [:]
        var rebuilt: [Int: String] = [:]
        for piece in pieces {
            let out = assembler.take(
                ToolCallDelta(
                    index: piece.index,
                    id: piece.id,
                    name: piece.name,
                    arguments: JSONText(escaping: piece.arguments)
                )
            )
            if let id = out.id {
                #expect(out.index == opened.count)
                #expect(opened.updateValue(id, forKey: out.index) == nil)
            } else {
                #expect(opened[out.index] != nil)
            }
            rebuilt[out.index, default: ""] += out.arguments.decoded
        }
        let calls = assembler.finished
        #expect(calls.indices.map { rebuilt[$0] } == calls.map(\.arguments.decoded))
        #expect(Set(calls.map(\.id)).count == calls.count)
        #expect(assembler.isEmpty == pieces.isEmpty)
        return calls
    }

    @Test func openAI() {
        let calls = assemble([
            Piece(index: 0, id: "a", name: "f", arguments: ""), Piece(index: 0, arguments: "{\"x\""),
            Piece(index: 1, id: "b", name: "g", arguments: ""), Piece(index: 0, arguments: ":1}"),
            Piece(index: 1, arguments: "{}"),
        ])
        #expect(calls.map(\.id) == ["a", "b"])
        #expect(calls.map(\.arguments.decoded) == ["{\"x\":1}", "{}"])
    }

    @Test func numberedFromOne() {
        let calls = assemble([
            Piece(index: 1, id: "a", name: "f", arguments: "{}"), Piece(index: 2, id: "b", name: "g", arguments: "{}"),
        ])
        #expect(calls.map(\.name) == ["f", "g"])
    }

    @Test func everyIndexIsZero() {
        let calls = assemble([
            Piece(index: 0, id: "a", name: "f", arguments: "{}"),
            Piece(index: 0, id: "b", name: "f", arguments: "{\"x\""),
            Piece(index: 0, id: "b", arguments: ":1}"),
        ])
        #expect(calls.map(\.arguments.decoded) == ["{}", "{\"x\":1}"])
    }

    @Test func everyIndexIsZeroAndTheOpeningIsEmpty() {
        let calls = assemble([
            Piece(index: 0, id: "a", name: "f", arguments: ""), Piece(index: 0, arguments: "{}"),
            Piece(index: 0, id: "b", name: "g", arguments: ""), Piece(index: 0, id: "c", name: "f", arguments: ""),
            Piece(index: 0, id: "c", arguments: "{\"x\":1}"),
        ])
        #expect(calls.map(\.name) == ["f", "g", "f"])
        #expect(calls.map(\.arguments.decoded) == ["{}", "", "{\"x\":1}"])
    }

    @Test(arguments: [nil, ""] as [String?]) func everyIndexIsZeroAndNoIDs(_ id: String?) {
        let calls = assemble([
            Piece(index: 0, id: id, name: "f", arguments: "{\"x\":1}"),
            Piece(index: 0, id: id, name: "f", arguments: "{\"x\":2}"),
            Piece(index: 0, id: id, name: "g", arguments: "{}"),
        ])
        #expect(calls.map(\.arguments.decoded) == ["{\"x\":1}", "{\"x\":2}", "{}"])
        #expect(calls.allSatisfy { $0.id.hasPrefix("call_") && $0.id.count == 29 })
    }

    @Test func idAndNameRepeatedWithEachPiece() {
        let calls = assemble([
            Piece(index: 0, id: "a", name: "f", arguments: "{"), Piece(index: 0, id: "a", name: "f", arguments: "}"),
        ])
        #expect(calls.map(\.arguments.decoded) == ["{}"])
    }

    @Test func nameRepeatedWithoutID() {
        let calls = assemble([
            Piece(index: 0, name: "f", arguments: "{\"x\""), Piece(index: 0, name: "f", arguments: ":1}"),
            Piece(index: 0, name: "f", arguments: ""),
        ])
        #expect(calls.map(\.arguments.decoded) == ["{\"x\":1}"])
    }

    @Test func aNewIDWithEachPiece() {
        let calls = assemble([
            Piece(index: 0, id: "a", name: "f", arguments: "{"), Piece(index: 0, id: "b", arguments: "\"x\":"),
            Piece(index: 0, id: "c", name: "", arguments: "1}"),
        ])
        #expect(calls.map(\.id) == ["a"])
        #expect(calls.map(\.arguments.decoded) == ["{\"x\":1}"])
    }

    @Test func oneIDForSeveralCalls() {
        let calls = assemble([
            Piece(index: 0, id: "x", name: "f", arguments: "{}"), Piece(index: 1, id: "x", name: "g", arguments: "{"),
            Piece(index: 1, id: "x", arguments: "}"),
        ])
        #expect(calls.map(\.name) == ["f", "g"])
        #expect(calls.map(\.arguments.decoded) == ["{}", "{}"])
    }

    @Test func theIndexCountsThePieces() {
        let calls = assemble([
            Piece(index: 0, id: "a", name: "f", arguments: "{"), Piece(index: 1, id: "a", arguments: "}"),
        ])
        #expect(calls.map(\.arguments.decoded) == ["{}"])
    }

    @Test func theNameComesLate() {
        var assembler = ToolCallAssembler()
        let first = assembler.take(ToolCallDelta(index: 0, id: "a"))
        let second = assembler.take(ToolCallDelta(index: 0, name: "f", arguments: JSONText(escaping: "{}")))
        #expect(first.id == "a" && second.id == nil && second.name == "f")
        #expect(assembler.finished.map(\.name) == ["f"])
    }

    @Test func fragmentsOfAnEscapeStayTogether() {
        var assembler = ToolCallAssembler()
        var first = JSONText()
        first.bytes = Array("{\\\"caf\\u00".utf8)
        var second = JSONText()
        second.bytes = Array("e9\\\":1}".utf8)
        _ = assembler.take(ToolCallDelta(index: 0, id: "a", name: "f", arguments: first))
        _ = assembler.take(ToolCallDelta(index: 0, arguments: second))
        #expect(assembler.finished.first?.arguments.decoded == "{\"café\":1}")
    }

    /// Each piece repeats the name, so that each asks whether the arguments before it are complete.
    @Test(.timeLimit(.minutes(1))) func nameRepeatedWithFiftyThousandPieces() {
        var assembler = ToolCallAssembler()
        func take(_ arguments: String) {
            _ = assembler.take(ToolCallDelta(index: 0, name: "f", arguments: JSONText(escaping: arguments)))
        }
        take("[")
        for _ in 0..<50_000 { take("{\"a\":\"]\"},") }
        take("1]")
        #expect(assembler.finished.count == 1)
        take("null")
        take("[]")
        #expect(assembler.finished.map(\.arguments.count).dropFirst() == [4, 2])
    }

    @Test(.timeLimit(.minutes(1))) func aFloodEndsEarly() {
        var assembler = ToolCallAssembler()
        for index in 0..<200_000 { _ = assembler.take(ToolCallDelta(index: index, id: "call-\(index)")) }
        #expect(assembler.isOverfull)
        #expect(assembler.finished.count == ToolCallAssembler.maximumCalls + 1)
        var large = ToolCallAssembler()
        let megabyte = JSONText(escaping: String(repeating: "x", count: 1 << 20))
        for _ in 0..<16 { _ = large.take(ToolCallDelta(index: 0, id: "a", name: "f", arguments: megabyte)) }
        #expect(!large.isOverfull)
        for _ in 0..<16 { _ = large.take(ToolCallDelta(index: 0, id: "a", arguments: megabyte)) }
        #expect(large.isOverfull && large.finished.first?.arguments.count == 17 << 20)
    }
}
