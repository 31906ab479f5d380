// Signed thoughts that come in very many pieces.

import JSON
import Testing

@testable import Providers

@Suite struct AnthropicThoughtTests {
    /// What is remembered of an answer with a thought whose signature comes in so many pieces, and with so many hidden ones.
    private func remembered(pieces: Int, hidden: Int = 0) throws -> [JSONValue]? {
        let memory = ReplayMemory()
        var reader = AnthropicReader(provider: "claude")
        reader.remembering = .init(memory: memory, prefix: 1)
        var events: [ModelEvent] = []
        func read(_ json: String) throws { try reader.read(Array(json.utf8), into: &events) }
        try read(#"{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":""}}"#)
        try read(#"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm"}}"#)
        let piece = String(repeating: "s", count: 100)
        for _ in 0..<pieces {
            try read(
                #"{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"\#(piece)"}}"#
            )
        }
        let secret = String(repeating: "x", count: 1 << 14)
        for index in 0..<hidden {
            let block = #"{"type":"redacted_thinking","data":"\#(secret)"}"#
            try read(#"{"type":"content_block_start","index":\#(index + 2),"content_block":\#(block)}"#)
        }
        try read(
            #"{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"a","name":"f","input":{}}}"#
        )
        try read(#"{"type":"content_block_stop","index":1}"#)
        try read(#"{"type":"message_delta","delta":{"stop_reason":"tool_use"}}"#)
        #expect(reader.sawFinish)
        let call = Talk.Call(id: "a", name: "f", arguments: [:])
        return memory.parts(for: ReplayMemory.key(prefix: 1, calls: [call]))
    }

    @Test func aSignatureInPiecesIsOne() throws {
        let parts = try remembered(pieces: 3)
        #expect(parts?.count == 1 && parts?[0]["thinking"] == "hm")
        #expect(parts?[0]["signature"]?.string?.utf8.count == 300)
    }

    /// With a copy of all pieces before for each it would be hundreds of gigabytes; nor is so much kept.
    @Test(.timeLimit(.minutes(1))) func aFloodIsNotKept() throws {
        #expect(try remembered(pieces: 100_000) == nil)
        #expect(try remembered(pieces: 1, hidden: 1)?.count == 2)
        #expect(try remembered(pieces: 1, hidden: 400) == nil)
    }
}
