// Answers of tens of thousands of pieces that no name comes for, or that wait for a call that never ends.

import Conversation
import JSON
import OpenAIProtocol
import Testing

@testable import Gateway

@Suite struct HostileAnswerTests {
    private static let pieces = 100_000
    private static let piece = JSONText(escaping: String(repeating: " ", count: 100))

    private func piece(_ name: String? = nil, index: Int = 0) -> ModelDelta {
        ModelDelta(toolCalls: [ToolCallDelta(index: index, name: name, arguments: Self.piece)])
    }

    /// With a copy of what has come for each piece this would be hundreds of gigabytes.
    @Test(.timeLimit(.minutes(1))) func aNameThatComesLateInResponses() throws {
        var builder = OutputBuilder(token: "t")
        for _ in 0..<Self.pieces { #expect(builder.take(piece()).isEmpty) }
        _ = builder.take(piece("f"))
        #expect(builder.items.first?.arguments.count == (Self.pieces + 1) * 100)
        #expect(!builder.isOverfull)
    }

    @Test(.timeLimit(.minutes(1))) func aNameThatComesLateInMessages() throws {
        var blocks = MessageBlocks()
        for _ in 0..<Self.pieces { #expect(blocks.take(.delta(piece()), showSteps: false).isEmpty) }
        let actions = blocks.take(.delta(piece("f")), showSteps: false)
        guard case .more(let text) = actions.last else { throw Missing() }
        #expect(text.count == (Self.pieces + 1) * 100)
    }

    /// Text and other calls wait for a call's end: as many bytes of them as an answer may have.
    @Test func whatWaitsIsBounded() async throws {
        var blocks = MessageBlocks()
        _ = blocks.take(.delta(piece("f")), showSteps: false)
        let text = ModelDelta(content: JSONText(escaping: String(repeating: "x", count: 1 << 20)))
        for _ in 0..<15 { #expect(blocks.take(.delta(text), showSteps: false).isEmpty) }
        #expect(!blocks.isOverfull)
        _ = blocks.take(.delta(text), showSteps: false)
        #expect(blocks.isOverfull)
        let sink = MessageSink(showSteps: false)
        let flood = [TurnEvent.delta(piece("f"))] + (0..<17).map { _ in TurnEvent.delta(text) }
        let error = await #expect(throws: OpenAIError.self) { try await sink.send(flood) }
        #expect(error?.status == 502)
        // What can be shown does not wait.
        var ended = MessageBlocks()
        let whole = ToolCallDelta(index: 0, id: "a", name: "f", arguments: JSONText(escaping: "{}"))
        _ = ended.take(.delta(ModelDelta(toolCalls: [whole])), showSteps: false)
        for _ in 0..<20 { _ = ended.take(.delta(text), showSteps: false) }
        #expect(!ended.isOverfull)
    }

    private struct Missing: Error {}
}
