// One round split into what is ours and what is the client's.

import JSON
import OpenAIProtocol
import Providers
import Testing

@testable import Conversation

@Suite struct RoundReaderTests {
    /// What goes out for these events.
    private func read(_ events: [ModelEvent], _ reader: inout RoundReader) -> [ModelDelta] {
        events.compactMap { event in
            guard case .delta(let delta)? = reader.take(event) else { return nil }
            return delta
        }
    }

    @Test func textPassesAndIsKept() {
        var reader = RoundReader(clientTools: [])
        let out = read(
            [
                said("a"), .delta(ModelDelta(content: JSONText(escaping: "b"), reasoning: JSONText(escaping: "r"))),
                .delta(ModelDelta(refusal: JSONText(escaping: "n"), extraDelta: Array("\"x\":1".utf8))),
                finished(.length),
            ],
            &reader
        )
        #expect(out.count == 3)
        #expect(out.allSatisfy { $0.finish == nil })
        #expect(reader.content.decoded == "ab")
        #expect(reader.reasoning.decoded == "r")
        #expect(reader.finish == .length)
        #expect(reader.writtenBytes == 3)
    }

    @Test func ourCallsStayInside() {
        var reader = RoundReader(clientTools: ["theirs"])
        let out = read([called(0, "a", "look", "{"), called(0, "a", "", "}"), called(1, "b", "unknown")], &reader)
        #expect(out.isEmpty)
        #expect(reader.gatewayCalls.map(\.name) == ["look", "unknown"])
        #expect(reader.gatewayCalls.first?.arguments.decoded == "{}")
        #expect(reader.callsOfClient.isEmpty)
        #expect(reader.writtenBytes == 4)
    }

    @Test func theClientsCallsAreNumberedFromZero() {
        var reader = RoundReader(clientTools: ["theirs"])
        let out = read(
            [
                called(3, "a", "look"), called(5, "b", "theirs", "{\"x\""), called(7, "c", "theirs", "{}"),
                called(5, "b", "", ":1}"),
            ],
            &reader
        )
        let pieces = out.flatMap(\.toolCalls)
        #expect(pieces.map(\.index) == [0, 1, 0])
        #expect(pieces.map { $0.id != nil } == [true, true, false])
        #expect(pieces.map(\.name) == ["theirs", "theirs", nil])
        #expect(pieces.prefix(2).map(\.id) == reader.callsOfClient.map(\.id))
        #expect(reader.calls.map(\.name) == ["look", "theirs", "theirs"])
        #expect(reader.callsOfClient.map(\.arguments.decoded) == ["{\"x\":1}", "{}"])
        #expect(reader.gatewayCalls.map(\.name) == ["look"])
    }

    /// Upstreams number calls anew in each answer (`call_0`); an id that a client comes back with must be nobody else's.
    @Test func idsAreOurOwn() {
        var ids: Set<String> = []
        for _ in 0..<100 {
            var reader = RoundReader(clientTools: ["theirs"])
            _ = read([called(0, "call_0", "theirs"), called(1, "call_1", "look")], &reader)
            ids.formUnion(reader.calls.map(\.id))
        }
        #expect(ids.count == 200)
        #expect(ids.isDisjoint(with: ["call_0", "call_1"]))
    }

    @Test func aFloodIsNoticed() {
        var reader = RoundReader(clientTools: [])
        for index in 0..<128 { _ = reader.take(called(index, "\(index)", "look")) }
        #expect(!reader.isOverfull)
        _ = reader.take(called(128, "128", "look"))
        #expect(reader.isOverfull)
    }

    @Test func aNameThatComesLateHoldsThePiecesBack() {
        var reader = RoundReader(clientTools: ["theirs"])
        let early = read([called(0, "a", "", "{\"x\"")], &reader)
        #expect(early.isEmpty)
        let late = read([called(0, "a", "theirs", ":1"), called(0, "a", "", "}")], &reader).flatMap(\.toolCalls)
        #expect(late.map(\.id) == [reader.calls.first?.id, nil])
        #expect(late.map(\.name) == ["theirs", nil])
        #expect(late.map(\.arguments.decoded) == ["{\"x\":1", "}"])
    }

    /// A copy of what waits for each piece would be tens of thousands of millions of them.
    @Test(.timeLimit(.minutes(1))) func aNameThatComesAfterTwoHundredThousandPieces() {
        var reader = RoundReader(clientTools: ["theirs"])
        for _ in 0..<200_000 { _ = reader.take(called(0, "a", "", " ")) }
        let late = read([called(0, "a", "theirs", "{}")], &reader).flatMap(\.toolCalls)
        #expect(late.map(\.arguments.count) == [200_002])
    }

    @Test func aCallWithoutANameIsOursToRefuse() {
        var reader = RoundReader(clientTools: ["theirs"])
        #expect(read([called(0, "a", "", "{}")], &reader).isEmpty)
        #expect(reader.gatewayCalls.map(\.name) == [""])
    }

    @Test func textBesideACallStillPasses() {
        var reader = RoundReader(clientTools: [])
        let out = read(
            [
                .delta(
                    ModelDelta(
                        content: JSONText(escaping: "x"),
                        toolCalls: [ToolCallDelta(index: 0, id: "a", name: "look")]
                    )
                )
            ],
            &reader
        )
        #expect(out.map { $0.content?.decoded } == ["x"])
        #expect(out.allSatisfy { $0.toolCalls.isEmpty })
    }

    @Test func otherChoicesAreDropped() {
        var reader = RoundReader(clientTools: [])
        #expect(read([.delta(ModelDelta(choice: 1, content: JSONText(escaping: "x")))], &reader).isEmpty)
        #expect(reader.content.isEmpty)
    }

    @Test func theLastUsageAndTheFirstFinishCount() {
        var reader = RoundReader(clientTools: [])
        _ = read([counted(1, 1), finished(.toolCalls), finished(.stop), counted(5, 6)], &reader)
        #expect(reader.usage == Usage(promptTokens: 5, completionTokens: 6))
        #expect(reader.finish == .toolCalls)
    }
}
