// A reply as the events of a round: small pieces where the caller wants a stream, one piece else.

import JSON
import OpenAIProtocol

/// Cuts a reply into events.
enum OfflineEvents {
    /// Characters of a piece; lines are pieces of their own.
    static let pieceLength = 40

    static func events(_ reply: OfflineReply, stream: Bool) -> [ModelEvent] {
        var events: [ModelEvent] = []
        for choice in 0..<reply.choices {
            if !reply.text.isEmpty {
                for piece in stream ? pieces(reply.text) : [reply.text] {
                    events.append(.delta(ModelDelta(choice: choice, content: JSONText(escaping: piece))))
                }
            }
            for (index, call) in reply.calls.enumerated() {
                let delta = ToolCallDelta(
                    index: index,
                    id: call.id,
                    name: call.name,
                    arguments: JSONText(escaping: call.arguments)
                )
                events.append(.delta(ModelDelta(choice: choice, toolCalls: [delta])))
            }
            events.append(.delta(ModelDelta(choice: choice, finish: reply.finish)))
        }
        events.append(.usage(reply.usage))
        return events
    }

    /// A line or about forty characters each, cut behind a space where there is one.
    static func pieces(_ text: String) -> [String] {
        var pieces: [String] = []
        var piece = ""
        var length = 0
        for character in text {
            piece.append(character)
            length += 1
            let isEnd = character == "\n" || (length >= pieceLength && character == " ") || length >= 2 * pieceLength
            if isEnd {
                pieces.append(piece)
                (piece, length) = ("", 0)
            }
        }
        if !piece.isEmpty { pieces.append(piece) }
        return pieces
    }
}
