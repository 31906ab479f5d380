// What the chunks of one stream have in common, so that most of them need not be parsed.

import Glibc
import JSON
import OpenAIProtocol

/// The bytes around the text of a chunk that said nothing else. Upstreams write chunk after chunk with the same id, time,
/// model and members: one that begins and ends with these bytes means the same, with its own text between them.
struct ChunkTemplate: Sendable {
    private let head: [UInt8]
    private let tail: [UInt8]
    private let choice: Int
    private let isReasoning: Bool

    /// - Parameters:
    ///   - chunk: a chunk whose only event was text or reasoning for `choice`.
    ///   - text: where it stands in it, without its quotes.
    init(_ chunk: [UInt8], text: Range<Int>, choice: Int, isReasoning: Bool) {
        head = Array(chunk[..<text.lowerBound])
        tail = Array(chunk[text.upperBound...])
        self.choice = choice
        self.isReasoning = isReasoning
    }

    /// The event of another chunk; nil when it must be parsed.
    ///
    /// The head ends with the opening quote and the tail begins with the closing one. What is between them is the content
    /// of one string, to the tail's quote and not before, so the chunk's structure is the template's.
    func event(of chunk: ArraySlice<UInt8>) -> ModelEvent? {
        guard chunk.count >= head.count + tail.count else { return nil }
        let (start, end) = (chunk.startIndex + head.count, chunk.endIndex - tail.count)
        guard Self.isSame(chunk[..<start], head), Self.isSame(chunk[end...], tail),
            let text = JSONText(quoted: start..<end, in: chunk)
        else { return nil }
        return .delta(
            isReasoning ? ModelDelta(choice: choice, reasoning: text) : ModelDelta(choice: choice, content: text)
        )
    }

    /// Whether these are the same bytes; both are as many.
    private static func isSame(_ bytes: ArraySlice<UInt8>, _ other: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { left in
            other.withUnsafeBytes { right in
                // Neither is empty: there are quotes in them.
                guard let one = left.baseAddress, let two = right.baseAddress else { return false }
                return memcmp(one, two, right.count) == 0
            }
        }
    }
}
