// A whole message, collected from blocks and written in one piece.

import JSON
import OpenAIProtocol

/// Collects what `MessageEncoder` would stream.
struct MessageBody {
    private var blocks: [(kind: MessageBlocks.Kind, text: JSONText)] = []

    mutating func take(_ actions: [MessageBlocks.Action]) {
        for action in actions {
            switch action {
            case .open(let kind): blocks.append((kind, JSONText()))
            case .more(let text): blocks[blocks.count - 1].text.append(text)
            case .close: break
            }
        }
    }

    func bytes(identity: MessageIdentity, stop: MessageStop, usage: Usage) -> [UInt8] {
        var writer = JSONWriter(capacity: 400 + blocks.reduce(0) { $0 + $1.text.count })
        writer.beginObject()
        identity.write(into: &writer)
        writer.key("content")
        writer.beginArray()
        for (kind, text) in blocks {
            if case .call = kind {
                kind.write(input: Self.input(text), text: JSONText(), into: &writer)
            } else {
                kind.write(input: [], text: text, into: &writer)
            }
        }
        writer.endArray()
        MessageStop.write(stop, into: &writer)
        writer.key("usage")
        usage.writeAnthropic(into: &writer)
        writer.endObject()
        return writer.bytes
    }

    /// The object of an arguments text. What is not one, cut off by `max_tokens` for instance, is kept to be seen.
    private static func input(_ text: JSONText) -> [UInt8] {
        let decoded = text.decoded
        let bytes = Array(decoded.utf8)
        if bytes.allSatisfy({ [0x20, 0x09, 0x0A, 0x0D].contains($0) }) { return Array("{}".utf8) }
        if let document = try? JSONDocument(parsing: bytes), document.root.kind == .object { return bytes }
        return JSONValue.object(["arguments": .string(decoded)]).bytes
    }
}
