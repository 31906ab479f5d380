// Takes the words out of `{"answer":"…"}` while it is being written.

import JSON

/// What a model says that may call or answer, but only in JSON. Servers that do not hold it to that are no reason to fail:
/// what does not begin as such an answer is passed on as it is.
struct AnswerUnwrapper: Sendable {
    enum Piece: Sendable, Hashable {
        /// Words of the answer.
        case answer(JSONText)
        /// Anything else, to be read for calls.
        case other(String)
    }

    private enum Place {
        case before, inside, behind, elsewhere
    }

    private var place = Place.before
    private var held: [UInt8] = []
    /// White space before the answer, at most.
    private static let longestStart = 256
    private static let tokens = ["{", "\"\(CallSchema.answer)\"", ":", "\""].map { Array($0.utf8) }

    mutating func take(_ text: String) -> [Piece] {
        held.append(contentsOf: text.utf8)
        var pieces: [Piece] = []
        if place == .before { findStart() }
        if place == .inside { readAnswer(into: &pieces) }
        if place == .behind { readEnd() }
        if place == .elsewhere, !held.isEmpty {
            pieces.append(.other(String(decoding: held, as: UTF8.self)))
            held = []
        }
        return pieces
    }

    /// What is held at the end.
    mutating func end() -> [Piece] {
        // Half an escape is nothing.
        if place == .before { place = .elsewhere }
        return place == .elsewhere ? take("") : []
    }

    private mutating func findStart() {
        var position = 0
        for token in Self.tokens {
            while position < held.count, held[position].isWhiteSpace { position += 1 }
            for byte in token {
                if position >= held.count {
                    if held.count > Self.longestStart { place = .elsewhere }
                    return
                }
                guard held[position] == byte else {
                    place = .elsewhere
                    return
                }
                position += 1
            }
        }
        held.removeFirst(position)
        place = .inside
    }

    /// The content of a string is escaped as ours must be.
    private mutating func readAnswer(into pieces: inout [Piece]) {
        var text = JSONText()
        var position = 0
        reading: while position < held.count {
            let byte = held[position]
            switch byte {
            case 0x22:
                place = .behind
                position += 1
                break reading
            case 0x5C:
                guard position + 1 < held.count else { break reading }
                let length = held[position + 1] == 0x75 ? 6 : 2
                guard position + length <= held.count else { break reading }
                let escape = held[position..<(position + length)]
                // Bound to a schema or not, models write what is no escape.
                if let whole = JSONText(content: escape) {
                    text.append(whole)
                    position += length
                } else {
                    text.append(JSONText(escaping: "\\"))
                    position += 1
                }
            case 0..<0x20:
                text.append(JSONText(escaping: String(Unicode.Scalar(byte))))
                position += 1
            default:
                text.bytes.append(byte)
                position += 1
            }
        }
        held.removeFirst(position)
        if !text.isEmpty { pieces.append(.answer(text)) }
    }

    /// Passes over the brace and white space around it.
    private mutating func readEnd() {
        held.removeFirst(held.prefix { $0.isWhiteSpace || $0 == 0x7D }.count)
        if !held.isEmpty { place = .elsewhere }
    }
}
