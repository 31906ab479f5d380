// What the chunks of one stream have in common, so that most of them need not be parsed.

import JSON
import OpenAIProtocol

/// The bytes around the text of a chunk that said nothing else. Upstreams write chunk after chunk with the same id, time,
/// model and members: one that begins and ends with these bytes means the same, with its own text between them.
struct ChunkTemplate: Sendable {
    private let head: [UInt8]
    private let tail: [UInt8]
    private let choice: Int

    /// - Parameters:
    ///   - chunk: a chunk whose only event was text for `choice`.
    ///   - content: where the text stands in it, without its quotes.
    init(_ chunk: [UInt8], content: Range<Int>, choice: Int) {
        head = Array(chunk[..<content.lowerBound])
        tail = Array(chunk[content.upperBound...])
        self.choice = choice
    }

    /// The event of another chunk; nil when it must be parsed.
    ///
    /// The head ends with the opening quote and the tail begins with the closing one. What is between them holds neither
    /// quotes nor backslashes, so both are where they were, and the chunk's structure is the template's.
    func event(of chunk: [UInt8]) -> ModelEvent? {
        guard chunk.count >= head.count + tail.count, chunk.starts(with: head) else { return nil }
        let end = chunk.count - tail.count
        guard chunk[end...].elementsEqual(tail), let text = JSONText(plain: chunk[head.count..<end]) else { return nil }
        return .delta(ModelDelta(choice: choice, content: text))
    }
}
